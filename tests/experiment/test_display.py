"""The line of progress that Python shows by itself."""

from __future__ import annotations

import io
import sys

import pytest
from rich.console import Console

from saddlepoint.experiment.display import TrainingDisplay, listener_or_default
from saddlepoint.experiment.listener import Listener, Outline
from saddlepoint.progress import Display
from saddlepoint.records import Finding, Record

OUTLINE = Outline("toy", "runs/toy-1", "1,000 points", {"generator": 10}, 0, 100, "cpu", "fp32")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_one_line_is_rewritten_and_ends_before_other_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ipykernel", sys)
    stream = Terminal()
    line = TrainingDisplay(Display(Console(file=stream), unit="step", keep=True))
    line.started(OUTLINE)
    line.record(Record(0, 0.0, {"quality/energy_distance": 0.5}))
    line.record(Record(100, 1.0, {"d/loss": 0.25, "g/grad_norm": 1.0}))
    line.finding(Finding("NUM301", "failure", 100, "d/loss became nan."))
    line.finished({"headline": "At risk", "verdict": "done", "advice": "rest"})
    lines = stream.getvalue().split("\n")
    assert lines[0].startswith("toy: 1,000 points, on cpu in fp32, into runs/toy-1")
    last = lines[1].split("\r")[-1]
    assert last.startswith("step 100/100  distance 0.5  (step 0)  loss 0.25")
    assert lines[2].startswith("NUM301")
    assert lines[3:6] == ["At risk", "done", "What to do: rest"]


def test_shown_on_a_terminal_only(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.delitem(sys.modules, "ipykernel", raising=False)
    mine = Listener()
    with listener_or_default(mine) as listener:
        assert listener is mine
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    with listener_or_default(None) as listener:
        listener.started(OUTLINE)
        listener.note("read as images 1x24x20")
    assert sys.stderr.getvalue() == ""  # type: ignore[attr-defined]
    assert [(entry.name, entry.getMessage()) for entry in caplog.records] == [("saddlepoint", "read as images 1x24x20")]
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    with listener_or_default(None) as listener:
        listener.started(OUTLINE)
        listener.record(Record(10, 0.1, {}))
    assert terminal.getvalue().endswith("\x1b[?25h\r\x1b[1A\x1b[2K")  # the cursor is back, and the line is gone


def test_shown_in_a_notebook(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setitem(sys.modules, "ipykernel", sys)
    with listener_or_default(None) as listener:
        listener.note("three files were left out")
    assert capsys.readouterr().out == "Note: three files were left out\n"
