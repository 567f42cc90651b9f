"""Two sides in turn: their processes, the blocks of steps, and the ratios of each pair of blocks."""

from __future__ import annotations

import json
import math
import os
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

BENCHMARKS = Path(__file__).resolve().parents[1]
# After their last parallel region OpenMP's threads spin for some milliseconds; the next side should not feel that.
PAUSE = 0.02


class Side:
    """A worker process (see `worker.py`): `side.ask("block", n=50)`."""

    def __init__(self, **request: Any) -> None:
        path = os.pathsep.join(filter(None, (str(BENCHMARKS), os.environ.get("PYTHONPATH"))))
        self._process = subprocess.Popen(
            [sys.executable, "-m", "sides.worker", json.dumps(request)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": path},
        )
        self._what = f"{request['kind']} {request.get('name', '')}".strip()
        self.precision: str = self._answer()["precision"]

    def ask(self, what: str, **arguments: Any) -> dict[str, Any]:
        """The answer to one request.

        Raises:
            RuntimeError: the process ended instead.
        """
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"do": what, **arguments}) + "\n")
        self._process.stdin.flush()
        return self._answer()

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(
                f"the process of {self._what} ended with {self._process.wait()}; its own words are above."
            )
        answer: dict[str, Any] = json.loads(line)
        return answer

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        if kind is not None:
            self._process.kill()
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()


@dataclass(frozen=True)
class Blocks:
    """Seconds a step of both sides, one entry a pair."""

    ours: list[float]
    other: list[float]

    def ratios(self, *, speedup: bool) -> list[float]:
        """Times ours / other, pair by pair; for a speed-up, the inverse."""
        return [b / a if speedup else a / b for a, b in zip(self.ours, self.other, strict=True)]


def quartiles(values: list[float]) -> tuple[float, float, float]:
    """Lower quartile, median, upper quartile."""
    if len(values) < 2:
        return values[0], values[0], values[0]
    low, middle, high = statistics.quantiles(values, n=4, method="inclusive")
    return low, middle, high


def alternate(ours: Side, other: Side, pairs: int, tick: int, seconds: float, warm_up: float) -> Blocks:
    """`pairs` times a block of ours and a block of the other, each of about `seconds`, ours in whole ticks of `tick`."""
    sides = ((ours, tick), (other, 1))
    sizes = []
    for side, unit in sides:
        once = 0.0
        started = time.perf_counter()
        while once == 0.0 or time.perf_counter() - started < warm_up:
            once = side.ask("block", n=tick)["seconds"] / tick
        sizes.append(max(math.ceil(seconds / once / unit), 1) * unit)
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(pairs):
        for (side, _), n, taken in zip(sides, sizes, times, strict=True):
            time.sleep(PAUSE)
            taken.append(side.ask("block", n=n)["seconds"] / n)
    return Blocks(*times)
