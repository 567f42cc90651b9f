"""A training loop of any kind hands its records over: they are completed, written, diagnosed and followed by actions."""

from __future__ import annotations

from pathlib import Path

from saddlepoint.diagnosis import Diagnosis, Series, rule
from saddlepoint.experiment.best_effort import BestEffort
from saddlepoint.experiment.journal import Journal
from saddlepoint.experiment.recorder import Recorder
from saddlepoint.experiment.schedule import Every
from saddlepoint.records import Finding, Record, RunFolder
from tests.experiment.runs import RecordingListener

LAST = 12


@rule("GAN106", closes=1)
def loss_above_one(d_loss: Series) -> Finding | None:
    return Finding("GAN106", "warning", d_loss.steps[-1], "It grows.") if d_loss.values[-1] > 1 else None


def loss(step: int) -> float:
    """Above one from step 6 to step 9."""
    return 2.0 if 6 <= step <= 9 else 0.5


def train(
    folder: RunFolder, recording: RecordingListener, first: int = 0, last: int = LAST
) -> tuple[list[int], dict[int, list[Finding]]]:
    """A loop that knows nothing of our training: returns the steps of its action, and what opened at which step."""
    acted: list[int] = []
    opened: dict[int, list[Finding]] = {}
    journal = Journal(folder, recording, BestEffort(recording))
    recorder = Recorder(
        journal,
        Diagnosis("gan", [loss_above_one]),
        series=((Every(6, LAST), lambda step: {"quality/energy_distance": float(step)}),),
        actions=((Every(4, LAST), acted.append),),
    )
    positions = None
    if first:
        records = [record for record in folder.read_records() if record.step < first]
        with journal.opened(None, 0):
            for record in records:
                journal.record(record)
            positions = journal.positions()
    with journal.opened(positions, max(first - 1, 0)):
        if first:
            recorder.resume(folder.read_records(), first - 3)
        for step in range(first, last + 1, 3):
            opened[step] = recorder.record(Record(step, float(step), {"d/loss": loss(step)}))
    return acted, opened


def test_records_are_completed_written_and_diagnosed(tmp_path: Path) -> None:
    folder, recording = RunFolder(tmp_path), RecordingListener()
    acted, opened = train(folder, recording)
    records = list(folder.read_records())
    assert records == recording.records
    assert [record.step for record in records] == [0, 3, 6, 9, 12]
    measured = {record.step for record in records if "quality/energy_distance" in record.values}
    assert measured == {0, 6, 12}
    assert acted == [0, 6, 9, 12]  # the multiples 0, 4, 8 and 12 were passed
    assert {step: [finding.code for finding in found] for step, found in opened.items() if found} == {6: ["GAN106"]}
    assert [finding.state for finding in folder.read_findings()] == ["open", "closed"]


def test_a_resumed_recorder_equals_an_uninterrupted_one(tmp_path: Path) -> None:
    (tmp_path / "whole").mkdir()
    (tmp_path / "cut").mkdir()
    whole = RunFolder(tmp_path / "whole")
    cut = RunFolder(tmp_path / "cut")
    acted, _ = train(whole, RecordingListener())
    before, _ = train(cut, RecordingListener(), last=3)
    after, opened = train(cut, RecordingListener(), first=6)
    assert list(cut.read_records()) == list(whole.read_records())
    assert before + after == acted
    assert [finding.code for finding in opened[6]] == ["GAN106"]
