"""Time left, by the work done so far: what was done in the time that has passed, all workers together."""

from __future__ import annotations

from collections.abc import Sequence

LEAST_SECONDS, LEAST_SHARE = 3.0, 0.01  # before them any number would be a guess


class Pace:
    """Shares of cells done, weighed by their work (any unit: what counts is how they compare).

    The clock runs from the first news: what came before, loading and compiling, is not done again.
    """

    def __init__(self, works: Sequence[float]) -> None:
        self._works, self._shares = list(works), [0.0] * len(works)
        self._first: tuple[float, float] | None = None
        self._begun: dict[int, tuple[float, float]] = {}

    def advance(self, cell: int, share: float, now: float) -> None:
        """The cell is so far at `now` seconds; back at 0 where it starts again."""
        self._shares[cell] = share
        if share == 0:
            self._begun.pop(cell, None)
            return
        self._begun.setdefault(cell, (now, share))
        self._first = self._first or (now, self.share)

    @property
    def share(self) -> float:
        """Of all the work, in [0, 1]."""
        total = sum(self._works)
        return sum(w * s for w, s in zip(self._works, self._shares, strict=True)) / total if total else 1.0

    def seconds_left(self, now: float) -> float | None:
        """None while too little is done to tell. At least what the slowest cell under way still needs by its own pace:
        at the end the others have nothing left to help it with."""
        if self._first is None:
            return None
        since, before = self._first
        spent, done = now - since, self.share - before
        if spent < LEAST_SECONDS or done < LEAST_SHARE:
            return None
        own = [
            (now - begun) * (1 - self._shares[cell]) / (self._shares[cell] - first)
            for cell, (begun, first) in self._begun.items()
            if first < self._shares[cell] < 1
        ]
        return max([spent * (1 - self.share) / done, *own])
