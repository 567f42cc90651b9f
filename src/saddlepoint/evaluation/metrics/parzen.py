"""The kernel estimate of a sampler's log likelihood: common but misleading, so it always carries a warning."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from saddlepoint.errors import DataError
from saddlepoint.evaluation.metrics.likelihood import Likelihood
from saddlepoint.evaluation.metrics.points import check_pair, check_points

PARZEN_WARNING = (
    "Kernel estimates of likelihood do not tell good models from bad ones beyond a few dimensions: a few cluster centres "
    "of the training data beat true samples (Theis, van den Oord, Bethge, 2016, https://arxiv.org/abs/1511.01844). Do not "
    "compare models by this number."
)


def parzen_log_likelihood(
    samples: Tensor, x: Tensor, validation: Tensor, *, widths: tuple[float, ...] = (0.05, 0.1, 0.2, 0.4, 0.8)
) -> Likelihood:
    """Log density of examples under Gaussian kernels on samples, with the best of several widths.

    Args:
        samples: (M, D).
        x: (N, D) examples to score.
        validation: (V, D) examples that the width is selected on.
        widths: standard deviations to try, in multiples of the root mean square standard deviation of the samples.

    Returns:
        The estimate, with a warning.

    Raises:
        DataError: fewer than two samples, an empty set, unequal numbers of columns, samples that are all equal.
    """
    samples, x = check_pair(samples, x, least=2, names=("samples", "examples"))
    validation = check_points(validation, "validation examples", least=1)
    scale = float(samples.std(0).square().mean().sqrt())
    if not scale > 0 or validation.shape[1] != samples.shape[1]:
        raise DataError("parzen: the samples are all alike, or validation examples have another number of columns.")
    scores = {width: float(_log_kernel_mean(samples, validation, width * scale).mean()) for width in widths}
    best = max(scores, key=scores.__getitem__)
    return Likelihood(
        _log_kernel_mean(samples, x, best * scale),
        "kernel estimate",
        f"Parzen window {best * scale:.3g}",
        (PARZEN_WARNING,),
    )


def _log_kernel_mean(samples: Tensor, x: Tensor, width: float) -> Tensor:
    """(N,) log of the mean, over samples (M, D), of the Gaussian density of standard deviation `width` at x (N, D)."""
    constant = math.log(len(samples)) + x.shape[1] * (math.log(width) + 0.5 * math.log(2 * math.pi))
    rows = [torch.logsumexp(-0.5 * (torch.cdist(part, samples) / width).square(), 1) for part in torch.split(x, 256)]
    return torch.cat(rows) - constant
