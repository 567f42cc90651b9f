"""A run that was interrupted anywhere and resumed is the run that was not: records, weights, pictures, findings."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from saddlepoint import experiment, models
from saddlepoint.data.batches import Batches
from saddlepoint.diagnosis import Series, rule
from saddlepoint.errors import RunError
from saddlepoint.evaluation import settings
from saddlepoint.experiment import compute, prepare
from saddlepoint.records import Finding, RunFolder
from saddlepoint.training import Devices
from tests.experiment.runs import (
    FAMILIES,
    STEPS,
    Interrupting,
    RecordingListener,
    comparable_state,
    recipe,
    start_session,
)

pytestmark = pytest.mark.usefixtures("as_set")


class Uninterrupted(dict[str, dict[str, Any]]):
    """The state of the uninterrupted run of each family, trained when it is first asked for."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.folder = folder

    def __missing__(self, family: str) -> dict[str, Any]:
        start_session(recipe(family), self.folder / family).run()
        self[family] = comparable_state(self.folder / family)
        return self[family]


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory: pytest.TempPathFactory) -> Uninterrupted:
    return Uninterrupted(tmp_path_factory.mktemp("uninterrupted"))


def test_every_family_has_a_small_run() -> None:
    assert {run["model"]["family"] for run in FAMILIES.values()} == set(models.FAMILIES)


@pytest.mark.parametrize("family", FAMILIES)
def test_an_uninterrupted_run_records_every_tick_once(uninterrupted: dict[str, dict[str, Any]], family: str) -> None:
    assert [r["step"] for r in uninterrupted[family]["records"]] == [*range(0, STEPS, 5), STEPS]
    assert list(uninterrupted[family]["samples"]) == [f"step-{step:08d}.png" for step in (0, 10, 20, 30, STEPS)]
    assert {"quality/energy_distance"} <= {*uninterrupted[family]["records"][0]}


@pytest.mark.slow
def test_every_step_of_a_short_run_is_recorded_and_resuming_records_none_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "PROBES", 20)  # as outside of tests: a probe at every step of this run
    start_session(recipe("gan"), tmp_path / "whole").run()
    session = start_session(recipe("gan"), tmp_path / "run")
    session.batches = Interrupting(session, 12)  # type: ignore[assignment]
    session.run()
    experiment.resume(tmp_path / "run")
    whole = comparable_state(tmp_path / "whole")
    assert [r["step"] for r in whole["records"]] == [*range(STEPS + 1)]
    assert comparable_state(tmp_path / "run") == whole


@pytest.mark.slow
@pytest.mark.parametrize("family", FAMILIES)
def test_resumed_twice_equals_uninterrupted(
    uninterrupted: dict[str, dict[str, Any]], family: str, tmp_path: Path
) -> None:
    # In the middle of a tick, within the first step's batches of a session, and exactly at a tick.
    path = tmp_path / family
    session = start_session(recipe(family), path)
    a_step = sum(p.uses_data * p.repeats for p in session.model.phases)
    session.batches = Interrupting(session, 6 * a_step)  # type: ignore[assignment]
    assert session.run()["state"] == "interrupted"
    assert session.state.step == 7
    second = prepare(recipe(family), RunFolder(path))
    second.load()
    second.batches = Interrupting(second, 20 * a_step - 1)  # type: ignore[assignment]
    assert second.run()["step"] == 20
    assert experiment.resume(path).summary["state"] in ("finished", "failed")
    assert comparable_state(path) == uninterrupted[family]


@pytest.mark.parametrize("step", [1, 9, 10, 11, 33])
def test_resumed_from_any_step(uninterrupted: dict[str, dict[str, Any]], step: int, tmp_path: Path) -> None:
    session = start_session(recipe("autoencoder"), tmp_path / "run")
    session.batches = Interrupting(session, step - 1)  # type: ignore[assignment]
    session.run()
    assert session.state.step == step
    experiment.resume(tmp_path / "run")
    assert comparable_state(tmp_path / "run") == uninterrupted["autoencoder"]


class _PowerError(Exception):
    """The process ends without a word."""


class _Failing:
    def __init__(self, batches: Batches, at: int) -> None:
        self.batches, self.at = batches, at

    def __getitem__(self, number: int) -> Any:
        if number == self.at:
            raise _PowerError
        return self.batches[number]


# Before the first checkpoint there is nothing to resume; after it, every family must.
@pytest.mark.parametrize(("family", "at"), [*((family, 26) for family in FAMILIES), ("gan", 3)])
def test_an_error_in_the_middle_leaves_a_run_to_resume(
    uninterrupted: dict[str, dict[str, Any]], family: str, at: int, tmp_path: Path
) -> None:
    path = tmp_path / "run"
    session = start_session(recipe(family), path)
    a_step = sum(p.uses_data * p.repeats for p in session.model.phases)
    session.batches = _Failing(session.batches, at * a_step)  # type: ignore[assignment]
    with pytest.raises(_PowerError):
        session.run()
    recording = RecordingListener()
    experiment.resume(path, listener=recording)
    assert any("starts again" in note for note in recording.notes) == (at == 3)
    assert comparable_state(path) == uninterrupted[family]


@pytest.mark.slow
@pytest.mark.parametrize("damage", ["truncate", "corrupt", "manifest", "remove"])
def test_a_damaged_checkpoint_is_named_and_the_one_before_taken(
    uninterrupted: dict[str, dict[str, Any]], damage: str, tmp_path: Path
) -> None:
    path = tmp_path / "run"
    session = start_session(recipe("dcgan", keep=3), path)
    session.batches = _Failing(session.batches, 2 * 33)  # type: ignore[assignment]
    with pytest.raises(_PowerError):
        session.run()
    newest = sorted(RunFolder(path).checkpoints.glob("step-*"))[-1]
    assert newest.name == "step-00000030"
    weights = newest / "weights.safetensors"
    data = bytearray(weights.read_bytes())
    if damage == "truncate":
        weights.write_bytes(data[: len(data) // 2])
    elif damage == "corrupt":
        data[-5] ^= 1
        weights.write_bytes(data)
    elif damage == "manifest":
        (newest / "manifest.json").write_text("{")
    else:
        weights.unlink()
    recording = RecordingListener()
    experiment.resume(path, listener=recording)
    assert any("Skipped a damaged checkpoint" in note and "step-00000030" in note for note in recording.notes)
    assert comparable_state(path) == uninterrupted["dcgan"]


def test_killed_while_writing_the_first_checkpoint(uninterrupted: dict[str, dict[str, Any]], tmp_path: Path) -> None:
    path = tmp_path / "run"
    session = start_session(recipe("gan"), path)
    session.batches = _Failing(session.batches, 2)  # type: ignore[assignment]
    with pytest.raises(_PowerError):
        session.run()
    (RunFolder(path).checkpoints / ".part-step-00000010").mkdir(parents=True)
    experiment.resume(path)
    assert comparable_state(path) == uninterrupted["gan"]


def test_all_checkpoints_damaged_is_one_clear_error(tmp_path: Path) -> None:
    path = tmp_path / "run"
    start_session(recipe("gan"), path).run()
    for manifest in path.glob("checkpoints/step-*/manifest.json"):
        manifest.write_bytes(b"")
    with pytest.raises(RunError, match="no checkpoint that can be loaded"):
        experiment.resume(path)


@pytest.mark.slow
def test_a_finished_run_can_be_trained_further(tmp_path: Path) -> None:
    longer = start_session(recipe("vae", steps=40, optimiser={}), tmp_path / "longer")
    longer.run()
    path = tmp_path / "run"
    start_session(recipe("vae", steps=20, optimiser={}), path).run()
    (path / "report.html").touch()
    with pytest.raises(RunError, match=r"last step, 20.*--steps 40"):
        experiment.resume(path)
    experiment.resume(path, steps=40)
    # With a constant rate nothing depends on how far training was meant to go.
    assert comparable_state(path) == comparable_state(tmp_path / "longer")
    assert "steps: 40" in (path / "recipe.yaml").read_text()


def test_a_run_killed_after_its_last_step_is_finished(uninterrupted: dict[str, dict[str, Any]], tmp_path: Path) -> None:
    path = tmp_path / "run"
    start_session(recipe("vae"), path).run()
    (path / "summary.json").unlink()
    assert experiment.resume(path).summary["state"] == "finished"
    assert comparable_state(path) == uninterrupted["vae"]


@pytest.mark.slow
def test_findings_are_reported_once_across_sessions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Found at step 25 of step 5: whether it was reported is not a matter of the step it speaks of.
    @rule("TEST1")
    def late(every_series: dict[str, Series]) -> Finding | None:
        ticks = every_series["d/loss"].steps if "d/loss" in every_series else []
        return Finding("TEST1", "warning", 5, "late") if len(ticks) >= 5 else None

    monkeypatch.setattr("saddlepoint.experiment.live_diagnosis.RULES", (late,))
    for number, batch in enumerate((22, 27, 33)):
        path = tmp_path / str(number)
        session = start_session(recipe("gan"), path)
        session.batches = _Failing(session.batches, batch)  # type: ignore[assignment]
        with pytest.raises(_PowerError):
            session.run()
        experiment.resume(path)
        assert [finding.code for finding in RunFolder(path).read_findings()] == ["TEST1"]


def test_the_summary_of_an_earlier_session_is_not_left_standing(tmp_path: Path) -> None:
    path = tmp_path / "run"
    session = start_session(recipe("gan"), path)
    session.batches = Interrupting(session, 12)  # type: ignore[assignment]
    assert "interrupted" in str(session.run()["verdict"])
    again = prepare(recipe("gan"), RunFolder(path))
    again.load()
    again.batches = _Failing(again.batches, 20)  # type: ignore[assignment]
    with pytest.raises(_PowerError):
        again.run()
    assert experiment.Run(path).verdict == "This run has not ended yet."


def test_two_processes_cannot_train_one_run(tmp_path: Path) -> None:
    from saddlepoint.records import locked

    path = tmp_path / "run"
    start_session(recipe("gan", steps=5), path).run()
    with locked(path), pytest.raises(RunError, match="another process"):
        experiment.resume(path, steps=10)
    experiment.resume(path, steps=10)


def interrupted(path: Path, source: Any) -> None:
    session = start_session(source, path)
    session.batches = Interrupting(session, 12)  # type: ignore[assignment]
    assert session.run()["state"] == "interrupted"


def test_changed_data_are_refused_before_anything_is_loaded(tmp_path: Path) -> None:
    source = tmp_path / "data.npy"
    np.save(source, np.random.default_rng(0).normal(size=(200, 2)))
    chosen = recipe("autoencoder").override({"data.source": str(source), "data.limit": None})
    interrupted(tmp_path / "run", chosen)
    np.save(source, np.random.default_rng(1).normal(size=(200, 2)))
    session = prepare(chosen, RunFolder(tmp_path / "run"))
    with pytest.raises(RunError, match="the data have changed"):
        session.load()
    assert session.state.step == 0


@pytest.mark.slow
def test_a_copied_run_continues_with_the_examples_in_its_own_folder(tmp_path: Path) -> None:
    examples = np.random.default_rng(0).normal(size=(200, 2)).astype(np.float32)
    experiment.train(recipe("autoencoder", steps=10), data=examples, run=tmp_path / "run")
    shutil.copytree(tmp_path / "run", tmp_path / "copy")
    (tmp_path / "run" / "data.npz").write_bytes(b"another's")
    assert experiment.resume(tmp_path / "copy", steps=12).summary["step"] == 12
    assert str(tmp_path / "copy" / "data.npz") in (tmp_path / "copy" / "recipe.yaml").read_text()


def test_a_resumed_run_keeps_its_arithmetic(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    uninterrupted = recipe("vae", precision="bf16", threads=2, steps=16)
    start_session(uninterrupted, tmp_path / "uninterrupted").run()
    interrupted(tmp_path / "run", uninterrupted)
    # What `auto` chose where the run began need not be what it chooses here.
    elsewhere = recipe("vae", precision="fp32", threads=1, steps=16)
    monkeypatch.setattr("saddlepoint.experiment.compute.computes_bf16", lambda device: False)
    recording = RecordingListener()
    session = prepare(elsewhere, RunFolder(tmp_path / "run"), listener=recording)
    session.load()
    assert (session.state.devices.precision, session.threads) == ("bf16", 2)
    assert any("bf16" in note for note in recording.notes)
    session.run()
    assert comparable_state(tmp_path / "run") == comparable_state(tmp_path / "uninterrupted")


def test_a_different_device_and_too_few_processors_are_reported() -> None:
    recording, devices = RecordingListener(), Devices(torch.device("cpu"), "bf16")
    kept = {"device": "cuda", "precision": "fp32", "threads": 100_000}
    assert compute.restore_compute(kept, devices, recording) == (Devices(torch.device("cpu"), "fp32"), 100_000)
    assert ["cuda" in note or "threads" in note for note in recording.notes] == [True, True]


def test_identical_arithmetic_is_accepted_silently() -> None:
    recording, devices = RecordingListener(), Devices(torch.device("cpu"), "fp32")
    assert compute.restore_compute(compute.compute_to_json(devices, 1), devices, recording) == (devices, 1)
    assert recording.notes == []
