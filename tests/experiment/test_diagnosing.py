"""A diagnosis after the run equals the diagnosis during the run."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from saddlepoint.diagnosis import process_in
from saddlepoint.errors import RunError
from saddlepoint.experiment.diagnosing import diagnose
from saddlepoint.records import RESULT_LEVELS, Aspect, Result, RunFolder
from tests.experiment.runs import recipe, start_session


@pytest.mark.slow
@pytest.mark.result
@pytest.mark.parametrize("family", ["gan", "vae"])
def test_process_and_result_are_those_of_the_summary(family: str, tmp_path: Path) -> None:
    summary = start_session(recipe(family), tmp_path / "run").run()
    assert summary is not None
    found = diagnose(tmp_path / "run")
    assert found.process == summary["process"]
    assert found.result is not None
    assert found.result.level is not None
    assert found.result.to_json() == summary["result"]
    assert found.to_json()["result"] == summary["result"]


@pytest.mark.slow
def test_the_result_is_part_of_the_verdict_and_no_part_of_the_process(tmp_path: Path) -> None:
    start_session(recipe("vae"), tmp_path / "run").run()
    path = RunFolder(tmp_path / "run").summary
    summary = json.loads(path.read_text("utf-8"))
    recall = Aspect("recall", 0.0, 0.9, 0.0)
    for level in RESULT_LEVELS:
        result = Result(level, 0.1, 200, "standardised values", (recall,))
        path.write_text(json.dumps({**summary, "result": result.to_json()}), "utf-8")
        found = diagnose(tmp_path / "run")
        assert found.process == summary["process"]
        assert level in found.verdict


@pytest.mark.slow
def test_a_summary_of_version_0_1_is_read(tmp_path: Path) -> None:
    start_session(recipe("vae"), tmp_path / "run").run()
    path = RunFolder(tmp_path / "run").summary
    summary = json.loads(path.read_text("utf-8"))
    del summary["process"], summary["result"]
    path.write_text(json.dumps({**summary, "health": "healthy"}), "utf-8")
    assert diagnose(tmp_path / "run").result is None
    assert process_in({**summary, "health": "healthy"}) == "no failure found"
    assert process_in({"health": "at risk"}) == "at risk"
    assert process_in({}) is None


@pytest.mark.slow
def test_a_run_that_a_killed_overwrite_had_moved_aside_is_diagnosed(tmp_path: Path) -> None:
    start_session(recipe("vae"), tmp_path / "run").run()
    (tmp_path / "run").rename(tmp_path / ".run.replaced-1")
    assert diagnose(tmp_path / "run").process is not None
    assert not (tmp_path / ".run.replaced-1").exists()


def test_links_in_a_circle_are_no_run_and_no_log(tmp_path: Path) -> None:
    (tmp_path / "log.csv").symlink_to("log.csv")
    with pytest.raises(RunError, match="there is no such run or log"):
        diagnose(tmp_path / "log.csv")
