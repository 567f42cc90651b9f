"""Progress of an evaluation: the current task, its share, and when a remaining time is shown."""

from __future__ import annotations

import io
import sys
import time

import pytest
from rich.console import Console

from saddlepoint.progress import Display, report_for


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """A clock that does not move until it is set."""
    now = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    return now


def console(terminal: bool) -> Console:
    return Console(file=io.StringIO(), force_terminal=terminal, width=100, no_color=True)


def evaluating(shown: Console) -> Display:
    return Display(shown, every=5.0, share=1.0, summary=False)


def output_of(shown: Console) -> str:
    text: str = shown.file.getvalue()  # type: ignore[attr-defined]
    return text


def test_a_finished_task_shows_100_per_cent_and_no_time_left() -> None:
    shown = console(terminal=True)
    with evaluating(shown) as display:
        display.report("Drawing samples", 0.5)
        display.report("Done", 1.0)
    text = output_of(shown)
    last = text[text.rindex("%") - 3 :]
    assert last.startswith("100%")
    assert "Done" in last
    assert "left" not in last


def test_work_of_unlike_parts_starts_with_the_first_share_and_tells_no_time_left(clock: list[float]) -> None:
    """Feature networks have their own progress, and half of the share is not half of the time."""
    shown = console(terminal=False)
    with evaluating(shown) as display:
        display.report("Building features", 0.0)
        clock[0] += 60
        display.report("Drawing samples", 0.0)
        display.report("Drawing samples", 0.01)
        clock[0] += 10
        display.report("Precision", 0.5)
    assert output_of(shown).splitlines() == ["  1%  Drawing samples", " 50%  Precision"]


def test_lines_are_few_and_the_first_shares_tell_no_time(clock: list[float]) -> None:
    shown = console(terminal=False)
    with evaluating(shown) as display:
        display.start()
        for step in range(1, 101):
            clock[0] += 0.3
            display.advance(step / 1_000, "Energy distance")
    lines = output_of(shown).splitlines()
    assert 4 <= len(lines) <= 7
    assert "left" not in lines[0]
    assert "  4:3" in lines[-1]  # a thousandth takes 0.3 s, and 917 are left


def test_a_notebook_has_one_line_that_goes_when_all_is_done(
    clock: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "ipykernel", sys)
    shown = console(terminal=False)
    with evaluating(shown) as display:
        for step in range(1, 11):
            clock[0] += 1
            display.report("Energy distance", step / 10)
    text = output_of(shown)
    assert "\n" not in text
    assert "\r 50%  Energy distance" in text
    assert text.endswith("\r")


def test_progress_is_shown_on_terminals_only(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    reported: list[tuple[str, float]] = []
    with report_for(lambda what, share: reported.append((what, share))) as own:
        assert own is not None
        own("Precision", 0.5)
    assert reported == [("Precision", 0.5)]
    for asked in (True, False):
        with report_for(asked) as listener:
            assert listener is None
    monkeypatch.setenv("FORCE_COLOR", "1")  # rich then takes standard error for a terminal
    with report_for(False) as listener:
        assert listener is None
    with report_for(True) as listener:
        assert listener is not None
        listener("Precision", 0.5)
    streams = capsys.readouterr()
    assert streams.out == ""
    assert "Precision" in streams.err
