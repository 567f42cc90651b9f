"""What is said of a run afterwards is what the run said of itself."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from saddlepoint.experiment.diagnosing import diagnose
from saddlepoint.records import RunFolder
from tests.experiment.runs import recipe, started

pytestmark = pytest.mark.usefixtures("plain")


@pytest.mark.parametrize("family", ["gan", "vae"])
def test_a_run_is_as_healthy_as_its_summary_says(family: str, tmp_path: Path) -> None:
    summary = started(recipe(family), tmp_path / "run").run()
    assert summary is not None
    assert diagnose(tmp_path / "run").health == summary["health"]


@pytest.mark.parametrize(
    ("last", "words"), [(0.01, "healthy"), (0.5, "at risk"), ("inf", "at risk"), (None, "healthy")]
)
def test_a_run_that_has_not_learnt_its_data_is_at_risk(last: float | str | None, words: str, tmp_path: Path) -> None:
    started(recipe("vae"), tmp_path / "run").run()
    path = RunFolder(tmp_path / "run").summary
    summary = json.loads(path.read_text("utf-8"))
    assert set(summary["quality"]) == {"first", "last", "floor", "precision"}
    summary["quality"] = {"first": 0.5, "last": last, "floor": 0.0, "precision": None}
    path.write_text(json.dumps(summary), "utf-8")
    assert diagnose(tmp_path / "run").findings == ()
    assert diagnose(tmp_path / "run").health == diagnose(tmp_path / "run").verdict == words
    summary["quality"]["precision"] = 0.28
    path.write_text(json.dumps(summary), "utf-8")
    assert ("a reserve: only 28%" in diagnose(tmp_path / "run").verdict) == (words == "healthy")
