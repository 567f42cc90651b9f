"""The place for `sp.watch` in a script: without it, nothing is watched."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

Watching = Callable[..., contextlib.AbstractContextManager[Any]]


class Unwatched:
    """Takes what `sp.watch` takes, and does nothing."""

    def step(self, **scalars: Any) -> None:
        """Do nothing."""


def unwatched(**arguments: Any) -> contextlib.AbstractContextManager[Unwatched]:
    """A `with` block that does nothing.

    Args:
        **arguments: of `sp.watch`.
    """
    return contextlib.nullcontext(Unwatched())
