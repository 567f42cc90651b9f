"""How long work will still take, from how long the work so far took.

All times come in as arguments (seconds of one monotonic clock), so that estimates can be tested without waiting.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

LEAST_SECONDS, LEAST_SHARE = 3.0, 0.01  # before both, an estimate would be a guess
RECENT = 40  # ticks over which speed is measured: enough for pictures and checkpoints to be part of it


class Speed:
    """Recent speed of counted work, as the user's clock sees it: pictures, measurements and checkpoints included."""

    def __init__(self) -> None:
        self._ticks: deque[tuple[int, float]] = deque(maxlen=RECENT)

    def tick(self, count: int, now: float) -> None:
        """`count` steps are done at `now` seconds."""
        self._ticks.append((count, now))

    @property
    def per_second(self) -> float | None:
        """Steps per second over the last ticks; None before there are two."""
        if len(self._ticks) < 2:
            return None
        (first, start), (last, end) = self._ticks[0], self._ticks[-1]
        return (last - first) / (end - start) if end > start else None


class TimeLeft:
    """Time left of several parts that are worked on in any order, also in parallel.

    The clock starts with the first progress that is reported: loading and compiling before it happen once.

    Args:
        works: amount of work of each part, in any unit: only their ratios matter.
        least_seconds, least_share: there is no estimate before this much time has passed and this share was done.
    """

    def __init__(
        self,
        works: Sequence[float] = (1.0,),
        *,
        least_seconds: float = LEAST_SECONDS,
        least_share: float = LEAST_SHARE,
    ) -> None:
        self._works, self._shares = list(works), [0.0] * len(works)
        self._first: tuple[float, float] | None = None
        self._started: dict[int, tuple[float, float]] = {}
        self._least_seconds, self._least_share = least_seconds, least_share

    def advance(self, part: int, share: float, now: float) -> None:
        """`share` of this part is done at `now` seconds; 0 where it starts again."""
        self._shares[part] = share
        if share == 0:
            self._started.pop(part, None)
            return
        self._started.setdefault(part, (now, share))
        self._first = self._first or (now, self.share)

    @property
    def share(self) -> float:
        """The share of all the work that is done, in [0, 1]."""
        total = sum(self._works)
        return sum(w * s for w, s in zip(self._works, self._shares, strict=True)) / total if total else 1.0

    def seconds_left(self, now: float) -> float | None:
        """Seconds left at `now`; None while too little is done for an estimate.

        At least the time that the slowest part under way needs at its own speed: near the end, workers that have finished
        cannot help it.
        """
        if self._first is None:
            return None
        since, before = self._first
        spent, done = now - since, self.share - before
        if spent < self._least_seconds or done < self._least_share:
            return None
        own = [
            (now - started) * (1 - self._shares[part]) / (self._shares[part] - first)
            for part, (started, first) in self._started.items()
            if first < self._shares[part] < 1
        ]
        return max([spent * (1 - self.share) / done, *own])


def clock(seconds: float) -> str:
    """Seconds as a clock shows them: "0:42", "12:05", "3:00:00"."""
    minutes, rest = divmod(round(max(seconds, 0.0)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
