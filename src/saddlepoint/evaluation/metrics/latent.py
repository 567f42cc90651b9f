"""Information in a code q(z | x) = N(mean, diag e^log_variance): active units, mutual information, mismatch with the
prior.

The KL term of the evidence lower bound is the sum of two numbers: the mutual information of code and example, and the
divergence of the aggregate posterior from the prior.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from saddlepoint.errors import DataError
from saddlepoint.evaluation.metrics.points import check_pair
from saddlepoint.evaluation.statistics.intervals import Interval, mean_interval

ACTIVE = 0.01
BLOCK = 1_024  # codes whose density under all posteriors is computed at once
NAMES = ("posterior means", "posterior log-variances")


@dataclass(frozen=True)
class UnitReport:
    """Statistics of D latent units.

    Attributes:
        variance: (D,) of the posterior mean over the examples.
        active: (D,) bool, whether the variance is above 0.01.
        kl: (D,) nats, the mean of KL(q(z_d | x) || N(0, 1)).
    """

    variance: Tensor
    active: Tensor
    kl: Tensor


@dataclass(frozen=True)
class ElboSurgery:
    """The decomposition of the mean KL of codes to the prior, in nats; in expectation low <= truth <= high.

    Attributes:
        kl: mean of KL(q(z | x) || p(z)) = information + gap.
        information: (low, high), of the mutual information I(x; z) under q. Both are biased on purpose: `low` includes
            each example among the N that represent the population and is at most log N; `high` leaves it out.
        gap: (low, high), of KL(q(z) || p(z)), the divergence of the aggregate posterior from the prior.
        limit: log N, the largest information that N examples can show. An estimate near it needs more examples.
    """

    kl: Interval
    information: tuple[Interval, Interval]
    gap: tuple[Interval, Interval]
    limit: float

    @property
    def saturated(self) -> bool:
        """Whether the lower bound on the information is within 1 nat of log N."""
        return self.information[0].value > self.limit - 1


def unit_report(mean: Tensor, log_variance: Tensor) -> UnitReport:
    """Statistics of the units of N posteriors. A unit is active if its mean varies with the example.

    Args:
        mean: (N, D) posterior means.
        log_variance: (N, D) posterior log-variances.

    Raises:
        DataError: fewer than two examples, unequal shapes, NaN or infinite values.

    References:
        Importance Weighted Autoencoders (Yuri Burda, Roger Grosse, Ruslan Salakhutdinov, 2015), section 5.2,
        https://arxiv.org/abs/1509.00519
    """
    mean, log_variance = _posteriors(mean, log_variance)
    variance = mean.var(0, correction=0)
    return UnitReport(variance, variance > ACTIVE, _kl(mean, log_variance).mean(0))


def elbo_surgery(mean: Tensor, log_variance: Tensor, *, generator: torch.Generator, draws: int = 1) -> ElboSurgery:
    """Decompose the mean KL of N posteriors to the prior; computes N x N densities.

    Args:
        mean: (N, D) posterior means.
        log_variance: (N, D) posterior log-variances.
        generator: of the codes.
        draws: codes of each example, at least 1.

    Raises:
        DataError: as `unit_report`, or draws below 1.

    References:
        ELBO Surgery: Yet Another Way to Carve Up the Variational Evidence Lower Bound (Matthew D. Hoffman, Matthew J.
            Johnson,
        2016), http://approximateinference.org/2016/accepted/HoffmanJohnson2016.pdf
        On Variational Bounds of Mutual Information (Ben Poole, Sherjil Ozair, Aaron van den Oord, Alexander A. Alemi,
            George
        Tucker, 2019), sections 2.2 and 2.3, for both bounds on the information, https://arxiv.org/abs/1905.06922
    """
    mean, log_variance = _posteriors(mean, log_variance)
    if draws < 1:
        raise DataError(f"surgery needs one draw an example or more, got {draws}.")
    n = len(mean)
    kl = _kl(mean, log_variance).sum(1)
    low, high = torch.zeros(n, dtype=torch.float64), torch.zeros(n, dtype=torch.float64)
    for _ in range(draws):
        epsilon = torch.randn(mean.shape, generator=generator, dtype=torch.float64)
        z = mean + torch.exp(0.5 * log_variance) * epsilon
        for start in range(0, n, BLOCK):
            table = _log_densities(z[start : start + BLOCK], mean, log_variance)
            own = torch.arange(start, start + len(table))[:, None]
            at_own = table.gather(1, own)[:, 0]
            rows = slice(start, start + BLOCK)
            low[rows] += (at_own - torch.logsumexp(table, 1) + math.log(n)) / draws
            others = torch.logsumexp(table.scatter(1, own, -math.inf), 1) - math.log(n - 1)
            high[rows] += (at_own - others) / draws
    # The KL in closed form, so that the gap is the sampled density of the aggregate alone.
    return ElboSurgery(
        kl=mean_interval(kl),
        information=(mean_interval(low), mean_interval(high)),
        gap=(mean_interval(kl - high), mean_interval(kl - low)),
        limit=math.log(n),
    )


def _posteriors(mean: Tensor, log_variance: Tensor) -> tuple[Tensor, Tensor]:
    mean, log_variance = check_pair(mean, log_variance, names=NAMES)
    if len(mean) != len(log_variance):
        raise DataError(f"need one log-variance a mean, got {len(log_variance):,} for {len(mean):,}.")
    return mean, log_variance


def _kl(mean: Tensor, log_variance: Tensor) -> Tensor:
    """(N, D) nats, the KL of each unit to N(0, 1); expm1 is accurate near 0."""
    return 0.5 * (mean.square() + torch.expm1(log_variance) - log_variance)


def _log_densities(z: Tensor, mean: Tensor, log_variance: Tensor) -> Tensor:
    """(M, N) log q(z_m | x_n) of codes z (M, D), by matrix products without an array of (M, N, D)."""
    precision = torch.exp(-log_variance)
    squares = z.square() @ precision.T - 2 * z @ (mean * precision).T + (mean.square() * precision).sum(1)
    return -0.5 * (squares + (log_variance + math.log(2 * math.pi)).sum(1))
