"""The scalars that the user's loop passes to `step`: their means over a tick.

Tensors stay on their device until the end of the tick, when one transfer brings all of them to the host.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch
from torch import Tensor

from saddlepoint.arguments import shown
from saddlepoint.errors import SettingError

RAW = ("real_logits", "fake_logits", "mean", "log_variance")  # tensors that series are computed from
MOST_NAMES = 500  # a loop that makes new names at every step would fill the memory


def number_of(value: Any) -> float:
    """Return a number, or the mean of a tensor; NaN for others."""
    try:
        return float(value.detach().float().mean()) if isinstance(value, Tensor) else float(value)
    except (TypeError, ValueError):
        return math.nan


class Scalars:
    """Collects scalars by series, and returns their means."""

    def __init__(self) -> None:
        """Start without any."""
        self._tensors: dict[str, list[Tensor]] = {}
        self._numbers: dict[str, list[float]] = {}

    def add(self, series: str, value: Any) -> None:
        """Add a value.

        Args:
            series: its name.
            value: a number, or a tensor or array, of which the mean counts; an empty one is left out.

        Raises:
            SettingError: it is no number, or there are too many names.
        """
        if isinstance(value, Tensor):
            if not value.numel():
                return
            scalar = value.detach()
            # A copy: the loop may add to the same tensor in its next step.
            scalar = scalar.clone() if scalar.numel() == 1 else scalar.float().mean()
            self._list(self._tensors, series).append(scalar)
            return
        try:
            array = np.asarray(value, dtype=float)
            if not array.size:
                return
            number = float(array.mean())
        except (TypeError, ValueError, RuntimeError):  # the last one of a list of tensors with gradients
            raise SettingError(f"watch.step: {series} is {shown(value)}; give a number or a tensor.") from None
        self._list(self._numbers, series).append(number)

    def _list(self, lists: dict[str, list[Any]], series: str) -> list[Any]:
        if series not in lists and len(self._tensors) + len(self._numbers) >= MOST_NAMES:
            raise SettingError(
                f"watch.step: more than {MOST_NAMES} different names were given; use the same names at every step."
            )
        return lists.setdefault(series, [])

    def means(self) -> dict[str, float]:
        """Return the mean of each series since the last call, and forget the values."""
        means = {name: float(np.mean(values)) for name, values in self._numbers.items() if values}
        by_device: dict[torch.device, dict[str, list[Tensor]]] = {}
        for name, values in self._tensors.items():
            if values:
                by_device.setdefault(values[0].device, {})[name] = values
        for filled in by_device.values():
            gathered = torch.stack(
                [value.reshape(()).float().to(values[0].device) for values in filled.values() for value in values]
            )
            parts = torch.split(gathered.cpu().double(), [len(values) for values in filled.values()])
            means |= {name: float(part.mean()) for name, part in zip(filled, parts, strict=True)}
        for tensors in self._tensors.values():
            tensors.clear()
        for numbers in self._numbers.values():
            numbers.clear()
        return means
