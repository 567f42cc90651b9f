"""Steps to convergence of GANs on one-dimensional data, for many replicas at once.

A replica is good at a check if the Wasserstein-1 distance of its samples to the data is below 0.1 of the data's standard
deviation and every mode holds at least half its mass. It has converged after 5 good checks in a row; the step of the fifth is
its time to convergence. A replica that has not converged by the end of its run is censored: its time is NaN.

The data must be a mixture of equal Gaussians on a line. Its quantiles are exact, and samples are made from equally spaced
quantiles of the noise, so the distance has no random error: it is the mean difference of sorted samples and quantiles.

Checks come every `every` steps at first and then less and less often, so that 5 of them span about an eighth to a quarter of
the steps so far (`due`): the resolution of times is proportional to them, a lucky moment late in a run does not count as
convergence, and the cost of checks does not grow with the length of the run.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from saddlepoint.data.dataset import Dataset
from saddlepoint.errors import SettingError
from saddlepoint.lanes import Replicas

DISTANCE = 0.1  # of the data's standard deviation
MASS = 0.5  # of the mode's own mass
CHECKS = 5  # in a row
RADIUS = 3.0  # standard deviations within which a sample belongs to a mode, as in evaluation.modes
FIRST_SPACING_CHECKS = 32  # checks with the first spacing; each further spacing is twice as wide and has half as many
POINTS, POINTS_PER_MODE = 128, 16  # samples per replica, at least


def due(step: int, every: int = 1) -> bool:
    """Whether a check is due after `step` steps.

    Checks are at all multiples of `every` up to 32 `every`, then of 2 `every` up to 64 `every`, of 4 `every` up to
    128 `every`, and so on.

    Args:
        step: number of steps so far.
        every: steps between the first checks, 1 or more.
    """
    wide = every
    while step > FIRST_SPACING_CHECKS * wide:
        wide *= 2
    return step > 0 and step % wide == 0


@dataclass(frozen=True)
class Target:
    """What samples are compared with on one dataset.

    Attributes:
        quantiles: (n,) quantiles of the data at (i + 1/2) / n, i = 0, ..., n - 1.
        std: standard deviation of the data.
        edges: (2 K,) lower and upper end of each of the K modes, in ascending order.
        shares: (K,) the data's mass between the ends of each mode, in (0, 1].
    """

    quantiles: Tensor
    std: float
    edges: Tensor
    shares: Tensor

    @classmethod
    def of(cls, dataset: Dataset, points: int) -> Target:
        """Make the target of a dataset.

        Args:
            dataset: a mixture of equal Gaussians on a line.
            points: number n of samples that are compared with the data.

        Raises:
            SettingError: the data are not a mixture of equal Gaussians on a line.
        """
        truth = dataset.truth
        if truth is None or truth.modes is None or truth.mode_std is None or truth.modes.shape[1] != 1:
            raise SettingError(
                f"convergence: {dataset.name} has no known modes on a line; take the data source gaussian, "
                "or another mixture of equal Gaussians with one number an example."
            )
        centres, width = truth.modes[:, 0].double().sort().values, truth.mode_std
        between = (centres[1:] + centres[:-1]) / 2
        reach = RADIUS * width
        low = torch.maximum(centres - reach, torch.cat([centres[:1] - reach, between]))
        high = torch.minimum(centres + reach, torch.cat([between, centres[-1:] + reach]))
        edges = torch.stack([low, high], 1).flatten()
        shares = mixture_cdf(edges, centres, width).view(-1, 2).diff(dim=1)[:, 0]
        at = (torch.arange(points, dtype=torch.float64) + 0.5) / points
        std = math.sqrt(float(centres.var(correction=0)) + width**2)
        return cls(mixture_quantiles(at, centres, width), std, edges, shares)

    def measure(self, samples: Tensor) -> tuple[Tensor, Tensor]:
        """Compare samples with the data.

        Args:
            samples: (S, n), in the data's units.

        Returns:
            (S,) Wasserstein-1 distance in standard deviations of the data, and (S, K) mass of each mode divided by its
            true mass. For samples that are not finite the distance is NaN and the masses are 0.
        """
        ordered = ascending(samples)
        quantiles, edges = self.quantiles.to(ordered), self.edges.to(ordered)
        distance = (ordered - quantiles).abs().mean(1).double() / self.std
        counts = torch.searchsorted(ordered, edges.expand(len(ordered), -1).contiguous())
        mass = counts.view(len(ordered), -1, 2).diff(dim=2)[..., 0] / samples.shape[1] / self.shares.to(samples.device)
        return distance, mass


class Convergence:
    """Checks replicas while they train, and records when each one converged.

        convergence = Convergence(dataset, replicas=len(replicas))
        for record in replicas.play(watch=lambda step: convergence.check(replicas, step)):
            ...
        convergence.steps

    Args:
        dataset: the training data, one for all replicas or one each.
        replicas: number of replicas.
        every: steps between the first checks; after 32 checks the spacing doubles, and so on (see `due`).
        points: samples per replica; by default 128, or 16 per mode if that is more.
        row: number of good checks in a row that count as convergence.
        averaged: check the moving average of the weights, where there is one.

    Attributes:
        steps: (S,) float64, step at which each replica converged; NaN if it has not.
        distance: (S,) float64, Wasserstein-1 distance at the last check, in standard deviations of the data.
        mass: (S,) float64, smallest mass of a mode at the last check, divided by its true mass.
        good: (S,) bool, whether the last check was good.
        checked: steps of all checks so far.

    Raises:
        SettingError: the data are not a mixture on a line, or a number is below 1.
    """

    def __init__(
        self,
        dataset: Dataset | Sequence[Dataset],
        replicas: int,
        *,
        every: int = 1,
        points: int | None = None,
        row: int = CHECKS,
        averaged: bool = True,
    ) -> None:
        datasets = [dataset] * replicas if isinstance(dataset, Dataset) else list(dataset)
        if points is None:
            modes = max((len(known) for own in datasets if (known := _modes(own)) is not None), default=0)
            points = max(POINTS, POINTS_PER_MODE * modes)
        if min(replicas, every, points, row) < 1 or len(datasets) != replicas:
            raise SettingError(
                f"convergence: got {replicas} replicas with {len(datasets)} datasets, a check every {every} steps with {points} samples, "
                f"{row} in a row: give one dataset, or one per replica, and numbers of 1 or more."
            )
        self.every, self.points, self.row, self.averaged = every, points, row, averaged
        places: dict[int, list[int]] = {}
        for place, own in enumerate(datasets):
            places.setdefault(id(own), []).append(place)
        self._targets = [(torch.tensor(where), Target.of(datasets[where[0]], points)) for where in places.values()]
        self._in_a_row = torch.zeros(replicas, dtype=torch.int64)
        self._noise: Tensor | None = None
        self.steps = torch.full((replicas,), torch.nan, dtype=torch.float64)
        self.distance = self.steps.clone()
        self.mass = self.steps.clone()
        self.good = torch.zeros(replicas, dtype=torch.bool)
        self.checked: list[int] = []

    def check(self, replicas: Replicas, step: int) -> bool:
        """Check the replicas if a check is due after `step` steps. Frozen replicas are not good.

        Args:
            replicas: the replicas in training.
            step: number of steps so far.

        Returns:
            Whether there was a check.
        """
        if not due(step, self.every):
            return False
        if self._noise is None:
            self._noise = spread_noise(replicas, self.points)
        samples = replicas.decode(self._noise, averaged=self.averaged)
        self.update(samples.reshape(len(self.steps), self.points), step, alive=replicas.frozen < 0)
        return True

    def update(self, samples: Tensor, step: int, alive: Tensor | None = None) -> None:
        """Record a check after `step` steps.

        Args:
            samples: (S, n) samples of the replicas.
            step: number of steps so far.
            alive: (S,) bool, replicas that still train; None for all.
        """
        self.distance, mass = self.distance.clone(), torch.empty_like(self.mass)
        for where, target in self._targets:
            own = samples if len(self._targets) == 1 else samples[where.to(samples.device)]
            distance, masses = target.measure(own)
            self.distance[where] = distance.cpu()
            mass[where] = masses.amin(1).double().cpu()
        self.mass = mass
        self.good = (self.distance < DISTANCE) & (self.mass >= MASS)
        if alive is not None:
            self.good &= alive
        self._in_a_row = torch.where(self.good, self._in_a_row + 1, 0)
        self.steps = torch.where(self.steps.isnan() & (self._in_a_row >= self.row), float(step), self.steps)
        self.checked.append(step)

    @property
    def share(self) -> float:
        """Share of the replicas that have converged, in [0, 1]."""
        return float((~self.steps.isnan()).double().mean())


def ascending(samples: Tensor) -> Tensor:
    """Sort every row of the samples in ascending order, NaN last.

    On a CPU, NumPy sorts rows of a hundred numbers many times faster than PyTorch, whose sort would take a quarter of
    the time of a check.

    Args:
        samples: (S, n).

    Returns:
        (S, n) sorted samples.
    """
    if samples.device.type != "cpu":
        return samples.sort(dim=1).values
    return torch.from_numpy(np.sort(samples.detach().contiguous().numpy(), axis=1))


def spread_noise(replicas: Replicas, points: int) -> Tensor:
    """Noise at evenly spaced quantiles if the model knows the quantiles of its prior; otherwise random noise.

    Args:
        replicas: the replicas; random noise is the same for all of them.
        points: number of samples per replica.

    Returns:
        (S, points, latent) noise.
    """
    template: Any = replicas.game.template
    if not hasattr(template, "latent_quantiles"):
        drawn: Tensor = template.fixed_noise(points, torch.Generator().manual_seed(0))
        return drawn.expand(len(replicas), *drawn.shape).to(replicas.device)
    shares = spread_shares(points, int(template.settings.latent)).to(replicas.device)
    noise: Tensor = replicas.each(_quantiles, shares.expand(len(replicas), -1, -1))
    return noise


def spread_shares(points: int, latent: int) -> Tensor:
    """Evenly spaced points in (0, 1): midpoints of equal parts in one dimension, Sobol points in more.

    Args:
        points: number of points.
        latent: number of dimensions.

    Returns:
        (points, latent) float32.
    """
    if latent == 1:
        return ((torch.arange(points, dtype=torch.float64) + 0.5) / points)[:, None].float()
    drawn: Tensor = torch.quasirandom.SobolEngine(latent, scramble=True, seed=0).draw(points)  # type: ignore[no-untyped-call]
    return torch.clamp(drawn, 0.5 / points, 1 - 0.5 / points)


def mixture_cdf(x: Tensor, centres: Tensor, width: float) -> Tensor:
    """Cumulative distribution function of an equal mixture of N(centres_k, width^2).

    Args:
        x: (...) where to evaluate it.
        centres: (K,) means of the components.
        width: standard deviation of every component.

    Returns:
        (...) probabilities in [0, 1].
    """
    shares: Tensor = torch.special.ndtr((x[..., None] - centres) / width)
    return shares.mean(-1)


def mixture_quantiles(shares: Tensor, centres: Tensor, width: float) -> Tensor:
    """Quantiles of an equal mixture of N(centres_k, width^2), by bisection.

    Args:
        shares: (n,) probabilities in (0, 1).
        centres: (K,) means of the components.
        width: standard deviation of every component.

    Returns:
        (n,) float64 quantiles.
    """
    reach = width * 10  # ndtr(-10) is under 1e-23
    low = torch.full_like(shares, float(centres.min()) - reach)
    high = torch.full_like(shares, float(centres.max()) + reach)
    for _ in range(64):
        middle = (low + high) / 2
        under = mixture_cdf(middle, centres, width) < shares
        low, high = torch.where(under, middle, low), torch.where(under, high, middle)
    return (low + high) / 2


def _quantiles(model: Any, shares: Tensor) -> Tensor:
    found: Tensor = model.latent_quantiles(shares)
    return found


def _modes(dataset: Dataset) -> Tensor | None:
    return None if dataset.truth is None else dataset.truth.modes
