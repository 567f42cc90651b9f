"""The maximum mean discrepancy between codes of examples and codes drawn from the prior."""

from __future__ import annotations

import torch
from torch import Tensor

from saddlepoint.objectives.precision import at_least_float32


def squared_discrepancy(codes: Tensor, prior: Tensor) -> Tensor:
    """The squared maximum mean discrepancy, as one value for each pair (codes[i], prior[i]); their mean is the estimate.

    The mean is a U-statistic: an unbiased estimate, so that its expectation is 0 for equal distributions and a single value may be
    negative. The kernel is C / (C + ||a - b||^2) with C = 2 D, the mean squared distance of two draws from N(0, I).

    Args:
        codes: (B, D), B at least 2.
        prior: (B, D), draws from the prior.

    Returns:
        (B,), without units.

    References:
        A Kernel Two-Sample Test (Arthur Gretton, Karsten Borgwardt, Malte Rasch, Bernhard Schoelkopf, Alexander Smola, 2012),
            https://jmlr.org/papers/v13/gretton12a.html
        Wasserstein Auto-Encoders (Ilya Tolstikhin, Olivier Bousquet, Sylvain Gelly, Bernhard Schoelkopf, 2018),
            https://arxiv.org/abs/1711.01558 (the kernel)
    """
    codes, prior = at_least_float32(codes), at_least_float32(prior)
    others = max(len(codes) - 1, 1)
    # The diagonal of a kernel matrix is 1.
    within = (_kernel(codes, codes).sum(1) - 1 + _kernel(prior, prior).sum(1) - 1) / others
    between = _kernel(codes, prior)
    return within - between.mean(1) - between.mean(0)


def _kernel(a: Tensor, b: Tensor) -> Tensor:
    """(A, D), (B, D) -> (A, B)."""
    scale = 2.0 * a.shape[1]
    squared = (a[:, None] - b[None]).square().sum(-1)
    return torch.as_tensor(scale / (scale + squared))
