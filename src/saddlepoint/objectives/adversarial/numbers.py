"""Checks of the arguments of parts, which come from recipes and may be of any type."""

from __future__ import annotations

import math

from saddlepoint.errors import SettingError


def check_number(
    name: str, value: object, least: float = 0.0, *, exclusive: bool = False, below: float = math.inf
) -> None:
    """Check that an argument is a finite number in a range.

    Args:
        name: of the argument.
        value: to check.
        least: its smallest value.
        exclusive: whether the value must be above `least`.
        below: the value must be below this.

    Raises:
        SettingError: it is not such a number.
    """
    is_number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    if not is_number or value < least or (exclusive and value == least) or value >= below:  # type: ignore[operator]
        smallest = f"above {least:g}" if exclusive else f"of at least {least:g}"
        largest = f" and below {below:g}" if math.isfinite(below) else ""
        raise SettingError(f"{name} must be a finite number {smallest}{largest}; got {value!r}.")


def check_count(name: str, value: object, least: int = 1, most: int | None = None) -> None:
    """Check that an argument is a whole number in a range.

    Args:
        name: of the argument.
        value: to check.
        least: its smallest value.
        most: its largest value; None for any.

    Raises:
        SettingError: it is not such a number.
    """
    if type(value) is not int or value < least or (most is not None and value > most):
        limits = f"of at least {least}" if most is None else f"from {least} to {most:,}"
        raise SettingError(f"{name} must be a whole number {limits}; got {value!r}.")
