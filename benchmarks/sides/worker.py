"""A process that keeps one side warm and works on request: one JSON request a line in, one JSON answer a line out.

Each side has its own process, because what one leaves in the allocator changes how fast the other runs. Only one of them works at a
time; the others wait for their next line.

    python -m sides.worker '{"kind": "ours", "name": "s1", "tick": 50, "images": null}'
"""

from __future__ import annotations

import json
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import torch
from torch.profiler import ProfilerActivity, profile
from torch.utils.flop_counter import FlopCounterMode

PEAK_SIZE = 2048


class Everywhere:
    """In the place of a tracker of modules: all operators are counted together."""

    parents = ("Global",)

    def __enter__(self) -> None:
        """Do nothing."""

    def __exit__(self, *_: object) -> None:
        """Do nothing."""


class Peak:
    """The machine's own matrix multiplication, C = A B of square matrices."""

    precision = "both"

    def peak(self, repetitions: int, size: int = PEAK_SIZE) -> dict[str, float]:
        """The best of the repetitions after one to warm up, in operations a second (2 size^3 each)."""
        found = {}
        for name, dtype in (("fp32", torch.float32), ("bf16", torch.bfloat16)):
            a, b = torch.randn(size, size).to(dtype), torch.randn(size, size).to(dtype)
            times = []
            for _ in range(repetitions + 1):
                started = time.perf_counter()
                torch.mm(a, b)
                times.append(time.perf_counter() - started)
            found[name] = 2 * size**3 / min(times[1:])
        return found

    def close(self) -> None:
        """Nothing is open."""


class Worker:
    """Answers the requests; `side` does the work."""

    def __init__(self, side: Any, source: str) -> None:
        self.side = side
        self.source = source

    def block(self, n: int) -> dict[str, float]:
        """Seconds that n steps take."""
        started = time.perf_counter()
        self.side.steps(n)
        return {"seconds": time.perf_counter() - started}

    def facts(self, n: int) -> dict[str, Any]:
        """Evidence that two sides do the same: parameters by player, and the mean loss of each player over n steps."""
        return {
            "parameters": self.side.parameters(),
            "losses": self.side.losses(n),
            "precision": self.side.precision,
            "images": self.source,
        }

    def operations(self, n: int) -> dict[str, float]:
        """Floating-point operations a step, counted while n real steps run.

        FlopCounterMode sees every operator that is dispatched, forward and backward, and counts matrix multiplications and
        convolutions (a multiplication and an addition are two); elementwise work, BatchNorm and Adam are not counted.
        """
        counter = FlopCounterMode(display=False)
        # Its tracker of modules hooks into gradients, which torch refuses while a gradient penalty computes one.
        counter.mod_tracker = Everywhere()
        with counter:
            self.side.steps(n)
        return {"operations": counter.get_total_flops() / n}

    def shares(self, n: int, top: int) -> dict[str, Any]:
        """The operators that take most of the time of n steps themselves (without those they call), and the rest.

        Shares are of the wall time of the profiled steps. "outside operators" is Python and dispatch, which the profiler itself increases.
        """
        with profile(activities=[ProfilerActivity.CPU]) as profiler:
            started = time.perf_counter()
            self.side.steps(n)
            seconds = time.perf_counter() - started
        spent = {event.key: event.self_cpu_time_total / 1e6 for event in profiler.key_averages()}
        largest = sorted(spent.items(), key=lambda entry: -entry[1])[:top]
        shares = {name: own / seconds for name, own in largest}
        inside = sum(spent.values()) / seconds
        return {"shares": shares, "other operators": inside - sum(shares.values()), "outside operators": 1 - inside}

    def sampled(self, repetitions: int) -> dict[str, Any]:
        """Seconds of drawing and of writing, for each repetition."""
        times = [self.side.drawn_and_written() for _ in range(repetitions)]
        return {"times": times, "drawing": statistics.median(t["drawing"] for t in times)}

    def peak(self, repetitions: int, size: int = PEAK_SIZE) -> dict[str, float]:
        return dict(self.side.peak(repetitions, size))


def made(request: dict[str, Any], folder: Path) -> Worker:
    """The side that {"kind", ...} names; "images" limits their number.

    Only this side is imported, so that each process holds what its own side needs and no more.
    """
    kind = request["kind"]
    if kind == "peak":
        return Worker(Peak(), "")
    if kind == "sampling":
        from .sampling import Sampling

        return Worker(Sampling(folder, request["count"]), "")
    from . import pictures
    from .tasks import TASKS

    name = request["name"]
    task = TASKS[name]
    images, source = pictures.load(request["images"])
    torch.manual_seed(0)
    if kind == "ours":
        from .ours import Ours

        return Worker(Ours(task, images, folder, request["tick"]), source)
    if kind == "hand":
        from .hand import Hand

        return Worker(Hand(name, task, images, request["precision"]), source)
    from .published import Published

    return Worker(Published(name, task, images), source)


def main() -> None:
    # Nothing else may get between the answers.
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    with tempfile.TemporaryDirectory() as folder:
        worker = made(json.loads(sys.argv[1]), Path(folder))
        print(json.dumps({"precision": worker.side.precision}), file=answers, flush=True)
        for line in sys.stdin:
            request = json.loads(line)
            answer = getattr(worker, request.pop("do"))(**request)
            print(json.dumps(answer), file=answers, flush=True)
        worker.side.close()


if __name__ == "__main__":
    main()
