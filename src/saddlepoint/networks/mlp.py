"""The multilayer perceptron between events of any shape."""

from __future__ import annotations

import math
from collections.abc import Sequence

from torch import Tensor, nn

from saddlepoint.errors import SettingError
from saddlepoint.networks.activations import activation_layer
from saddlepoint.networks.initialisation import WEIGHTS
from saddlepoint.networks.maxout import Maxout


class MLP(nn.Module):
    """Fully connected layers between an event of shape `inputs` and one of shape `outputs`.

    Args:
        inputs: shape of one example, flattened on the way in.
        outputs: shape of one result; `()` gives one number an example, (B,); None leaves the output layer away and
            gives the last hidden layer, (B, hidden[-1]).
        hidden: widths of the hidden layers; `()` makes the network linear.
        activation: a name in `activations.ACTIVATIONS`, or `maxout`, where a unit is the largest of `maxout_pieces` linear
            functions.
        batch_norm: BatchNorm between every hidden layer and its activation.
        output_activation: after the output layer.
        weights: how they begin, a name in `initialisation.WEIGHTS`.

    Raises:
        SettingError: a width below 1, or fewer than 2 pieces.
    """

    def __init__(
        self,
        inputs: Sequence[int],
        outputs: Sequence[int] | None,
        hidden: Sequence[int] = (128, 128),
        activation: str = "relu",
        batch_norm: bool = False,
        output_activation: str = "identity",
        weights: str = "glorot",
        maxout_pieces: int = 5,
    ) -> None:
        super().__init__()
        if maxout_pieces < 2:
            raise SettingError(f"mlp: maxout takes the largest of at least 2 pieces, got {maxout_pieces}.")
        if any(width < 1 for width in hidden):
            raise SettingError(f"mlp: every hidden layer needs a width of at least 1, got hidden = {list(hidden)}.")
        layers: list[nn.Module] = []
        width = math.prod(inputs)
        for following in hidden:
            # BatchNorm subtracts the mean, so a bias before it would do nothing.
            functions = following * maxout_pieces if activation == "maxout" else following
            layers.append(nn.Linear(width, functions, bias=not batch_norm))
            if batch_norm:
                layers.append(nn.BatchNorm1d(functions))
            layers.append(Maxout(maxout_pieces) if activation == "maxout" else activation_layer(activation))
            width = following
        if outputs is not None:
            layers.append(nn.Linear(width, math.prod(outputs)))
            if output_activation != "identity":
                layers.append(activation_layer(output_activation))
        self.outputs = (width,) if outputs is None else tuple(outputs)
        self.layers = nn.Sequential(*layers)
        WEIGHTS[weights](self)

    def forward(self, x: Tensor) -> Tensor:
        """(B, *inputs) -> (B, *outputs)."""
        # A view costs microseconds in both directions, which small networks feel.
        result: Tensor = self.layers(x.flatten(1) if x.ndim > 2 else x)
        return result if len(self.outputs) == 1 else result.reshape(x.shape[0], *self.outputs)
