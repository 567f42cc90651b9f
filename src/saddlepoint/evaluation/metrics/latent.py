"""What a code q(z | x) = N(mean, diag e^log_variance) holds: which units are used, and how much they say of x.

The evidence bound's KL term is the sum of two things that one number cannot tell apart: the information the code holds of
its example, and how far the codes of all examples together lie from the prior that samples are drawn from.
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
    """Of D latent units. variance: (D,) of the posterior mean over the examples. active: (D,) bool, that is above 0.01.
    kl: (D,) nats, mean KL(q(z_d | x) || N(0, 1))."""

    variance: Tensor
    active: Tensor
    kl: Tensor


@dataclass(frozen=True)
class ElboSurgery:
    """The mean KL of a code to the prior, taken apart; all in nats, in expectation low <= truth <= high.

    kl: mean KL(q(z | x) || p(z)) = information + gap.
    information: (low, high), of I(x; z) under q. Both are biased on purpose: low counts each example among the N that
        stand for all examples, and cannot exceed log N; high leaves it out.
    gap: (low, high), of KL(q(z) || p(z)), the aggregate posterior to the prior: what samples from the prior get wrong.
    limit: log N, the most that N examples can show. An estimate near it means that more examples are needed.
    """

    kl: Interval
    information: tuple[Interval, Interval]
    gap: tuple[Interval, Interval]
    limit: float

    @property
    def saturated(self) -> bool:
        """Whether the lower bound on the information is within 1 nat of the most that N examples can show."""
        return self.information[0].value > self.limit - 1


def unit_report(mean: Tensor, log_variance: Tensor) -> UnitReport:
    """Of posteriors (N, D), (N, D) of N examples.

    A unit is active where its mean varies with the example: Importance Weighted Autoencoders (Yuri Burda, Roger Grosse,
    Ruslan Salakhutdinov, 2015), section 5.2. https://arxiv.org/abs/1509.00519

    Raises:
        DataError: fewer than two examples, unequal shapes, NaN or infinite values.
    """
    mean, log_variance = _posteriors(mean, log_variance)
    variance = mean.var(0, correction=0)
    return UnitReport(variance, variance > ACTIVE, _kl(mean, log_variance).mean(0))


def elbo_surgery(mean: Tensor, log_variance: Tensor, *, generator: torch.Generator, draws: int = 1) -> ElboSurgery:
    """Of posteriors (N, D), (N, D) of N examples, with `draws` codes an example; N x N densities are computed.

    ELBO Surgery: Yet Another Way to Carve Up the Variational Evidence Lower Bound (Matthew D. Hoffman, Matthew J.
    Johnson, 2016), http://approximateinference.org/2016/accepted/HoffmanJohnson2016.pdf; both bounds on the information:
    On Variational Bounds of Mutual Information (Ben Poole, Sherjil Ozair, Aaron van den Oord, Alexander A. Alemi, George
    Tucker, 2019), sections 2.2 and 2.3, https://arxiv.org/abs/1905.06922

    Raises:
        DataError: as `unit_report`; or draws below 1.
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
    """(N, D) nats, each unit's KL to N(0, 1); expm1 keeps the digits around 0."""
    return 0.5 * (mean.square() + torch.expm1(log_variance) - log_variance)


def _log_densities(z: Tensor, mean: Tensor, log_variance: Tensor) -> Tensor:
    """(M, N) log q(z_m | x_n) of codes z (M, D); by products, so that no (M, N, D) is made."""
    precision = torch.exp(-log_variance)
    squares = z.square() @ precision.T - 2 * z @ (mean * precision).T + (mean.square() * precision).sum(1)
    return -0.5 * (squares + (log_variance + math.log(2 * math.pi)).sum(1))
