"""Whether other programs use the machine: how many cores are busy now. (The load average describes the past minute.)"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

LIMIT = 0.5  # cores
PATIENCE = 60.0  # seconds
WINDOW = 2.0  # seconds


def measurable(*, anyway: bool) -> float | None:
    """Busy cores before a measurement; None, with a sentence on stderr, where they are too many even after waiting.

    Args:
        anyway: do not wait, and accept any number (`--quick`, `--force`); the sentence is then a warning.
    """
    busy = busy_cores() if anyway else awaited_quiet()
    if busy <= LIMIT:
        return busy
    said = "do not trust what follows." if anyway else "measure when the machine is quiet, or say --force."
    print(f"{busy:.1f} cores are busy with other work (limit {LIMIT:g}): {said}", file=sys.stderr, flush=True)
    return busy if anyway else None


def busy_cores(seconds: float = WINDOW) -> float:
    """Mean number of busy cores over the next `seconds`; the load average where the system does not count them."""
    before = _counted()
    if before is None:
        return os.getloadavg()[0]
    time.sleep(seconds)
    after = _counted()
    assert after is not None
    work, total = (b - a for a, b in zip(before, after, strict=True))
    return (os.cpu_count() or 1) * work / max(total, 1)


def awaited_quiet(limit: float = LIMIT, patience: float = PATIENCE, window: float = WINDOW) -> float:
    """`busy_cores` once it is at most `limit`, or the last value when `patience` seconds have passed."""
    started, said = time.monotonic(), False
    while (busy := busy_cores(window)) > limit and time.monotonic() - started < patience:
        if not said:
            print(
                f"{busy:.1f} cores are busy: waiting up to {patience:.0f} s for quiet ...", file=sys.stderr, flush=True
            )
            said = True
    return busy


def _counted() -> tuple[int, int] | None:
    """Ticks in which a core was busy, and all ticks, since the machine started; None without /proc/stat."""
    try:
        fields = Path("/proc/stat").read_text("ascii").split("\n", 1)[0].split()
    except OSError:
        return None
    # user, nice, system, idle, waiting for disks, interrupts ...; the last two, guests, are within user and nice.
    ticks = [int(field) for field in fields[1:9]]
    return sum(ticks) - ticks[3] - ticks[4], sum(ticks)
