"""A part that cannot be measured is skipped with its reason; the others are not lost for it.

Scores run the user's code: networks, losses, features. It may raise any exception, and that concerns one part, while
measuring the others took minutes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def try_measure(measure: Callable[[], T]) -> tuple[T | None, str]:
    """The result of `measure()` and an empty text; or None and what went wrong, with the type of the exception."""
    try:
        return measure(), ""
    except Exception as error:
        return None, not_measured(error)


def not_measured(error: Exception) -> str:
    """The reason to show for an exception that is not one of ours."""
    return f"it could not be measured: {type(error).__name__}: {error}"
