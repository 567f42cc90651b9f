"""Whether others are at work is seen now, waited for, and heeded."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.sides import quiet

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.mark.skipif(not Path("/proc/stat").exists(), reason="needs Linux's /proc/stat")
def test_work_that_has_just_begun_is_seen() -> None:
    busy = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    try:
        assert quiet.busy_cores(0.5) > 0.5
    finally:
        busy.kill()
        busy.wait()


def test_quiet_is_waited_for_but_not_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    measured = iter([2.0, 1.5, 0.1, 2.0])
    monkeypatch.setattr(quiet, "busy_cores", lambda seconds: next(measured))
    assert quiet.awaited_quiet(patience=60.0) == 0.1
    assert quiet.awaited_quiet(patience=0.0) == 2.0


def test_a_busy_machine_measures_nothing_unasked(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    from benchmarks import training

    monkeypatch.setattr(training, "awaited_quiet", lambda: 2.0)
    monkeypatch.setattr(training, "Side", None)  # any measurement would fail
    assert training.main([]) == 1
    assert "--force" in capsys.readouterr().err
