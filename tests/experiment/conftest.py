"""Runs whose last pictures and report are left out: those are drawn, and tested, where a test is about them."""

from __future__ import annotations

import pytest

from saddlepoint.experiment import pictures, session


@pytest.fixture
def plain(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures.Pictures, "final", lambda self, *_, **__: None)
    monkeypatch.setattr(session, "time_lapse", lambda folder: None)
    monkeypatch.setattr("saddlepoint.report.write_report", lambda folder: None)
