"""What annealing found: estimates of how likely examples are, with all that says how far to trust them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from saddlepoint.evaluation.statistics.intervals import Interval, mean_interval


@dataclass(frozen=True)
class Evidence:
    """What annealing found of B examples, with K chains each.

    log_evidence: (B,) nats, the log of the chains' mean weight: below log p(x) in expectation.
    log_weights: (K, B) nats. z: (K, B, D) codes at the end, draws from the posterior when weighted by them.
    acceptance: mean share of moves that were taken; about 0.65 where step sizes fit.
    """

    log_evidence: Tensor
    log_weights: Tensor
    z: Tensor
    acceptance: float

    @property
    def effective_chains(self) -> Tensor:
        """(B,) from 1 to K: how many equally weighted chains would be as good; near 1 the estimate rests on one."""
        share = self.log_weights.softmax(0)
        return 1 / share.square().sum(0)

    @property
    def standard_error(self) -> Tensor:
        """(B,) nats, of `log_evidence` by the scatter of the chains' weights; NaN with one chain. Where few chains are
        effective it is too small."""
        k = len(self.log_weights)
        if k == 1:
            return torch.full_like(self.log_evidence, math.nan)
        relative = self.log_weights.softmax(0) * k
        error: Tensor = relative.std(0) / k**0.5
        return error

    @property
    def interval(self) -> Interval:
        """Of the mean over the examples, for the population they were drawn from."""
        return mean_interval(self.log_evidence)


@dataclass(frozen=True)
class Sandwich:
    """Bounds on log p(x) of examples simulated from the model: in expectation lower <= log p(x) <= upper.

    lower, upper: (B,) nats. gap: mean of upper - lower with its interval; no estimate by the same annealing is further
    below the truth than this on average, for examples like the model's own. For real data that is an assumption.
    """

    lower: Tensor
    upper: Tensor

    @property
    def gap(self) -> Interval:
        """The mean of upper - lower in nats, with its interval."""
        return mean_interval(self.upper - self.lower)


def concatenate_evidence(parts: Sequence[Evidence]) -> Evidence:
    """Of examples that were annealed apart, one after the other."""
    return Evidence(
        torch.cat([part.log_evidence for part in parts]),
        torch.cat([part.log_weights for part in parts], 1),
        torch.cat([part.z for part in parts], 1),
        sum(part.acceptance * len(part.log_evidence) for part in parts) / sum(len(part.log_evidence) for part in parts),
    )
