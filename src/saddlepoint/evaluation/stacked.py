"""Counting the 1,000 modes of Stacked MNIST: a classifier of digits reads every channel."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from saddlepoint.errors import DataError
from saddlepoint.evaluation.classes import CategoryReport, category_report
from saddlepoint.evaluation.per_class import labels_of

CHUNK = 2_000  # images read together
Reader = Callable[[Tensor], Tensor]
"""A classifier of digits: (n, 1, H, W) in the data's own units -> (n, 10) probabilities."""


@dataclass(frozen=True)
class StackedReport:
    """samples: modes covered of 1,000, and KL of their shares to equal ones in nats, with the floor (K - 1) / 2N.

    real: the same for equally many real images read by the same classifier. Its KL is the least to hope for: it holds
    the floor, the unequal frequency of MNIST's digits (0.004 nats) and the classifier's mistakes.
    """

    samples: CategoryReport
    real: CategoryReport


def stacked_report(samples: Tensor, real: Tensor, read: Reader) -> StackedReport:
    """Of samples (N, C, H, W) and real held-out images (M, C, H, W), M at least N, of which the first N are taken.

    Papers use N = 25,600 or 26,000, and their own classifiers: numbers of different N or classifiers do not compare.

    VEEGAN: Reducing Mode Collapse in GANs using Implicit Variational Learning (Akash Srivastava, Lazar Valkov, Chris
    Russell, Michael U. Gutmann, Charles Sutton, 2017), https://arxiv.org/abs/1705.07761; PacGAN: The power of two samples
    in generative adversarial networks (Zinan Lin, Ashish Khetan, Giulia Fanti, Sewoong Oh, 2018),
    https://arxiv.org/abs/1712.04086

    Raises:
        DataError: no samples, fewer real images than samples, unequal shapes, or a classifier of another shape.
    """
    if samples.shape[1:] != real.shape[1:] or len(real) < len(samples):
        raise DataError(
            f"Stacked MNIST: samples {tuple(samples.shape)} are compared with as many real images, got "
            f"{tuple(real.shape)}: take fewer samples, or stack more images (--data.held_out)."
        )
    found = [stacked_labels(x, read) for x in (samples, real[: len(samples)])]
    categories = 10 ** samples.shape[1]
    return StackedReport(category_report(found[0], categories), category_report(found[1], categories))


def stacked_labels(x: Tensor, read: Reader) -> Tensor:
    """(N, C, H, W) -> (N,) int64: the digits of the channels as one number, the first channel being the largest place.

    Raises:
        DataError: not images in channels, no images, or a classifier that does not give (n, 10) probabilities.
    """
    if x.ndim != 4 or len(x) == 0:
        raise DataError(f"Stacked MNIST: need one image or more, (N, C, H, W), got {tuple(x.shape)}.")
    found = []
    for part in torch.split(x, CHUNK):
        digits = read(part.flatten(0, 1)[:, None])
        if digits.shape != (len(part) * x.shape[1], 10):
            raise DataError(
                f"Stacked MNIST: the classifier gave {tuple(digits.shape)} for {len(part) * x.shape[1]} digits; ten "
                "probabilities each are wanted, so give one that was trained on MNIST."
            )
        places = 10 ** torch.arange(x.shape[1] - 1, -1, -1)
        found.append((labels_of(digits).cpu().view(len(part), -1) * places).sum(1))
    return torch.cat(found)
