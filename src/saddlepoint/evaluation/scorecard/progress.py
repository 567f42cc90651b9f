"""How far an assessment has come, for whoever waits."""

from __future__ import annotations

from collections.abc import Callable

Progress = Callable[[str, float], None]
"""What is being done, and the share that is done, from 0 to 1."""


class Tally:
    """Counts parts of work of different length: `begin` names the next and how much of it there is, `advance` does some."""

    def __init__(self, total: float, listener: Progress | None) -> None:
        self._total, self._done, self._what, self._listener = total, 0.0, "", listener

    def begin(self, what: str) -> None:
        """From here on this is being done."""
        self._what = what
        self._tell()

    def advance(self, amount: float) -> None:
        """So much of the total more is done."""
        self._done += amount
        self._tell()

    def within(self, amount: float) -> Progress:
        """For work that names and shares out its own parts: hears these, as parts of the next `amount` of the total.
        Follow it with `advance(amount)`."""

        def tell(what: str, share: float) -> None:
            self._what = what
            self._tell(amount * share)

        return tell

    def end(self) -> None:
        """All is done, also what turned out not to apply."""
        self._what, self._done = "Done", self._total
        self._tell()

    def _tell(self, more: float = 0.0) -> None:
        if self._listener is not None:
            self._listener(self._what, min(1.0, (self._done + more) / self._total))
