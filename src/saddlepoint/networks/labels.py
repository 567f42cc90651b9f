"""Networks that take labels, as classes or as weights of the classes (the label of a pack is a mean of weights)."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn


def class_weights(labels: Tensor, classes: int, like: Tensor) -> Tensor:
    """Return labels as weights of the classes.

    Args:
        labels: (B,) int64 classes, or (B, classes) weights, which keep their values.
        classes: number of classes.
        like: a tensor with the type of the result.

    Returns:
        (B, classes); weights of 0 stand for an unknown class.
    """
    if labels.ndim == 2:
        return labels.to(like.dtype)
    # A comparison instead of `one_hot`, which torch.func cannot stack.
    return (labels[:, None] == torch.arange(classes, device=labels.device)).to(like.dtype)


class WithLabels(nn.Module):
    """A network whose input is concatenated with the labels.

    Args:
        network: takes inputs with `classes` further channels.
        axis: of one input that holds its channels.
        classes: number of classes.
        flat: whether the input is flattened first, so that the label is one number for each class, whatever the input's shape.
    """

    def __init__(self, network: nn.Module, axis: int, classes: int, *, flat: bool = False) -> None:
        super().__init__()
        self.network = network
        self.axis, self.classes, self.flat = axis + 1, classes, flat

    def forward(self, x: Tensor, labels: Tensor, **named: Any) -> Any:
        """Return the network's output.

        Args:
            x: (B, ...).
            labels: (B,) int64, or (B, classes) weights.
            **named: further arguments of the network.
        """
        x = x.flatten(1) if self.flat else x
        weights = class_weights(labels, self.classes, x)
        axes = [1] * x.ndim
        axes[0], axes[self.axis] = weights.shape
        spread = list(x.shape)
        spread[self.axis] = self.classes
        return self.network(torch.cat([x, weights.view(axes).expand(spread)], self.axis), **named)


class ProjectionScore(nn.Module):
    """A term of the discriminator's logit: the inner product of its features with a vector of the class.

    Args:
        features: number of features.
        classes: number of classes.
    """

    def __init__(self, features: int, classes: int) -> None:
        super().__init__()
        self.classes = classes
        self.vectors = nn.Linear(classes, features, bias=False)
        nn.init.xavier_uniform_(self.vectors.weight)

    def forward(self, features: Tensor, labels: Tensor) -> Tensor:
        """Return the term (B,) from features (B, F) and labels (B,) int64 or weights (B, classes)."""
        vectors: Tensor = self.vectors(class_weights(labels, self.classes, features))
        return (vectors * features).sum(1)
