"""Gymnasium, which is imported only where it is needed, because it is optional."""

from __future__ import annotations

from typing import Any

from saddlepoint.errors import MissingExtraError


def gymnasium() -> Any:
    """The package gymnasium.

    Raises:
        MissingExtraError: it is not installed.
    """
    try:
        import gymnasium as package
    except ModuleNotFoundError as error:
        if error.name != "gymnasium":
            raise
        raise MissingExtraError("gymnasium", "rl", "A simulator of a task (simulate)") from None
    return package
