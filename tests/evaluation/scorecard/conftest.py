"""Scorecards without a measured result, which has its own tests and takes half of the time."""

from __future__ import annotations

import sys
from typing import Any

import pytest

from saddlepoint.evaluation.scorecard.assess import assess
from saddlepoint.records import Result


@pytest.fixture(autouse=True)
def without_result(monkeypatch: pytest.MonkeyPatch) -> None:
    def nothing(*_: Any, **__: Any) -> Result:
        return Result.not_measured("it is not what is tested here.")

    monkeypatch.setattr(sys.modules[assess.__module__], "assess_result", nothing)
