"""Limits of the numbers that methods for games take, checked when a method is created."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import fields
from typing import Any

from saddlepoint.errors import SettingError

# By the method's field: what its numbers must be, in words and as a test.
LIMITS: dict[str, tuple[str, Callable[[float], bool]]] = {
    "rate": ("finite and above 0", lambda rate: 0 < rate < math.inf),
    "weight": ("finite and at least 0", lambda weight: 0 <= weight < math.inf),
    "betas": ("in [0, 1)", lambda beta: 0 <= beta < 1),
    "epsilon": ("finite and above 0", lambda epsilon: 0 < epsilon < math.inf),
    "every": ("a whole number of steps, at least 1", lambda every: every >= 1 and every == int(every)),
    "share": ("in (0, 1]", lambda share: 0 < share <= 1),
}


class Limited:
    """A mixin for dataclasses that raises SettingError if a field is outside its LIMITS."""

    def __post_init__(self) -> None:
        for field in fields(self):  # type: ignore[arg-type]
            if field.name in LIMITS:
                words, fits = LIMITS[field.name]
                value: Any = getattr(self, field.name)
                for number in value if isinstance(value, tuple | list) else (value,):
                    if not fits(number):
                        raise SettingError(f"{type(self).__name__}: {field.name} must be {words}, got {number!r}.")
