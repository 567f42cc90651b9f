"""The last activation of a network, and so the bounds of its output, from the autograd graph of one forward pass.

Settings define how a built-in network ends; the user's own network may end with any layer or function. The last node of the
graph, apart from changes of shape and type, computed its output.
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
    """Return the bounds of a network's output, by its last activation.

    Args:
        network: is run once in evaluation mode.
        z: input (B, ...).

    Returns:
        Lowest and highest value; None where it ends with something else, or does not return a tensor.
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
    """Return the name of an autograd node: `TanhBackward0` is "Tanh", `_ReshapeAliasBackward0` is "Reshape"."""
    return type(node).__name__.partition("Backward")[0].strip("_").replace("ReshapeAlias", "Reshape")
