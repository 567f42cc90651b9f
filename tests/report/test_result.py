"""The section on the result: a row for each measurement, and words where there is none."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from saddlepoint.markup import Markup
from saddlepoint.records import Aspect, Result, RunFolder
from saddlepoint.report.facts import read_facts
from saddlepoint.report.pictures import Album, samples
from saddlepoint.report.result import result

RECALL = Aspect("recall", 0.134, 0.91, 0.15, error=0.0123)
WIDTH = Aspect("width of the modes", 0.7, 1.0, 0.7)
FOUND = Result("far from the data", 0.2, 1_000, "random convolutions", (RECALL, WIDTH))


def section(folder: Path, content: Any) -> str:
    (folder / "summary.json").write_text(json.dumps({"result": content}))
    return result(read_facts(RunFolder(folder)))


def test_every_measurement_is_a_row_the_worst_first(tmp_path: Path) -> None:
    page = section(tmp_path, FOUND.to_json())
    assert page.count("<tr>") == 3
    assert page.index("recall") < page.index("width of the modes")
    assert "far from the data" in page
    assert "1,000" in page
    assert "0.134\u00a0±\u00a00.012" in page


def test_every_missing_measurement_has_a_reason(tmp_path: Path) -> None:
    assert "2 real examples" in section(tmp_path, Result.not_measured("2 real examples to compare").to_json())
    assert section(tmp_path, None) == ""


def test_text_is_escaped(tmp_path: Path) -> None:
    content = FOUND.to_json() | {"features": "<script>alert(1)</script>"}
    assert "<script>" not in section(tmp_path, content)


@pytest.mark.parametrize("damage", [{"level": "fine"}, {"aspects": [{}]}, {"aspects": 3}, {"score": None}])
def test_a_damaged_result_is_reported(damage: dict[str, Any], tmp_path: Path) -> None:
    assert section(tmp_path, FOUND.to_json() | damage) == ""
    facts = read_facts(RunFolder(tmp_path))
    assert any("summary.json: result" in note and "left out" in note for note in facts.notes)


def test_every_value_has_the_name_of_its_column_for_a_phone(tmp_path: Path) -> None:
    page = section(tmp_path, FOUND.to_json() | {"real": 80})
    for name in ("Samples", "Real examples", "Worst case"):
        assert page.count(f'data-label="{name}"') == 2
    assert "compared with 80 held-out examples" in page


@pytest.mark.parametrize(("kind", "drawn"), [("image", False), ("vector", True), ("series", True), (None, False)])
def test_plots_of_samples_get_more_room_than_pictures(kind: str | None, drawn: bool, tmp_path: Path) -> None:
    (tmp_path / "samples").mkdir()
    Image.new("RGB", (8, 8)).save(tmp_path / "samples" / "step-00000010.png")
    (tmp_path / "summary.json").write_text(json.dumps({"data": {"kind": kind}} if kind else {}))
    stage, _ = samples(read_facts(RunFolder(tmp_path)), Album(10**6), Markup())
    assert ('class="stage drawn"' in stage) == drawn
