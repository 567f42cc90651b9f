"""Results of annealed importance sampling: estimates of the log evidence, with diagnostics of their accuracy."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from saddlepoint.evaluation.statistics.intervals import Interval, mean_interval


@dataclass(frozen=True)
class Evidence:
    """Annealed estimates of the log evidence of B examples, with K chains each.

    Attributes:
        log_evidence: (B,) nats, the log of the mean weight over chains; at most log p(x) in expectation.
        log_weights: (K, B) nats.
        z: (K, B, D) final codes; weighted by `log_weights` they are samples from the posterior.
        acceptance: mean acceptance rate in [0, 1]; about 0.65 if the step sizes are right.
    """

    log_evidence: Tensor
    log_weights: Tensor
    z: Tensor
    acceptance: float

    @property
    def effective_chains(self) -> Tensor:
        """(B,) effective sample size of the weights, from 1 to K. Near 1 the estimate depends on a single chain."""
        share = self.log_weights.softmax(0)
        return 1 / share.square().sum(0)

    @property
    def standard_error(self) -> Tensor:
        """(B,) nats, the standard error of `log_evidence` by the spread of the weights over chains.

        NaN with one chain. It is too small if few chains are effective.
        """
        k = len(self.log_weights)
        if k == 1:
            return torch.full_like(self.log_evidence, math.nan)
        relative = self.log_weights.softmax(0) * k
        error: Tensor = relative.std(0) / k**0.5
        return error

    @property
    def interval(self) -> Interval:
        """The interval of the mean log evidence in nats, for the population of the examples."""
        return mean_interval(self.log_evidence)


@dataclass(frozen=True)
class Sandwich:
    """Lower and upper bounds on log p(x) of examples simulated from the model: lower <= log p(x) <= upper in
    expectation.

    Attributes:
        lower: (B,) nats.
        upper: (B,) nats.
    """

    lower: Tensor
    upper: Tensor

    @property
    def gap(self) -> Interval:
        """The mean of upper - lower in nats, with its interval.

        For examples from the model, it bounds the mean error of the same annealing. For real data this is an
        assumption.
        """
        return mean_interval(self.upper - self.lower)


def concatenate_evidence(parts: Sequence[Evidence]) -> Evidence:
    """Concatenate the estimates of several batches along the axis of examples.

    Args:
        parts: one or more, with the same number of chains and the same size of codes.

    Returns:
        The estimates in the order of `parts`; the acceptance rate is averaged over examples.
    """
    return Evidence(
        torch.cat([part.log_evidence for part in parts]),
        torch.cat([part.log_weights for part in parts], 1),
        torch.cat([part.z for part in parts], 1),
        sum(part.acceptance * len(part.log_evidence) for part in parts) / sum(len(part.log_evidence) for part in parts),
    )
