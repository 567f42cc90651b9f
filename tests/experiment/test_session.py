"""Sessions with problems: non-finite numbers, failing pictures, full disks, signals."""

from __future__ import annotations

import math
import os
import signal
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from saddlepoint import experiment
from saddlepoint.errors import DataError, RunError
from saddlepoint.evaluation.monitors import quality
from saddlepoint.records import Record, RunFolder
from saddlepoint.training import checkpoint
from tests.experiment.runs import STEPS, WITH_GRADIENTS, RecordingListener, comparable_state, recipe, start_session


def broken(family: str, **training: Any) -> Any:
    """The family's recipe with a step size at which numbers overflow at once."""
    return recipe(family, **{"optimiser": {"name": "sgd", "learning_rate": 1e30}, "ema": 0.0, **training})


@pytest.mark.slow
@pytest.mark.parametrize("family", WITH_GRADIENTS)
def test_a_run_that_overflows_is_stopped_and_named(family: str, tmp_path: Path) -> None:
    recording = RecordingListener()
    summary = start_session(broken(family), tmp_path / "run", recording).run()
    folder = RunFolder(tmp_path / "run")
    records = list(folder.read_records())
    assert any(not math.isfinite(value) for value in records[-1].values.values())
    (finding,) = [finding for finding in folder.read_findings() if finding.code == "NUM301"]
    assert finding.step == records[-1].step == summary["step"] < STEPS
    assert summary["state"] == "failed"
    assert "NUM301" in summary["verdict"]
    assert recording.callbacks[-1] == "finished"
    # No checkpoint at all is better than one with numbers that are none.
    for path in folder.checkpoints.glob("step-*"):
        for name, weights in load_file(path / "weights.safetensors").items():
            assert bool(weights.isfinite().all()), f"{path.name}: {name}"


@pytest.mark.slow
@pytest.mark.pictures
def test_a_run_that_overflows_has_its_report(tmp_path: Path) -> None:
    session = start_session(broken("vae"), tmp_path / "run")
    assert session.run()["state"] == "failed"
    assert "NUM301" in session.folder.report.read_text("utf-8")


def _first_weights(player: torch.nn.Module) -> torch.nn.Parameter:
    """The first weights of a player; a layer that is given nothing has none."""
    return next(weights for weights in player.parameters() if weights.numel())


@pytest.mark.usefixtures("as_set")
@pytest.mark.parametrize(("family", "stop_on"), [*((family, []) for family in WITH_GRADIENTS), ("gan", ["NUM301"])])
def test_the_last_healthy_checkpoint_stays(
    family: str, stop_on: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = start_session(recipe(family, keep=1, stop_on=stop_on), tmp_path / "run")
    keep = session.journal.record

    def poison(record: Record) -> None:
        keep(record)
        if record.step == 15:
            with torch.no_grad():
                for player in session.model.players.values():
                    _first_weights(player).fill_(math.nan)
                for average in session.state.averages.values():
                    _first_weights(average.module).fill_(math.nan)

    monkeypatch.setattr(session.journal, "record", poison)
    # A few steps may make samples worse, and then no step would be the best.
    better = lambda model: {quality.SERIES: 1 / (1 + session.state.step)}  # noqa: E731
    monkeypatch.setattr(session.measurement._quality, "series", better)
    summary = session.run()
    assert summary["state"] == "failed"
    assert summary["step"] == (20 if stop_on else STEPS)
    assert summary["best"]["step"] == 10
    for step in ("newest", "best", 10):
        model = experiment.load(tmp_path / "run", step=step)  # type: ignore[arg-type]
        assert all(p.isfinite().all() for player in model.players.values() for p in player.parameters())
        assert model.sample(2).shape[0] == 2


def _full(*_: Any, **__: Any) -> Any:
    raise OSError(28, "No space left on device")


DRAWING = {
    "saddlepoint.experiment.pictures.show_samples": "A sample picture",
    "saddlepoint.experiment.pictures.curves.training_curves": "curves.png",
    "saddlepoint.experiment.latent_pictures.latent.latent_scatter": "latent.png",
    "saddlepoint.experiment.session_end.time_lapse": "The time-lapse",
    "saddlepoint.experiment.tensorboard.TensorBoard.record": "The TensorBoard log",
    "saddlepoint.report.write_report": "The report",
}


@pytest.mark.slow
@pytest.mark.pictures
def test_training_continues_if_pictures_cannot_be_drawn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for function in DRAWING:
        monkeypatch.setattr(function, _full)
    recording = RecordingListener()
    summary = start_session(recipe("vae", steps=20), tmp_path / "run", recording).run()
    assert summary["state"] == "finished"
    assert summary["step"] == 20
    # Each is said once, however often it failed; the others are there.
    assert sorted(note.split(" could not")[0] for note in recording.notes if "No space left" in note) == sorted(
        DRAWING.values()
    )
    assert (tmp_path / "run" / "figures" / "heads.png").is_file()
    assert experiment.load(tmp_path / "run").sample(1).shape == (1, 1, 8, 8)


def test_our_own_mistakes_in_pictures_are_not_hidden(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def raise_type_error(*_: Any, **__: Any) -> Any:
        raise TypeError("a mistake")

    monkeypatch.setattr("saddlepoint.experiment.pictures.show_samples", raise_type_error)
    session = start_session(recipe("vae", steps=5), tmp_path / "run")
    with pytest.raises(RuntimeWarning, match="a mistake"):
        session.run()


@pytest.mark.slow
def test_a_full_disk_stops_with_one_sentence_and_can_be_resumed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    start_session(recipe("dcgan"), tmp_path / "whole").run()
    session = start_session(recipe("dcgan"), tmp_path / "run")
    save = checkpoint.save

    def full(folder: RunFolder, model: Any, state: Any, **options: Any) -> Path:
        if state.step == 20:
            (folder.checkpoints / ".part-step-00000020").mkdir()
            raise OSError(28, "No space left on device")
        return save(folder, model, state, **options)

    with monkeypatch.context() as patch:
        patch.setattr(checkpoint, "save", full)
        with pytest.raises(RunError, match=r"step 20.*No space left.*saddlepoint resume"):
            session.run()
    experiment.resume(tmp_path / "run")
    assert comparable_state(tmp_path / "run") == comparable_state(tmp_path / "whole")


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signals_write_a_checkpoint(number: int, tmp_path: Path) -> None:
    before = signal.getsignal(signal.SIGINT)
    start_session(recipe("gan"), tmp_path / "whole").run()

    class Killer(RecordingListener):
        def record(self, record: Record) -> None:
            super().record(record)
            if record.step == 15:
                os.kill(os.getpid(), number)

    recording = Killer()
    summary = start_session(recipe("gan"), tmp_path / "run", recording).run()
    assert summary["state"] == "interrupted"
    assert "interrupted; a checkpoint was written" in summary["verdict"]
    assert RunFolder(tmp_path / "run").checkpoint(summary["step"]).is_dir()
    assert signal.getsignal(signal.SIGINT) is before
    experiment.resume(tmp_path / "run")
    assert comparable_state(tmp_path / "run") == comparable_state(tmp_path / "whole")


@pytest.mark.slow
def test_observation_changes_nothing(tmp_path: Path) -> None:
    # Measurements, pictures and checkpoints as often as can be, and as rarely: the same weights.
    often = recipe("dcgan", sample_every=5, checkpoint_every=5)
    often = often.override({"evaluation.every": 5})
    rarely = recipe("dcgan", sample_every=1000, checkpoint_every=1000).override({"evaluation.every": 1000})
    start_session(often, tmp_path / "often").run()
    start_session(rarely, tmp_path / "rarely").run()
    assert comparable_state(tmp_path / "often")["weights"] == comparable_state(tmp_path / "rarely")["weights"]


@pytest.mark.slow
def test_the_best_step_is_kept(tmp_path: Path) -> None:
    session = start_session(recipe("autoencoder", keep=1), tmp_path / "run")
    session.run()
    best = session.measurement.best
    assert best is not None
    series = {r.step: r.values[best["series"]] for r in session.folder.read_records() if best["series"] in r.values}
    assert best["value"] == min(value for step, value in series.items() if step > 0) == series[best["step"]]
    assert session.folder.checkpoint(best["step"]).is_dir()


def test_one_example_is_no_data(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="two or more"):
        start_session(
            recipe("gan", batch_size=1).override({"data.source": "gaussian", "data.points": 1, "data.held_out": 0.0}),
            tmp_path / "run",
        )
