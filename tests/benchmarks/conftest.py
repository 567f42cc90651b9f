"""Benchmarks are programs in a folder: its modules are imported as they import each other."""

from __future__ import annotations

import pytest

from tests.benchmarks.program import BENCHMARKS


@pytest.fixture(autouse=True)
def importable_benchmarks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
