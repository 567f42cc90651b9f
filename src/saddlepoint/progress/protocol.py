"""What work calls while it runs."""

from __future__ import annotations

from collections.abc import Callable, Sequence

Report = Callable[[str, float], None]
"""A function of what is being done, and of the share of all the work that is done, from 0 to 1."""

Words = str | Sequence[tuple[int, str]]
"""What is shown beside the position: a text, or parts with their importance, as `fit_width` takes them."""


class Progress:
    """Receives the progress of one piece of work. This class ignores it; subclasses show it."""

    def start(self, total: float = 1.0, done: float = 0.0) -> None:
        """The work begins, or begins again.

        Args:
            total: amount of work, in any unit.
            done: amount that is done already.
        """

    def advance(self, done: float, words: Words = "", left: float | None = None) -> None:
        """The work is further than before.

        Args:
            done: amount done so far, not since the last call.
            words: what is being done, or what it has come to.
            left: seconds left, where the caller knows better than the average speed so far.
        """

    def note(self, text: str) -> None:
        """Something that the user should read, and that stays visible."""

    def finish(self) -> None:
        """The work is over, or was interrupted."""


class Tally:
    """Counts parts of work of different lengths and reports the share done of them all.

    Args:
        total: amount of work of all parts together, in any unit.
        report: called after every change; None for nobody.
    """

    def __init__(self, total: float, report: Report | None) -> None:
        self._total, self._done, self._what, self._report = total, 0.0, "", report

    def start(self, what: str) -> None:
        """The part named `what` begins."""
        self._what = what
        self._send()

    def advance(self, amount: float) -> None:
        """This much more of the total is done."""
        self._done += amount
        self._send()

    def within(self, amount: float) -> Report:
        """A function for work that names its own parts: their share counts as share of the next `amount` of the total.
        Call `advance(amount)` afterwards."""

        def report(what: str, share: float) -> None:
            self._what = what
            self._send(amount * share)

        return report

    def finish(self) -> None:
        """Everything is done, including parts that turned out not to apply."""
        self._what, self._done = "Done", self._total
        self._send()

    def _send(self, more: float = 0.0) -> None:
        if self._report is not None:
            self._report(self._what, min(1.0, (self._done + more) / self._total))
