"""Runs whose last pictures and report are left out: those are drawn, and tested, where a test is about them."""

from __future__ import annotations

import pytest

from saddlepoint.evaluation import settings
from saddlepoint.experiment import pictures, session


@pytest.fixture
def plain(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures.Pictures, "final", lambda self, *_, **__: None)
    monkeypatch.setattr(session, "time_lapse", lambda folder: None)
    monkeypatch.setattr("saddlepoint.report.write_report", lambda folder: None)


@pytest.fixture
def as_set(monkeypatch: pytest.MonkeyPatch) -> None:
    """Records, probes and measurements as often as the settings say; runs this short have one at nearly every step else."""
    monkeypatch.setattr(settings, "PROBES", 1)
    monkeypatch.setattr(settings, "MEASUREMENTS", 1)
