"""The 1,000 modes of Stacked MNIST: a classifier of digits labels each channel.

Papers use 25,600 or 26,000 samples and classifiers of their own; numbers for other sizes or classifiers are not
comparable.

References:
    VEEGAN: Reducing Mode Collapse in GANs using Implicit Variational Learning (Akash Srivastava, Lazar Valkov, Chris
        Russell,
    Michael U. Gutmann, Charles Sutton, 2017), https://arxiv.org/abs/1705.07761
    PacGAN: The power of two samples in generative adversarial networks (Zinan Lin, Ashish Khetan, Giulia Fanti,
        Sewoong Oh,
    2018), https://arxiv.org/abs/1712.04086
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from saddlepoint.errors import DataError
from saddlepoint.evaluation.metrics.per_class import likeliest_labels

CHUNK = 2_000  # images read together
Reader = Callable[[Tensor], Tensor]
"""A classifier of digits: (n, 1, H, W) in the data's own units -> (n, 10) probabilities."""


def stacked_labels(x: Tensor, read: Reader) -> Tensor:
    """The digits of the channels as one number; the first channel is the highest place.

    Args:
        x: (N, C, H, W) images in the data's units.
        read: the classifier of digits.

    Returns:
        (N,) int64.

    Raises:
        DataError: not images with channels, no images, or a classifier that does not return (n, 10) probabilities.
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
        found.append((likeliest_labels(digits).cpu().view(len(part), -1) * places).sum(1))
    return torch.cat(found)
