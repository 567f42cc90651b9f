"""Runs with probes at the intervals of the settings."""

from __future__ import annotations

import pytest

from saddlepoint.evaluation import settings
from saddlepoint.evaluation.metrics import two_sample


@pytest.fixture
def as_set(monkeypatch: pytest.MonkeyPatch) -> None:
    """Records, probes and measurements as often as the settings say; runs this short have one at nearly every step else."""
    monkeypatch.setattr(settings, "PROBES", 1)
    monkeypatch.setattr(settings, "MEASUREMENTS", 1)


@pytest.fixture(autouse=True)
def few_trees(monkeypatch: pytest.MonkeyPatch) -> None:
    """Half of the time of runs this small goes into the trees that try to recognise their samples."""
    monkeypatch.setattr(two_sample, "TREES", 5)
