"""Hooks run inside the user's training: an error of ours there must not stop it."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, Protocol


class CanFail(Protocol):
    """An observer.

    Attributes:
        failed: the first error of one of its hooks, after which none of them does anything; None without one.
    """

    failed: Exception | None


def harmless(hook: Callable[..., None]) -> Callable[..., None]:
    """Return a method that keeps the exception that it would raise, and does nothing after that."""

    @functools.wraps(hook)
    def guarded(observer: CanFail, *arguments: Any) -> None:
        if observer.failed is not None:
            return
        try:
            hook(observer, *arguments)
        except Exception as error:
            observer.failed = error

    return guarded
