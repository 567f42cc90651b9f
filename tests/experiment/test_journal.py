"""Everything that a session writes is in the files, in TensorBoard's log and passed to the listener, once each."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from saddlepoint.errors import RunError
from saddlepoint.experiment.best_effort import BestEffort
from saddlepoint.experiment.journal import Journal
from saddlepoint.experiment.tensorboard import TensorBoard
from saddlepoint.records import Finding, Record, RunFolder
from tests.experiment.runs import RecordingListener

FOUND = Finding("NUM301", "failure", 5, "d/loss became nan.")


def journal(folder: RunFolder, recording: RecordingListener) -> Journal:
    return Journal(folder, recording, BestEffort(recording))


def record(step: int) -> Record:
    return Record(step, float(step), {"d/loss": 1.0 / step})


def test_records_are_written_and_reported(tmp_path: Path) -> None:
    folder, recording = RunFolder(tmp_path), RecordingListener()
    writer = journal(folder, recording)
    with writer.opened(None, 0):
        writer.record(record(5))
        writer.finding(FOUND)
        assert list(folder.read_records()) == [record(5)]
    assert list(folder.read_findings()) == writer.findings == [FOUND]
    assert recording.records == [record(5)]
    assert recording.callbacks == ["record", "NUM301"]
    assert list(folder.tensorboard.glob("events.*"))


def test_a_later_session_continues_from_the_checkpoints_positions(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    first = journal(folder, RecordingListener())
    with first.opened(None, 0):
        first.record(record(5))
        first.finding(FOUND)
        positions = first.positions()
        first.record(record(10))
        first.finding(FOUND)
    second = journal(folder, RecordingListener())
    with second.opened(positions, 5):
        assert second.findings == [FOUND]
        second.record(record(10))
        longer = second.positions()
    assert list(folder.read_records()) == [record(5), record(10)]
    assert list(folder.read_findings()) == [FOUND]
    reopened = journal(folder, RecordingListener())
    with reopened.opened(None, 0):
        assert reopened.findings == []
        reopened.record(record(1))
    assert list(folder.read_records()) == [record(1)]
    with pytest.raises(RunError, match="lines are missing"), reopened.opened(longer, 10):
        pass


def test_an_error_in_the_tensorboard_log_does_not_stop_training_and_one_in_the_records_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    folder, recording = RunFolder(tmp_path), RecordingListener()
    writer = journal(folder, recording)
    with writer.opened(None, 0):
        with monkeypatch.context() as patch:
            for name in ("record", "finding", "picture"):
                patch.setattr(TensorBoard, name, full)
            writer.record(record(5))
            writer.finding(FOUND)
            writer.samples(5, {})
        assert len([note for note in recording.notes if "TensorBoard" in note]) == 1
        monkeypatch.setattr(writer._record_lines, "append", full)
        with pytest.raises(OSError, match="No space left"):
            writer.record(record(6))
    assert list(folder.read_records()) == [record(5)]
    assert list(folder.read_findings()) == [FOUND]
    assert recording.records == [record(5)]


def test_our_own_mistakes_are_warnings_and_each_kind_is_reported_once(tmp_path: Path) -> None:
    recording = RecordingListener()
    best_effort = BestEffort(recording)
    for _ in range(2):
        with (
            pytest.warns(RuntimeWarning, match=r"A picture could not be drawn \(TypeError: a mistake\)"),
            best_effort("A picture"),
        ):
            raise TypeError("a mistake")
    with best_effort("The report", "written"):
        raise OSError("full")
    assert recording.notes == [
        "A picture could not be drawn (TypeError: a mistake). Training continues.",
        "The report could not be written (OSError: full). Training continues.",
    ]
    with pytest.raises(KeyboardInterrupt), best_effort("A picture"):
        raise KeyboardInterrupt
