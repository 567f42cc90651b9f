"""A multilayer perceptron with normalised weights and noise between its layers, for discriminators that classify.

It is named by its import path, `saddlepoint.networks.noisy_mlp:NoisyMLP`: it is not among the registered networks, because the noise and the first
batch are part of what it makes of an example in training.

Each unit's weights have length 1. In the first pass in training mode, the scale and bias of the hidden units are set so that their inputs have mean
0 and standard deviation 1 over that batch; afterwards the scale is fixed, so that a layer cannot outgrow the noise.

References:
    Weight Normalization: A Simple Reparameterization to Accelerate Training of Deep Neural Networks (Tim Salimans, Diederik Kingma, 2016),
        https://arxiv.org/abs/1602.07868
    Improved Techniques for Training GANs (Salimans et al., 2016), section 5, https://arxiv.org/abs/1606.03498
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from saddlepoint.networks.activations import activation_layer


class NormalisedLinear(nn.Module):
    """(B, inputs) -> (B, outputs) with weights of length 1, a scale that the first training batch sets, and a bias.

    Args:
        inputs: numbers of an example.
        outputs: units.
    """

    scale: Tensor
    is_set: Tensor

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(outputs, inputs))
        self.bias = nn.Parameter(torch.zeros(outputs))
        self.register_buffer("scale", torch.ones(outputs))
        self.register_buffer("is_set", torch.zeros((), dtype=torch.bool))
        self._is_set: bool | None = None  # as the buffer, which an accelerator would be waited for in each pass

    def forward(self, x: Tensor) -> Tensor:
        direction = self.weight / self.weight.norm(dim=1, keepdim=True)
        if self.training and not self._is_set:
            self._set(x, direction)
        return nn.functional.linear(x, direction * self.scale[:, None], self.bias)

    @torch.no_grad()
    def _set(self, x: Tensor, direction: Tensor) -> None:
        """Set scale and bias from a batch (B, inputs), unless an earlier one has."""
        self._is_set = bool(self.is_set)
        if self._is_set or len(x) < 2:
            return
        raw = nn.functional.linear(x, direction)
        self.scale.copy_(1 / (raw.std(0, correction=0) + 1e-6))
        self.bias.copy_(-raw.mean(0) * self.scale)
        self.is_set.fill_(True)
        self._is_set = True

    def _load_from_state_dict(self, *arguments: Any, **options: Any) -> None:
        super()._load_from_state_dict(*arguments, **options)
        self._is_set = None


class NoisyMLP(nn.Module):
    """Fully connected layers between an event of shape `inputs` and one of shape `outputs`, with noise before each hidden layer but the first and after
    the last.

    Args:
        inputs: shape of one example, flattened on the way in.
        outputs: shape of one result; None gives the last hidden layer, (B, hidden[-1]), without noise.
        hidden: widths of the hidden layers.
        activation: of the hidden layers.
        noise: standard deviation of the noise in training mode, at least 0; noise at the input is a view (instance_noise).
    """

    def __init__(
        self,
        inputs: Sequence[int],
        outputs: Sequence[int] | None,
        hidden: Sequence[int] = (128, 128),
        activation: str = "relu",
        *,
        noise: float = 0.5,
    ) -> None:
        super().__init__()
        widths = (math.prod(inputs), *hidden)
        self.layers = nn.ModuleList(NormalisedLinear(one, other) for one, other in zip(widths, hidden, strict=False))
        self.activation = activation_layer(activation)
        self.noise = noise
        self.outputs = None if outputs is None else tuple(outputs)
        self.answer = None if outputs is None else nn.Linear(widths[-1], math.prod(outputs))

    def forward(self, x: Tensor) -> Tensor:
        """(B, *inputs) -> (B, *outputs)."""
        x = x.flatten(1)
        for number, layer in enumerate(self.layers):
            x = self.activation(layer(self._noisy(x) if number else x))
        if self.answer is None:
            return x
        result: Tensor = self.answer(self._noisy(x))
        return result.reshape(len(x), *(self.outputs or ()))

    def _noisy(self, x: Tensor) -> Tensor:
        return x + self.noise * torch.randn_like(x) if self.training and self.noise else x
