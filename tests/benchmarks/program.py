"""A benchmark as it is started: in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
RESULTS = BENCHMARKS / "RESULTS.md"


def run(name: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """The benchmark `name` with these arguments, and with `environment` over what is set."""
    return subprocess.run(
        [sys.executable, BENCHMARKS / f"{name}.py", *arguments],
        capture_output=True,
        text=True,
        timeout=500,
        check=False,
        env={**os.environ, **environment},
    )
