"""Find the bounds of a network's output from the last activation in the autograd graph of one forward pass.

The last activation of a built-in network is a setting; the user's own network may end with any layer or function. The last
node of the graph, apart from changes of shape and type, computed the output.
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


def activation_bounds(network: nn.Module, z: Tensor) -> tuple[float, float] | None:
    """Return the bounds of a network's output, given by its last activation.

    Args:
        network: the network, which is run once in evaluation mode.
        z: (B, ...) inputs.

    Returns:
        Lowest and highest value; None if the last operation has no known bounds, or if the output is not a tensor.
    """
    with evaluating(network), torch.enable_grad():
        output = network(z)
    if not isinstance(output, Tensor):
        return None
    return BOUNDS.get(last_operation(output))


def last_operation(output: Tensor) -> str:
    """Return the name of the operation that computed a tensor, apart from changes of shape and type; empty without a graph."""
    node = output.grad_fn
    while node is not None and _name(node) in SHAPE_AND_TYPE:
        node = node.next_functions[0][0]
    return "" if node is None else _name(node)


def _name(node: object) -> str:
    """Return the name of an autograd node: `TanhBackward0` is "Tanh", `_ReshapeAliasBackward0` is "Reshape"."""
    return type(node).__name__.partition("Backward")[0].strip("_").replace("ReshapeAlias", "Reshape")
