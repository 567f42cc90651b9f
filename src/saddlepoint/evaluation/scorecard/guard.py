"""A score that cannot be measured is skipped and said with its reason; the others are not lost for it.

Scores run code of the user's: networks, losses, features. What fails there may be any exception, and it belongs to one
score, while measuring the others took minutes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from saddlepoint.evaluation.scorecard.scorecard import Score, Skipped

T = TypeVar("T")
Found = tuple[list[Score], list[Skipped]]


def or_skipped(key: str, title: str, measure: Callable[[], Found]) -> Found:
    """What `measure()` gives; where it fails, no score, and why under `key` and `title`."""
    found, reason = try_measure(measure)
    return ([], [Skipped(key, title, reason)]) if found is None else found


def try_measure(measure: Callable[[], T]) -> tuple[T | None, str]:
    """What `measure()` gives and an empty text; or None and what went wrong, with the type of the exception."""
    try:
        return measure(), ""
    except Exception as error:
        return None, f"it could not be measured: {type(error).__name__}: {error}"
