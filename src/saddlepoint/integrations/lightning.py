"""A callback of Lightning that watches the training of a LightningModule."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from torch import Tensor

from saddlepoint.experiment.watching.watch import Watch
from saddlepoint.integrations.late_watch import LateWatch

try:  # `lightning` and `pytorch-lightning` are one library under two names
    from lightning.pytorch import Callback
except ImportError:
    from pytorch_lightning import Callback

PER_EPOCH = "_epoch"  # ends the name of the mean of an epoch, beside that of a step
PER_STEP = "_step"


class WatchCallback(Callback):
    """A callback for `Trainer(callbacks=[...])`: each training batch after which an optimiser moved is a `watch.step`.

    It records what the LightningModule logs by `self.log`, what `training_step` returns, and what the hooks of `sp.watch` observe; it
    stops the trainer where `watch.should_stop` says so.

    Example:
        >>> gan = GAN()  # a LightningModule, with manual or automatic optimisation  # doctest: +SKIP
        >>> callback = WatchCallback("runs/mine", players={"discriminator": gan.D, "generator": gan.G}, data=images,
        ...                          sample=lambda n: gan(torch.randn(n, 100, device=gan.device)))  # doctest: +SKIP
        >>> Trainer(callbacks=[callback]).fit(gan, loader)  # doctest: +SKIP
        >>> print(callback.watch.verdict)  # doctest: +SKIP

    References:
        Lightning, "Callback" (2026). https://lightning.ai/docs/pytorch/stable/extensions/callbacks.html
    """

    def __init__(self, run: Any = None, *, names: Mapping[str, str] | None = None, **arguments: Any) -> None:
        """Prepare; the recording begins with the training.

        Args:
            run: the folder of the run.
            names: keywords of `watch.step` by the names that you log, where the guess is wrong: `{"adv": "g_loss"}`.
            **arguments: of `sp.watch`. Without `steps`, the trainer says how many there are, where it knows.

        Raises:
            SettingError: an argument is invalid.
        """
        super().__init__()
        self._late = LateWatch(run, names, arguments)
        self._moved = 0  # steps of optimisers when the last batch ended
        self._trained: set[str] = set()  # names that training logs
        self._before: dict[str, Any] = {}  # what was logged before a validation
        self._of_validation: dict[str, Any] = {}  # what the last validation logged: the trainer goes on to report it
        self._new: dict[str, Any] = {}  # of a validation, until the next step is recorded

    @property
    def watch(self) -> Watch | None:
        """The object of `sp.watch`: its findings and verdict; None before training."""
        return self._late.watch

    def on_train_start(self, trainer: Any, pl_module: Any) -> None:
        """Begin the recording, when networks are on their device and optimisers exist."""
        self._late.begin(steps=steps_of(trainer))
        self._moved = trainer.global_step
        self._new = {}  # of a validation before

    def on_train_batch_end(self, trainer: Any, pl_module: Any, outputs: Any, batch: Any, batch_idx: int) -> None:
        """Record a step, unless gradients were only accumulated."""
        if trainer.global_step == self._moved:
            return
        self._moved = trainer.global_step
        logged = _changed(trainer.callback_metrics, self._of_validation)
        self._trained |= logged.keys()
        # What is logged comes first: a returned loss is the same number again.
        values = {**logged, **self._new}
        values |= {name: value for name, value in _returned(outputs, trainer).items() if name not in values}
        self._late.advance(1, _of_steps(values))
        self._new = {}
        if trainer.world_size == 1:  # the first process of several decides together with the others, once in an epoch
            trainer.should_stop = trainer.should_stop or self._late.should_stop

    def on_train_epoch_end(self, trainer: Any, pl_module: Any) -> None:
        """Decide together with the other processes whether to stop."""
        if trainer.world_size > 1:
            stops = trainer.strategy.reduce_boolean_decision(self._late.should_stop, all=False)
            trainer.should_stop = trainer.should_stop or stops

    def on_validation_start(self, trainer: Any, pl_module: Any) -> None:
        """Remember what was logged before."""
        self._before = dict(trainer.callback_metrics)

    def on_validation_end(self, trainer: Any, pl_module: Any) -> None:
        """Keep what validation logged for the next step; a name that training logs too is that of the held-out number there."""
        if not trainer.sanity_checking:
            self._of_validation = _changed(trainer.callback_metrics, self._before)
            self._new = {
                f"val_{name}" if name in self._trained else name: value for name, value in self._of_validation.items()
            }

    def on_train_end(self, trainer: Any, pl_module: Any) -> None:
        """End the recording."""
        self._late.end()

    def on_exception(self, trainer: Any, pl_module: Any, exception: BaseException) -> None:
        """End the recording of a training that was interrupted or failed."""
        self._late.end(exception)


def steps_of(trainer: Any) -> int | None:
    """Return for how many batches with an update a trainer will still train; None where it does not know.

    Args:
        trainer: of Lightning.
    """
    batches, epochs = trainer.num_training_batches, trainer.max_epochs
    counts = []
    if epochs is not None and epochs > 0 and math.isfinite(batches):
        left = max(epochs - trainer.current_epoch, 0)  # a training that is resumed has done some
        counts.append(math.ceil(batches / trainer.accumulate_grad_batches) * left)
    if trainer.max_steps > 0 and trainer.lightning_module.automatic_optimization:  # else each optimiser's step counts
        counts.append(max(trainer.max_steps - trainer.global_step, 0))
    return min(counts, default=0) or None


def _changed(now: Mapping[str, Any], before: Mapping[str, Any]) -> dict[str, Any]:
    """What was logged since `before`: the trainer keeps the objects of numbers that were not logged again."""
    return {name: value for name, value in now.items() if value is not before.get(name)}


def _returned(outputs: Any, trainer: Any) -> dict[str, Any]:
    """The scalars that `training_step` returned."""
    outputs = {"loss": outputs} if isinstance(outputs, Tensor) else outputs
    if not isinstance(outputs, Mapping):
        return {}
    scalars = {
        name: value
        for name, value in outputs.items()
        if isinstance(value, float) or (isinstance(value, Tensor) and value.numel() == 1)
    }
    parts = trainer.accumulate_grad_batches
    if "loss" in scalars and parts > 1 and trainer.lightning_module.automatic_optimization:
        scalars["loss"] = scalars["loss"] * parts  # Lightning has divided it
    return scalars


def _of_steps(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values of steps, without the means of epochs that are logged beside them."""
    return {name.removesuffix(PER_STEP): value for name, value in values.items() if not name.endswith(PER_EPOCH)}
