"""The outputs of the encoder that the user's loop passes to `step`: their series, and the units of the losses.

The rules read losses as means over examples, in nats. Many scripts sum over the batch instead. The KL term that belongs to the
heads is known, so that its ratio to the loop's own KL term says which of both it is.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from saddlepoint.evaluation.monitors.codes import series_of_heads
from saddlepoint.experiment.watching.scalars import number_of
from saddlepoint.objectives.divergence import kl_standard_normal

SAME = 0.01  # relative difference up to which two KL terms are equal: the loop's may be of other weights or of mixed precision
AGREE, TRIED = 2, 10  # steps that must agree, of the first ones
KL = "vae/kl"
SUMS = ("vae/loss", "vae/reconstruction", KL)


class Heads:
    """Collects what the heads say.

    Attributes:
        per_example: factor from the loop's losses to those of one example.
        settled: whether the loop's KL term was compared with that of its heads.
        averaged_units: number of latent units that the loop's KL term is a mean over; 1 where it is their sum.
        multiple: of the KL term of one example that the loop's KL term is.
    """

    def __init__(self) -> None:
        """Start without any."""
        self.per_example = 1.0
        self.settled = False
        self.averaged_units, self.multiple = 1, 1.0
        self._tries = 0
        self._sums = self._means = self._unit_means = 0

    def compare(self, kl: object, mean: Tensor, log_variance: Tensor) -> None:
        """Compare the loop's KL term with that of its heads, (B, D) each; nothing changes once enough steps agree."""
        if self.settled or self._tries >= TRIED:
            return  # before anything is read from a device: this is called at every step
        value = number_of(kl)
        if not math.isfinite(value) or mean.shape != log_variance.shape or mean.ndim < 2 or len(mean) < 2:
            return
        self._tries += 1
        with torch.no_grad():
            expected = float(kl_standard_normal(mean.flatten(1).float(), log_variance.flatten(1).float()).mean())
        ratio = value / expected if expected else math.nan
        self._sums += math.isclose(ratio, len(mean), rel_tol=SAME)
        self._means += math.isclose(ratio, 1.0, rel_tol=SAME)
        units = mean[0].numel()
        self._unit_means += units > 1 and math.isclose(ratio, 1 / units, rel_tol=SAME)
        if self._sums >= AGREE:
            self.per_example, self.multiple, self.settled = 1 / len(mean), float(len(mean)), True
        elif self._unit_means >= AGREE:
            self.averaged_units, self.multiple, self.settled = units, 1 / units, True
        self.settled = self.settled or self._means >= AGREE

    def rescaled(self, values: dict[str, float]) -> dict[str, float]:
        """Return the values of a record with the losses of one example."""
        values = {name: value * self.per_example if name in SUMS else value for name, value in values.items()}
        return values | ({KL: values[KL] * self.averaged_units} if KL in values else {})


def heads_series(player: str, mean: Tensor, log_variance: Tensor) -> dict[str, Tensor]:
    """Return the series of the heads of one batch, (B, D) each; empty if their shapes differ."""
    if mean.shape != log_variance.shape or mean.ndim < 2:
        return {}
    with torch.no_grad():
        own = torch.ones(len(mean), dtype=torch.bool, device=mean.device)
        return series_of_heads(player, mean.detach().flatten(1).float(), log_variance.detach().flatten(1).float(), own)
