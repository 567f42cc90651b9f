"""A benchmark as it is started: in a process of its own."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests import processes

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
RESULTS = BENCHMARKS / "RESULTS.md"


def run(name: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """The benchmark `name` with these arguments, and with `environment` over what is set."""
    return processes.run(BENCHMARKS / f"{name}.py", *arguments, environment=environment)
