"""Whole runs on an NVIDIA GPU, with monitors, pictures and the comparison with the data."""

from __future__ import annotations

from pathlib import Path

import pytest

import saddlepoint as sp
from saddlepoint.experiment import prepare
from saddlepoint.records import RunFolder
from tests.experiment.runs import WITH_GRADIENTS, Interrupting, comparable_state, recipe, start_session

pytestmark = pytest.mark.cuda


@pytest.mark.parametrize("family", WITH_GRADIENTS)
def test_resumed_equals_uninterrupted(family: str, tmp_path: Path) -> None:
    whole, path = tmp_path / "whole", tmp_path / "interrupted"
    assert start_session(recipe(family, device="cuda"), whole).run()["state"] == "finished"
    session = start_session(recipe(family, device="cuda"), path)
    assert session.model.device.type == "cuda"
    session.batches = Interrupting(session, 12)  # type: ignore[assignment]
    assert session.run()["state"] == "interrupted"
    assert prepare(recipe(family, device="cuda"), RunFolder(path)).run()["state"] == "finished"
    assert comparable_state(path) == comparable_state(whole)


@pytest.mark.pictures
@pytest.mark.result
def test_a_run_with_all_that_belongs_to_it(tmp_path: Path) -> None:
    run = sp.train(recipe("dcgan", device="cuda"), run=tmp_path / "run")
    assert run.summary["state"] == "finished"
    assert (tmp_path / "run" / "report.html").exists()
    assert len(run.model.sample(5)) == 5
