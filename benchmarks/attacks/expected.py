"""Laws of single attempts: input that must be read, and input that must be refused."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from .attempt import Box, Outcome

Check = Callable[[Box, Sequence[Outcome]], str | None]


def is_read(box: Box, outcomes: Sequence[Outcome]) -> str | None:
    """Every command succeeds: the input is unusual and valid."""
    codes = [outcome.code for outcome in outcomes]
    return None if all(code == 0 for code in codes) else f"it was not read (exit codes {codes})"


def is_refused(box: Box, outcomes: Sequence[Outcome]) -> str | None:
    """Every command ends with exit code 2, and so with one sentence (attempt.py)."""
    codes = [outcome.code for outcome in outcomes]
    return None if all(code == 2 for code in codes) else f"it was not refused (exit codes {codes})"
