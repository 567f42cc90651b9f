"""A tracker of Hugging Face Accelerate that watches the training whose numbers it is given."""

from __future__ import annotations

import atexit
from collections.abc import Mapping
from typing import Any

from accelerate.tracking import GeneralTracker

from saddlepoint.experiment.watching.watch import Watch
from saddlepoint.integrations.late_watch import LateWatch


class WatchTracker(GeneralTracker):
    """A tracker for `Accelerator(log_with=...)`: each `accelerator.log` is a `watch.step`.

    Example:
        >>> tracker = WatchTracker("runs/mine", players={"discriminator": D, "generator": G},
        ...                        sample=lambda n: G(torch.randn(n, 100)), steps=20_000)  # doctest: +SKIP
        >>> accelerator = Accelerator(log_with=tracker)  # doctest: +SKIP
        >>> accelerator.init_trackers("mine")  # doctest: +SKIP
        >>> accelerator.log({"d_loss": d_loss, "g_loss": g_loss}, step=step)  # doctest: +SKIP
        >>> accelerator.end_training()  # doctest: +SKIP

    References:
        Hugging Face Accelerate, "Experiment trackers" (2026). https://huggingface.co/docs/accelerate/usage_guides/tracking
    """

    name = "saddlepoint"
    requires_logging_directory = False
    main_process_only = False  # `sp.watch` itself records in the first process alone

    def __init__(self, run: Any = None, *, names: Mapping[str, str] | None = None, **arguments: Any) -> None:
        """Prepare; the recording begins with `Accelerator.init_trackers`.

        Args:
            run: the folder of the run.
            names: keywords of `watch.step` by the names that you log, where the guess is wrong: `{"adv": "g_loss"}`.
            **arguments: of `sp.watch`. Networks are those that you pass to `accelerator.prepare`.

        Raises:
            SettingError: an argument is invalid.
        """
        super().__init__()
        self._late = LateWatch(run, names, arguments)
        self._step = 0

    @property
    def watch(self) -> Watch | None:
        """The object of `sp.watch`: its findings, verdict and `should_stop`; None before `Accelerator.init_trackers`."""
        return self._late.watch

    @property
    def tracker(self) -> Watch | None:
        """What `accelerator.get_tracker("saddlepoint", unwrap=True)` returns."""
        return self.watch

    def start(self) -> None:
        """Begin the recording, when Accelerate has begun its processes."""
        if self._late.begin():
            self._step = 0
        # An error in the loop does not reach trackers; the folder is completed nevertheless.
        atexit.register(self._late.end, RuntimeError("The training ended without accelerator.end_training()."))

    def log(self, values: dict[str, Any], step: int | None = None, **unused: Any) -> None:
        """Record the numbers of the steps since the last call.

        Args:
            values: numbers by name; others, such as texts and pictures, are left out.
            step: the number of this step in the loop; None for the one after the last. Values at an earlier step, such as the number of an
                epoch, are added to the last one.
            **unused: further arguments of other trackers.
        """
        count = 1 if step is None else max(int(step) - self._step, 0)
        self._step += count
        self._late.advance(count, values)

    def finish(self) -> None:
        """End the recording, as `accelerator.end_training()` asks."""
        atexit.unregister(self._late.end)
        self._late.end()
