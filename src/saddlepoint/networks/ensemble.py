"""Several multilayer perceptrons of one shape as one network: each layer of all members is one batched matrix product."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from saddlepoint.networks.activations import activation_layer


class EnsembleMLP(nn.Module):
    """K perceptrons with weights of their own.

    Args:
        members: K.
        inputs: numbers of an input.
        outputs: numbers of an output.
        hidden: widths of the hidden layers.
        activation: of the hidden layers.
    """

    def __init__(
        self, members: int, inputs: int, outputs: int, hidden: Sequence[int] = (128, 128), activation: str = "silu"
    ) -> None:
        super().__init__()
        self.members = members
        sizes = [inputs, *hidden, outputs]
        self.weights, self.biases = nn.ParameterList(), nn.ParameterList()
        for before, after in itertools.pairwise(sizes):
            bound = math.sqrt(6 / max(1, before + after))  # Glorot's, of each member by itself
            self.weights.append(nn.Parameter(torch.empty(members, before, after).uniform_(-bound, bound)))
            self.biases.append(nn.Parameter(torch.zeros(members, 1, after)))
        self.activation = activation_layer(activation)

    def forward(self, x: Tensor) -> Tensor:
        """Apply every member.

        Args:
            x: (K, B, inputs), a batch for each member; or (B, inputs), one batch for all.

        Returns:
            (K, B, outputs).
        """
        if x.ndim == 2:
            x = x.expand(self.members, *x.shape)
        last = len(self.weights) - 1
        for number, (weight, bias) in enumerate(zip(self.weights, self.biases, strict=True)):
            x = torch.baddbmm(bias, x, weight)
            if number < last:
                x = self.activation(x)
        return x
