"""Likelihood of held-out examples: exact values, lower bounds and estimates, in one type that states which one it is."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from saddlepoint.data.dataset import Truth
from saddlepoint.errors import DataError
from saddlepoint.evaluation.metrics.annealed_evidence import Sandwich
from saddlepoint.evaluation.metrics.annealing import Annealing, Share, annealed_evidence, bidirectional_bounds
from saddlepoint.evaluation.metrics.hamiltonian import LogLikelihood
from saddlepoint.evaluation.metrics.latent_models import LatentModel
from saddlepoint.evaluation.statistics.intervals import Interval, mean_interval
from saddlepoint.models.capabilities import HasDensity

Kind = Literal["exact", "lower bound", "kernel estimate"]


@dataclass(frozen=True)
class Likelihood:
    """The likelihood of N examples.

    Attributes:
        values: (N,) nats, log densities in the data's units or log probabilities.
        kind: "exact", "lower bound" or "kernel estimate".
        method: such as "ELBO", "IWAE-64" or "AIS".
        notes: sentences to show with the number.
    """

    values: Tensor
    kind: Kind
    method: str
    notes: tuple[str, ...] = ()

    @property
    def interval(self) -> Interval:
        """The interval of the mean in nats, for the population of the examples."""
        return mean_interval(self.values)

    def __str__(self) -> str:
        return " ".join([f"{self.method} ({self.kind}): {self.interval} nats.", *self.notes])


@dataclass(frozen=True)
class Bounds:
    """Two lower bounds from the same samples of q; in expectation elbo <= importance <= log p(x).

    Attributes:
        elbo: (N,) nats, the evidence lower bound.
        importance: (N,) nats, the importance-weighted bound.
    """

    elbo: Tensor
    importance: Tensor


def model_log_likelihood(model: HasDensity, x: Tensor) -> Likelihood:
    """The model's own `log_prob`, exact or a bound as the model declares.

    Args:
        model: with a density.
        x: (N, *event) in the data's units.

    Raises:
        DataError: no examples, or a `log_prob` that is not finite.
    """
    values = model.log_prob(require_examples(x))
    exact = model.log_prob_kind == "exact"
    return Likelihood(require_finite(values), model.log_prob_kind, "log density" if exact else "the model's bound")


def divergence_from_truth(model: HasDensity, truth: Truth, x: Tensor) -> Interval:
    """KL(truth || model) in nats, the mean of log truth(x) - log model(x), with its interval.

    If the model gives a lower bound, the expectation is an upper bound on the divergence.

    Args:
        model: with a density.
        truth: the true distribution.
        x: (N, D) drawn from it.

    Raises:
        DataError: fewer than two examples, or a log density that is not finite.
    """
    x = require_examples(x)
    return mean_interval(require_finite(truth.log_prob(x)).double() - require_finite(model.log_prob(x)).double())


def variational_bounds(
    log_likelihood: LogLikelihood,
    x: Tensor,
    mean: Tensor,
    log_variance: Tensor,
    *,
    samples: int,
    generator: torch.Generator,
) -> Bounds:
    """Both bounds with the posterior q(z | x) = N(mean, diag e^log_variance) and the prior N(0, I).

    The mean of K log weights log p(x, z) - log q(z | x) is the evidence lower bound. The log of the mean weight is the
    importance-weighted bound, which does not decrease in expectation as K grows.

    Args:
        log_likelihood: log p(x | z); see `LogLikelihood`.
        x: (N, *event) examples.
        mean: (N, D) posterior means.
        log_variance: (N, D) posterior log-variances.
        samples: K, at least 1.
        generator: of the codes.

    Raises:
        DataError: no examples, samples below 1, or a log likelihood that is not finite.

    References:
        Importance Weighted Autoencoders (Yuri Burda, Roger Grosse, Ruslan Salakhutdinov, 2015),
        https://arxiv.org/abs/1509.00519
    """
    if samples < 1 or mean.shape != log_variance.shape or len(mean) != len(require_examples(x)):
        raise DataError(
            f"bounds need a sample or more and one posterior an example: got {samples} samples, mean {tuple(mean.shape)}, "
            f"log-variance {tuple(log_variance.shape)}, {len(x)} examples."
        )
    weights = []
    with torch.no_grad():
        for _ in range(samples):
            epsilon = torch.randn(mean.shape, generator=generator, device=generator.device).to(mean)
            z = mean + torch.exp(0.5 * log_variance) * epsilon
            # Both normalising constants cancel but for the stretch from epsilon to z.
            ratio = 0.5 * (epsilon.square() + log_variance - z.square()).sum(1)
            weights.append(require_finite(log_likelihood(z, x)).double() + ratio.double())
    table = torch.stack(weights)
    return Bounds(table.mean(0), torch.logsumexp(table, 0) - math.log(samples))


def annealed_log_likelihood(
    model: LatentModel,
    x: Tensor,
    *,
    generator: torch.Generator,
    annealing: Annealing | None = None,
    simulated: int = 100,
    progress: Share | None = None,
) -> tuple[Likelihood, Sandwich]:
    """The annealed estimate for examples, and its bidirectional gap on simulated examples.

    Args:
        model: a latent-variable model.
        x: (N, *event) in the data's units.
        generator: of all chains.
        annealing: settings; the defaults if None.
        simulated: number of simulated examples.
        progress: callback for the completed share of the work.

    Raises:
        DataError: as `annealed_evidence`.
    """
    annealing, report = annealing or Annealing(), progress or (lambda share: None)
    forward = len(require_examples(x)) / (
        len(x) + 2 * simulated
    )  # share of the work: the gap needs chains in both directions
    found = annealed_evidence(
        model.log_likelihood,
        model.prepare(x),
        model.latent,
        generator=generator,
        annealing=annealing,
        progress=lambda share: report(forward * share),
    )
    like, codes = model.simulate(simulated, generator)
    sandwich = bidirectional_bounds(
        model.log_likelihood,
        like,
        codes,
        generator=generator,
        annealing=annealing,
        progress=lambda share: report(forward + (1 - forward) * share),
    )
    note = (
        f"{annealing.chains} chains, {annealing.temperatures:,} temperatures, {found.acceptance:.0%} of moves taken; gap "
        f"between the bounds on simulated examples {sandwich.gap} nats."
    )
    return Likelihood(found.log_evidence + model.shift, "lower bound", "AIS", (note, *model.notes)), sandwich


def require_examples(x: Tensor) -> Tensor:
    """x itself, checked.

    Raises:
        DataError: there are no examples.
    """
    if x.ndim < 1 or len(x) == 0:
        raise DataError("need one example or more, got none.")
    return x


def require_finite(values: Tensor) -> Tensor:
    """The values (N,) themselves, checked.

    Raises:
        DataError: a value is NaN or infinite.
    """
    broken = int((~values.isfinite()).sum())
    if broken:
        raise DataError(
            f"{broken:,} of {len(values):,} log likelihoods are NaN or infinite; their mean would mean nothing: inspect "
            "those examples."
        )
    return values
