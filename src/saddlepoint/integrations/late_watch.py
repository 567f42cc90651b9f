"""An `sp.watch` that begins and ends when another library says so, and gets numbers under the names that its loop logs."""

from __future__ import annotations

import itertools
import numbers
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from torch import Tensor

from saddlepoint.experiment.watching.start import watch
from saddlepoint.experiment.watching.watch import Watch
from saddlepoint.integrations.keywords import Keywords


class LateWatch:
    """Begins the recording when networks are on their devices and processes of a distributed training know each other.

    Attributes:
        watch: the object of `sp.watch`; None before the recording has begun.
    """

    def __init__(self, run: Any, names: Mapping[str, str] | None, arguments: Mapping[str, Any]) -> None:
        """Check the arguments, so that a mistake is reported before data are prepared.

        Args:
            run: the folder of the run; None for the next free one.
            names: keywords of `watch.step` by the names that the loop logs, as the user wrote them.
            arguments: of `sp.watch`.

        Raises:
            SettingError: an argument is invalid.
        """
        watch(run, **arguments)
        self.watch: Watch | None = None
        self._run, self._arguments = run, arguments
        self._keywords = Keywords(names, arguments)
        self._is_open = False

    def begin(self, **defaults: Any) -> bool:
        """Begin the recording, unless it is under way. A training after the first one is a run of its own, with a number: runs/mine-2.

        Args:
            **defaults: arguments of `sp.watch` that count where the user gave none.

        Returns:
            Whether it was not under way.
        """
        if self._is_open:
            return False
        run, arguments = self._run, {**defaults, **self._arguments}
        if self.watch is not None and run is not None:
            run = next(place for n in itertools.count(2) if not (place := Path(f"{run}-{n}")).exists())
        begun = watch(run, **arguments)
        begun.__enter__()
        self.watch, self._is_open = begun, True
        return True

    def advance(self, steps: int, values: Mapping[str, Any]) -> None:
        """Record steps; nothing happens before `begin` and after `end`.

        Args:
            steps: how many were done since the last call.
            values: numbers by the names that the loop logs.
        """
        if self._is_open and self.watch is not None:
            translated = self._keywords.translate({name: value for name, value in values.items() if is_number(value)})
            self.watch.advance(steps, **translated)

    def end(self, error: BaseException | None = None) -> None:
        """End the recording, unless it has ended.

        Args:
            error: that ended the training.
        """
        if self._is_open and self.watch is not None:
            self._is_open = False
            self.watch.__exit__(type(error) if error else None, error, None)

    @property
    def should_stop(self) -> bool:
        """Whether a finding of `stop_on` has opened."""
        return self.watch is not None and self.watch.should_stop


def is_number(value: Any) -> bool:
    """Whether a logger's value is a number, or an array or tensor of numbers; texts, pictures and tables are none."""
    if isinstance(value, Tensor):
        return value.numel() > 0 and not value.is_complex()
    if isinstance(value, np.ndarray):
        return value.size > 0 and value.dtype.kind in "biuf"
    return isinstance(value, numbers.Real)
