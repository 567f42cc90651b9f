"""Runs that are measured roughly."""

from __future__ import annotations

import pytest

from saddlepoint.evaluation.metrics import two_sample


@pytest.fixture(autouse=True)
def few_trees(monkeypatch: pytest.MonkeyPatch) -> None:
    """Half of the time of runs this small goes into the trees that try to recognise their samples."""
    monkeypatch.setattr(two_sample, "TREES", 5)
