"""Minibatch discrimination: a discriminator that sees how similar the examples of a batch are.

It recognises a collapsed generator, whose examples lie closer together than real ones.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

DIMENSIONS = 5  # of the space in which a kernel compares two examples


class MinibatchDiscrimination(nn.Module):
    """(B, F) features -> (B, F + kernels): the features, and how near the other examples of the batch are to each.

    With M_b(x) = T_b x, a learnt map to `dimensions` numbers, the appended entry b of example i is the mean over the
    other examples j of exp(-|M_b(x_i) - M_b(x_j)|_1), in [0, 1]: 1 where all are equal, 0 where all are far apart, and 0
    for a batch of one. The paper takes the sum; the mean is on the same scale for batches of any size.

    Improved Techniques for Training GANs (Salimans et al., 2016), section 3.2, https://arxiv.org/abs/1606.03498

    Args:
        features, kernels, dimensions: at least 1; kernels and dimensions are the paper's B and C.
    """

    def __init__(self, features: int, kernels: int, dimensions: int = DIMENSIONS) -> None:
        super().__init__()
        self.shape = (kernels, dimensions)
        self.weight = nn.Parameter(torch.randn(features, kernels * dimensions) / math.sqrt(features))

    def forward(self, x: Tensor) -> Tensor:
        """(B, F) -> (B, F + kernels)."""
        n = x.shape[0]
        mapped = (x @ self.weight).reshape(n, *self.shape)
        near = torch.exp(-(mapped[:, None] - mapped[None]).abs().sum(-1))
        # The similarity of an example to itself carries no information.
        others = (near.sum(1) - 1) / max(n - 1, 1)
        return torch.cat([x, others.to(x.dtype)], dim=1)
