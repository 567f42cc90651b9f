"""Whether others are at work is seen now, waited for, and heeded."""

from __future__ import annotations

import importlib
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.sides import quiet


@pytest.mark.skipif(not Path("/proc/stat").exists(), reason="needs Linux's /proc/stat")
def test_work_that_has_just_started_is_detected() -> None:
    busy = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    try:
        assert quiet.busy_cores(0.5) > 0.5
    finally:
        busy.kill()
        busy.wait()


def test_an_idle_machine_is_awaited_with_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    measured = iter([2.0, 1.5, 0.1, 2.0])
    monkeypatch.setattr(quiet, "busy_cores", lambda seconds: next(measured))
    assert quiet.awaited_quiet(patience=60.0) == 0.1
    assert quiet.awaited_quiet(patience=0.0) == 2.0


@pytest.mark.parametrize(
    ("anyway", "busy", "found"), [(True, 2.0, 2.0), (True, 0.1, 0.1), (False, 0.1, 0.1), (False, 2.0, None)]
)
def test_a_measurement_on_a_busy_machine_must_be_requested(
    anyway: bool,
    busy: float,
    found: float | None,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(quiet, "busy_cores", lambda *_: busy)
    monkeypatch.setattr(quiet, "awaited_quiet", lambda: busy)
    assert quiet.measurable(anyway=anyway) == found
    assert bool(capsys.readouterr().err) == (busy > quiet.LIMIT)


@pytest.mark.parametrize("name", ["training", "watching", "convergence", "lanes", "dcgan_attempts"])
def test_a_busy_machine_measures_nothing_by_default(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(importlib.import_module("sides.quiet"), "awaited_quiet", lambda: 2.0)
    assert importlib.import_module(f"benchmarks.{name}").main([]) == 1
    said = capsys.readouterr()
    assert "--force" in said.err
    assert said.out == ""
