"""The activation that a network ends with, and so the bounds of its output, read from the graph of one forward pass.

Settings say how a built-in network ends; a network of one's own may end with any layer or function. What computed its
output is the last node of the graph, apart from changes of shape and type.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from saddlepoint.networks.evaluating import evaluating

SHAPE_AND_TYPE = (
    "View", "Reshape", "Unflatten", "Flatten", "Alias", "Permute", "Transpose", "T", "Squeeze", "Unsqueeze", "Clone",
    "ToCopy", "Contiguous", "Expand", "UnsafeView",
)  # fmt: skip
BOUNDS: dict[str, tuple[float, float]] = {
    "Tanh": (-1.0, 1.0),
    "Sigmoid": (0.0, 1.0),
    "Softmax": (0.0, 1.0),
    "Relu": (0.0, math.inf),
    "Softplus": (0.0, math.inf),
}


def last_bounds(network: nn.Module, z: Tensor) -> tuple[float, float] | None:
    """The bounds of what `network` returns for z (B, ...), by the activation that it ends with.

    Returns:
        Lowest and highest value; None where it ends with something else, or returns no tensor.
    """
    with evaluating(network), torch.enable_grad():
        output = network(z)
    if not isinstance(output, Tensor):
        return None
    node = output.grad_fn
    while node is not None and _name(node) in SHAPE_AND_TYPE:
        node = node.next_functions[0][0]
    return None if node is None else BOUNDS.get(_name(node))


def _name(node: object) -> str:
    """`TanhBackward0` is "Tanh", `_ReshapeAliasBackward0` is "Reshape"."""
    return type(node).__name__.partition("Backward")[0].strip("_").replace("ReshapeAlias", "Reshape")
