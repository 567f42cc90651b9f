"""Distributions of an example given the decoder's output, by name, and the units in which they work."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Literal, Protocol

import torch
from torch import Tensor

from saddlepoint.data.event import Event, Scaling
from saddlepoint.data.groups import Groups
from saddlepoint.data.settings import ScalingName
from saddlepoint.errors import SettingError
from saddlepoint.models.arrays import device_of, normal_like
from saddlepoint.models.mixed_columns import MixedColumns
from saddlepoint.models.units import UNIT, scaling, with_exact_groups
from saddlepoint.objectives.evidence import LogProb
from saddlepoint.objectives.likelihood import (
    discretised_logistic_log_prob,
    log_likelihood,
    student_t_log_prob,
)
from saddlepoint.objectives.precision import at_least_float32

Draw = Callable[[Tensor, Tensor, torch.Generator | None], Tensor]  # mean, log scale, generator -> x


class LikelihoodSettings(Protocol):
    """The settings of a family that a likelihood reads."""

    @property
    def likelihood(self) -> str:
        """Its name in `LIKELIHOODS`."""

    @property
    def degrees_of_freedom(self) -> float:
        """Of student-t."""


@dataclass(frozen=True)
class Likelihood:
    """A distribution p(x | z), in the model's units.

    Attributes:
        log_prob: (x, output, log_scale) -> log p(x | z), (B,) nats.
        of: the kind of this probability, as in `DescribesDensity`.
        mean: the decoder's output -> the mean of p(x | z), in the same shape.
        draw: (mean, log_scale, generator) -> one x for each mean; None if samples are means, because a draw would be black and
            white.
        has_scale: whether it has a scale.
        learns_scale: whether the scale is learnt.
        annealed: whether it is Bernoulli or Gaussian, the likelihoods that annealed importance sampling knows.
        joint: (x, output, log_scale) -> log probabilities (B, *event) that add up to `log_prob`, where numbers depend on each other; None
            if all are independent.
        groups: (start, stop) of columns that depend on each other: those of one category.
    """

    log_prob: LogProb
    of: Literal["density", "values", "black and white", "mixed"]
    mean: Callable[[Tensor], Tensor] = lambda output: output
    draw: Draw | None = None
    has_scale: bool = True
    learns_scale: bool = True
    annealed: bool = False
    joint: LogProb | None = None
    groups: Groups = ()


def _bernoulli(settings: LikelihoodSettings, scaling: Scaling) -> Likelihood:
    return Likelihood(
        log_likelihood, "black and white", torch.sigmoid, has_scale=False, learns_scale=False, annealed=True
    )


def _gaussian(settings: LikelihoodSettings, scaling: Scaling) -> Likelihood:
    learns = settings.likelihood == "gaussian-learnt"
    return Likelihood(log_likelihood, "density", draw=_draw_gaussian, learns_scale=learns, annealed=True)


def _mixed(settings: LikelihoodSettings, scaling: Scaling) -> Likelihood:
    """Gaussian for data without categories."""
    learns = settings.likelihood == "mixed-learnt"
    if not scaling.groups and not scaling.event.cells:
        return Likelihood(log_likelihood, "density", draw=_draw_gaussian, learns_scale=learns, annealed=True)
    columns = MixedColumns(scaling)
    return Likelihood(
        columns.log_prob,
        "mixed",
        columns.mean,
        columns.draw,
        learns_scale=learns,
        joint=columns.each,
        groups=scaling.groups,
    )


def _student_t(settings: LikelihoodSettings, scaling: Scaling) -> Likelihood:
    freedom = settings.degrees_of_freedom

    def log_prob(x: Tensor, output: Tensor, log_scale: Tensor | None) -> Tensor:
        assert log_scale is not None
        return student_t_log_prob(x, output, log_scale, freedom)

    return Likelihood(log_prob, "density", draw=partial(_draw_student_t, degrees_of_freedom=freedom))


def _discretised_logistic(settings: LikelihoodSettings, scaling: Scaling) -> Likelihood:
    event = scaling.event
    if event.levels is None or event.low is None or event.high is None or len(scaling.scale) > 1:
        raise SettingError(
            "model.likelihood: discretised-logistic needs bytes with a known range, such as images, and these data are "
            f"{event.dtype}{'' if event.bounded else ' of unknown range'}: use gaussian-learnt or student-t."
        )
    width, offset = scaling.scale[0], scaling.offset[0]
    low, high = event.low * width + offset, event.high * width + offset

    def log_prob(x: Tensor, output: Tensor, log_scale: Tensor | None) -> Tensor:
        assert log_scale is not None
        return discretised_logistic_log_prob(x, output, log_scale, width=width, low=low, high=high)

    return Likelihood(log_prob, "values", draw=_draw_logistic)


def _draw_gaussian(mean: Tensor, log_scale: Tensor, generator: torch.Generator | None) -> Tensor:
    return mean + torch.exp(log_scale) * normal_like(mean, generator)


def _draw_student_t(
    mean: Tensor, log_scale: Tensor, generator: torch.Generator | None, degrees_of_freedom: float
) -> Tensor:
    """Draw by a transformation of two uniform numbers.

    References:
        Polar Generation of Random Variates with the t-Distribution (Ralph Bailey, 1994),
            https://doi.org/10.1090/S0025-5718-1994-1219702-8
    """
    uniform = torch.rand(2, *mean.shape, generator=generator, device=device_of(generator), dtype=torch.float64)
    radius = torch.expm1(-2 / degrees_of_freedom * torch.log1p(-uniform[0])).mul(degrees_of_freedom).sqrt()
    return mean + torch.exp(log_scale) * (radius * torch.cos(2 * math.pi * uniform[1])).to(mean)


def _draw_logistic(mean: Tensor, log_scale: Tensor, generator: torch.Generator | None) -> Tensor:
    """Draw from the logistic distribution; the conversion to the data's units rounds to the levels and clamps to their range."""
    uniform = torch.rand(mean.shape, generator=generator, device=device_of(generator), dtype=torch.float64)
    noise = torch.logit(uniform.clamp(1e-12, 1 - 1e-12)).to(mean)
    return at_least_float32(mean) + torch.exp(log_scale) * noise


LIKELIHOODS: dict[str, Callable[[LikelihoodSettings, Scaling], Likelihood]] = {
    "bernoulli": _bernoulli,
    "gaussian": _gaussian,
    "gaussian-learnt": _gaussian,
    "mixed": _mixed,
    "mixed-learnt": _mixed,
    "student-t": _student_t,
    "discretised-logistic": _discretised_logistic,
}


def scaling_for(likelihood: str, kind: ScalingName, event: Event) -> Scaling:
    """Return the scaling to the units in which a likelihood works.

    Args:
        likelihood: its name in `LIKELIHOODS`.
        kind: the setting `model.scaling`.
        event: what one example is.

    Raises:
        SettingError: the likelihood is Bernoulli, and the data are not in [0, 1] in these units.
    """
    bernoulli = likelihood == "bernoulli"
    if kind == "auto":
        if bernoulli and not event.bounded:
            raise SettingError(
                "model.likelihood: bernoulli needs data with a known range, and the range of these data is unknown: use "
                "gaussian, or set model.scaling to unit."
            )
        kind = "unit" if bernoulli else "symmetric" if event.bounded else "standard"
    found = scaling(event, kind, UNIT if bernoulli else None, "bernoulli")
    return with_exact_groups(found) if likelihood in ("mixed", "mixed-learnt") else found
