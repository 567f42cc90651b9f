"""The section on remedies: a row for each, and none where none was applied."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from saddlepoint.records import RunFolder
from saddlepoint.report.facts import read_facts
from saddlepoint.report.remedies import remedies
from saddlepoint.report.setup import repeat

TRY = {
    "number": 1, "code": "GAN103", "title": "Modes < 3 are left.", "found": 1_200, "since": 900, "returned_to": 800,
    "rung": 0, "changes": {"model.discriminator.packing": [1, 2]},
}  # fmt: skip


def section(folder: Path, tried: Any) -> str:
    import json

    (folder / "recipe.yaml").write_text("name: run\n")
    (folder / "summary.json").write_text(json.dumps({"cures": tried}))
    return remedies(read_facts(RunFolder(folder)))


def test_an_intervention_is_a_row(tmp_path: Path) -> None:
    page = section(tmp_path, [TRY, TRY | {"number": 2, "returned_to": 0}])
    assert page.count("<tr>") == 3
    assert "step 800" in page
    assert "the start" in page
    assert "Modes &lt; 3" in page
    assert "1 → 2" in page


def test_the_setting_that_none_refers_to_is_shown(tmp_path: Path) -> None:
    changes = {"training.generator.learning_rate": [1e-07, None], "training.optimiser.clip_norm": [None, 1.0]}
    page = section(tmp_path, [TRY | {"changes": changes}])
    assert "1e-07 → none (as training.optimiser.learning_rate)" in page
    assert "none → 1.0" in page


@pytest.mark.parametrize("tried", [[], None, "damaged", [1]])
def test_without_an_intervention_there_is_no_row(tried: Any, tmp_path: Path) -> None:
    assert section(tmp_path, tried).count("<tr>") <= 1


@pytest.mark.parametrize(("tried", "recipe"), [([TRY], "attempts/1/recipe.yaml"), ([], "/recipe.yaml")])
def test_the_original_recipe_repeats_a_run(tried: Any, recipe: str, tmp_path: Path) -> None:
    section(tmp_path, tried)
    page = repeat(read_facts(RunFolder(tmp_path)))
    assert recipe in page
    assert ("attempts" in page) == bool(tried)
