"""A training without pictures writes everything else, counts as complete, and can be given its pictures later."""

from __future__ import annotations

from pathlib import Path

import pytest

from saddlepoint import experiment
from saddlepoint.cli.main import main
from saddlepoint.errors import RunError
from saddlepoint.records import RunFolder
from tests.experiment.runs import RecordingListener, comparable_state, recipe


@pytest.mark.slow
@pytest.mark.pictures
def test_pictures_are_left_out_and_made_later(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    drawn, plain = tmp_path / "drawn", tmp_path / "plain"
    recording = RecordingListener()
    short = recipe("vae", steps=12)
    experiment.train(short, run=drawn, listener=recording)
    assert set(recording.summary["session_seconds"]) == {"training", "steps", "pictures"}
    experiment.train(short, run=plain, pictures=False, listener=recording)
    assert set(recording.summary["session_seconds"]) == {"training", "steps"}
    assert comparable_state(plain) == comparable_state(drawn)
    folder = RunFolder(plain)
    assert not folder.report.exists()
    assert not folder.figures.exists()
    assert main(["report", str(plain)]) == 0
    assert "saddlepoint report" in folder.report.read_text("utf-8")
    assert main(["report", str(plain), "--pictures"]) == 0
    of = {path.name: path.read_bytes() for path in RunFolder(drawn).figures.glob("*.png") if path.name != "curves.png"}
    assert {path.name: path.read_bytes() for path in folder.figures.glob("*.png") if path.name != "curves.png"} == of
    assert folder.read_summary()["pictures"] is True
    assert comparable_state(plain) == comparable_state(drawn)
    capsys.readouterr()


@pytest.mark.pictures
def test_a_run_without_pictures_is_complete(tmp_path: Path) -> None:
    path = tmp_path / "run"
    experiment.train(recipe("autoencoder", steps=5), run=path, pictures=False, listener=RecordingListener())
    with pytest.raises(RunError, match="nothing to resume"):
        experiment.resume(path, listener=RecordingListener())
    assert experiment.resume(path, steps=6, pictures=False, listener=RecordingListener()).summary["step"] == 6
    assert not RunFolder(path).report.exists()


def test_without_a_checkpoint_there_is_nothing_to_draw(tmp_path: Path) -> None:
    from saddlepoint.experiment.illustration import draw_pictures

    RunFolder(tmp_path).recipe.write_text(recipe("autoencoder").to_yaml(), encoding="utf-8")
    with pytest.raises(RunError, match="no checkpoint"):
        draw_pictures(tmp_path)
