"""Conditional batch normalisation: every class has its own scale and shift.

References:
    Modulating early visual processing by language (De Vries, Strub, Mary, Larochelle, Pietquin, Courville, 2017),
        https://arxiv.org/abs/1707.00683
    Spectral Normalization for Generative Adversarial Networks (Miyato, Kataoka, Koyama, Yoshida, 2018),
        https://arxiv.org/abs/1802.05957 (in the generator of a conditional GAN)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from saddlepoint.networks.labels import class_weights

DEVIATION = 0.02  # of the first scales from 1, as in the DCGAN


@dataclass
class BatchClasses:
    """The classes of the batch in a network's forward pass, for all of its layers; a deep copy of the network has its own.

    Attributes:
        weights: (B, classes); None outside of a forward pass.
    """

    weights: Tensor | None = None


class ConditionalNorm(nn.Module):
    """A batch normalisation whose scale and shift depend on the class.

    Args:
        norm: the layer whose statistics are used; its own scale and shift are dropped.
        classes: number of classes.
        batch: read in each forward pass.
    """

    def __init__(self, norm: _BatchNorm, classes: int, batch: BatchClasses) -> None:
        super().__init__()
        self.norm = type(norm)(norm.num_features, norm.eps, norm.momentum, False, norm.track_running_stats)
        self.scale = nn.Parameter(torch.empty(classes, norm.num_features).normal_(1.0, DEVIATION))
        self.shift = nn.Parameter(torch.zeros(classes, norm.num_features))
        self._batch = batch

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, ...) -> (B, C, ...), by the classes that `WithConditionalNorms` has set."""
        assert self._batch.weights is not None, "the network is called through WithConditionalNorms"
        weights = self._batch.weights.to(x.dtype)
        spread = (*x.shape[:2], *[1] * (x.ndim - 2))
        scale, shift = ((weights @ table.to(x.dtype)).view(spread) for table in (self.scale, self.shift))
        return torch.addcmul(shift, self.norm(x), scale)


class WithConditionalNorms(nn.Module):
    """A network that takes labels, which its conditional normalisations use.

    Args:
        network: whose batch normalisations are replaced.
        classes: number of classes.

    Raises:
        ValueError: the network has no batch normalisation.
    """

    def __init__(self, network: nn.Module, classes: int) -> None:
        super().__init__()
        places = [
            (parent, name, layer)
            for parent in network.modules()
            for name, layer in parent.named_children()
            if isinstance(layer, _BatchNorm)
        ]
        if not places:
            raise ValueError("the network has no batch normalisation")
        self.network, self.classes = network, classes
        self._batch = BatchClasses()
        for parent, name, layer in places:
            setattr(parent, name, ConditionalNorm(layer, classes, self._batch))

    def forward(self, x: Tensor, labels: Tensor, **named: Any) -> Any:
        """Return the network's output.

        Args:
            x: (B, ...).
            labels: (B,) int64, or (B, classes) weights.
            **named: further arguments of the network.
        """
        self._batch.weights = class_weights(labels, self.classes, x)
        try:
            return self.network(x, **named)
        finally:
            self._batch.weights = None
