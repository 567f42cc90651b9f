"""What gpu.py measures, part by part. Each part yields rows of plain numbers as it goes on, so that one that is stopped keeps its rows.

Work on a GPU is asynchronous: before a clock is read, the host waits until the device is done.
"""

from __future__ import annotations

import math
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import torch

from . import dcgan64
from .dcgan64 import ATTEMPTS, EAGER, Attempt
from .hand import Hand
from .ours import Ours
from .tasks import Task

Row = dict[str, Any]
LONGEST = 160  # characters of a reason


@dataclass(frozen=True)
class Effort:
    """How much is measured.

    Attributes:
        width: channels next to the image.
        batch: images of a batch.
        images: in all.
        tick: steps between two records of our loop.
        warm_up: steps before the first measured one, at least.
        rounds: at most; a block of each side in every round.
        seconds: of a block.
        sizes: numbers of replicas.
        lane_seconds: of each measurement of replicas.
        preparing: seconds that an attempt may need before its first measured step.
    """

    width: int = 64
    batch: int = 128
    images: int = 5_120
    tick: int = 50
    warm_up: int = 20
    rounds: int = 20
    seconds: float = 0.2
    sizes: tuple[int, ...] = (1, 256, 4_096)
    lane_seconds: float = 2.0
    preparing: float = 15.0


QUICK = Effort(2, 4, 40, 2, 1, 2, 0.0, (2,), 0.0, 0.0)


@dataclass(frozen=True)
class Runner:
    """One side: trains for n steps, a multiple of `unit`, with cuDNN's repeatable kernels or with those that it found fastest."""

    steps: Callable[[int], None]
    unit: int = 1
    repeatable: bool = False


def loops(precision: str, device: torch.device, effort: Effort, deadline: float) -> Iterator[Row]:
    """Our loop and the loop by hand, with the fastest kernels and with those that our loop chooses; seconds a step."""
    report(f"our loop and the loop by hand, {precision}")
    task, images = dcgan64.task(effort.width, effort.batch), dcgan64.images(effort.images)
    with tempfile.TemporaryDirectory() as folder:
        ours = Ours(task, images, Path(folder), effort.tick, precision, str(device))
        try:
            fastest, repeatable = (_hand(EAGER, task, precision, device, effort) for _ in range(2))
            if ours.parameters() != fastest.parameters():
                raise RuntimeError(f"different networks: {ours.parameters()} and {fastest.parameters()}")
            runners = {
                "ours": Runner(ours.steps, effort.tick, repeatable=True),
                "by hand": Runner(fastest.steps),
                "repeatable": Runner(repeatable.steps, repeatable=True),
            }
            yield {"precision": precision, **alternate(runners, device, effort, deadline)}
        finally:
            ours.close()


def attempts(precision: str, device: torch.device, effort: Effort, deadline: float) -> Iterator[Row]:
    """Each form of the step in turn with the eager one; seconds a step of both."""
    task = dcgan64.task(effort.width, effort.batch)
    eager = Runner(_hand(EAGER, task, precision, device, effort).steps)
    for attempt in ATTEMPTS:
        row: Row = {"precision": precision, "title": attempt.title}
        if attempt is not EAGER and not attempt.everywhere and device.type != "cuda":
            yield row | {"problem": "needs CUDA"}
        elif time.monotonic() + effort.preparing > deadline and attempt is not EAGER:
            yield row | {"problem": "not measured: no time was left"}
        else:
            report(f"{attempt.title}, {precision}")
            yield row | _without_failure(partial(_attempt, attempt, task, precision, device, effort, deadline, eager))


def _attempt(
    attempt: Attempt,
    task: Task,
    precision: str,
    device: torch.device,
    effort: Effort,
    deadline: float,
    eager: Runner,
) -> Row:
    skipped = skipped_graphs()
    with fastest_kernels():
        started = time.perf_counter()
        hand = _hand(attempt, task, precision, device, effort)
        hand.steps(effort.warm_up)
        losses = hand.losses(1)
        prepared = time.perf_counter() - started
    if not all(map(math.isfinite, losses.values())):
        raise RuntimeError(f"the losses are not finite: {losses}")
    times = alternate({"eager": eager, "attempt": Runner(hand.steps)}, device, effort, deadline)
    return times | {"prepared": prepared, "skipped": skipped_graphs() - skipped}


def lanes(device: torch.device, effort: Effort, deadline: float) -> Iterator[Row]:
    """The game of lanes.py with several numbers of replicas, as it is and compiled."""
    from lanes import together

    for compiled in (False, True):
        for size in effort.sizes:
            row: Row = {"size": size, "compiled": compiled}
            if compiled and device.type != "cuda":
                yield row | {"problem": "needs CUDA here; lanes.py measures it on the processor"}
            elif time.monotonic() + effort.preparing > deadline and compiled:
                yield row | {"problem": "not measured: no time was left"}
            else:
                report(f"{size:,} replicas, {'compiled' if compiled else 'as they are'}")
                found = _without_failure(partial(together, size, compiled, effort.lane_seconds, str(device)))
                yield row | found | ({"problem": found["why_not"]} if found.get("why_not") else {})


def alternate(
    runners: Mapping[str, Runner], device: torch.device, effort: Effort, deadline: float
) -> dict[str, list[float]]:
    """Seconds a step of every runner, one entry a round: a block of each in every round, after a warm-up.

    Args:
        runners: by name.
        device: that is waited for.
        effort: of the measurement.
        deadline: of `time.monotonic`; at least two rounds are measured even after it.
    """
    sizes = {}
    for name, runner in runners.items():
        least = math.ceil(effort.warm_up / runner.unit) * runner.unit
        _block(runner, least, device)
        once = _block(runner, least, device)
        sizes[name] = max(math.ceil(effort.seconds / once / runner.unit), 1) * runner.unit
    times: dict[str, list[float]] = {name: [] for name in runners}
    for done in range(effort.rounds):
        if done >= 2 and time.monotonic() > deadline:
            break
        for name, runner in runners.items():
            times[name].append(_block(runner, sizes[name], device))
    return times


def _block(runner: Runner, n: int, device: torch.device) -> float:
    """Seconds a step, of n steps."""
    with fastest_kernels(not runner.repeatable):
        synchronise(device)
        started = time.perf_counter()
        runner.steps(n)
        synchronise(device)
        return (time.perf_counter() - started) / n


@contextmanager
def fastest_kernels(wanted: bool = True) -> Iterator[None]:
    """cuDNN times its kernels and takes the fastest; or else those that give the same result each time, as our loop does."""
    flags = torch.backends.cudnn
    before = flags.benchmark, flags.deterministic
    flags.benchmark, flags.deterministic = wanted, not wanted
    try:
        yield
    finally:
        flags.benchmark, flags.deterministic = before


def synchronise(device: torch.device) -> None:
    """Wait until all work on the device is done."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def skipped_graphs() -> int:
    """How many times the compiler has run a function without the CUDA graph that it was asked for."""
    try:
        from torch._dynamo.utils import counters
    except ImportError:
        return 0
    return int(counters["inductor"]["cudagraph_skips"])


def _hand(attempt: Attempt, task: Task, precision: str, device: torch.device, effort: Effort) -> Hand:
    torch.manual_seed(0)
    game = attempt.game(task, precision, device)
    return Hand(dcgan64.NAME, task, dcgan64.images(effort.images), precision, game=game)


def _without_failure(measure: Callable[[], Row]) -> Row:
    """What is measured, or the reason why it is not."""
    try:
        return measure()
    except Exception as error:
        report(reason(error))
        if torch.cuda.is_available():
            # A capture that failed may leave its stream as the current one.
            torch.cuda.set_stream(torch.cuda.default_stream())
            torch.cuda.empty_cache()
        return {"problem": reason(error)}


def reason(error: BaseException) -> str:
    """An error in one line, for a table."""
    text = " ".join(str(error).split()).replace("|", "/")
    return f"not measured: {type(error).__name__}: {text}"[:LONGEST].rstrip(" :")


def report(text: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {text} ...", file=sys.stderr, flush=True)
