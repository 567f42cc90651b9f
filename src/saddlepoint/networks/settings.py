"""Settings of one network (torch-free)."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from saddlepoint.settings import Settings

Activation = Literal["relu", "leaky_relu", "tanh", "sigmoid", "softplus", "elu", "gelu", "silu", "maxout", "identity"]

LARGEST_SIZE = 1_000_000_000  # of a layer or a code
Size = Annotated[int, Field(ge=1, le=LARGEST_SIZE)]


class NetworkSettings(Settings):
    """One network. `network` is a built-in name, or the import path of your own module: `mypackage.nets:Generator`.

    Your own is called as `Generator(inputs=..., outputs=..., **arguments)`, with the shapes of one example of each.
    """

    network: str = Field("mlp", description="mlp, dcgan, or module:Class of your own.")
    hidden: tuple[Size, ...] = Field((128, 128), max_length=1_000, description="mlp: widths of the hidden layers.")
    activation: Activation = Field("relu", description="mlp: activation of the hidden layers.")
    maxout_pieces: int = Field(
        5,
        ge=2,
        le=1_000_000,
        description="maxout: linear functions of which a unit is the largest (so many times the weights).",
    )
    batch_norm: bool = Field(False, description="mlp: BatchNorm after every hidden layer.")
    weights: Literal["glorot", "normal", "small"] = Field(
        "glorot",
        description="mlp: how the weights begin; normal is N(0, 1), which saturates wide layers, small is N(0, 0.02).",
    )
    width: int = Field(
        64,
        ge=1,
        le=LARGEST_SIZE,
        description="dcgan: channels of the layer nearest to the image; they double away from it.",
    )
    arguments: dict[str, Any] = Field(default_factory=dict, description="Your own network: further arguments by name.")
