"""The built-in networks by name, and the settings of one network (torch-free).

To add a network: one file with its builder, and one line in `NETWORKS`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import Field, field_validator

from saddlepoint.settings import Settings, part_name

_HERE = "saddlepoint.networks"
OBJECT = "object:"  # begins the name of a network or loss that was given as an object, which no file holds


@dataclass(frozen=True)
class NetworkEntry:
    """The import path of a network's builder, and what is known of it without torch.

    Attributes:
        path: import path of the builder, called as `builder(inputs, outputs, output_activation=..., **settings,
            **arguments)` with the shapes of one example of each. Its annotations check the arguments.
        uses: the settings that the builder takes, fields of `NetworkSettings`. All its other parameters are arguments.
        convolutional: whether it takes events (C, *size) with the channels first, and has the levels of
            `saddlepoint.networks.pyramid`.
        zero_layers: whether all weights of some layers begin at 0, so that no constraint can divide by them.
    """

    path: str
    uses: tuple[str, ...]
    convolutional: bool = False
    zero_layers: bool = False


NETWORKS: dict[str, NetworkEntry] = {
    "mlp": NetworkEntry(f"{_HERE}.mlp:MLP", ("hidden", "activation", "batch_norm", "weights", "maxout_pieces")),
    "dcgan": NetworkEntry(f"{_HERE}.conv:dcgan", ("width",), convolutional=True),
    "resnet": NetworkEntry(f"{_HERE}.resnet:resnet", ("width",), convolutional=True),
    "r3gan": NetworkEntry(f"{_HERE}.r3gan:r3gan", ("width",), convolutional=True, zero_layers=True),
}
# Names of networks in papers and other programs, in lower case with hyphens, and the network here.
NETWORKS_ELSEWHERE: dict[str, str] = {
    **dict.fromkeys(("perceptron", "dense", "linear", "fully-connected", "fc"), "mlp"),
    **dict.fromkeys(("conv", "cnn", "convolutional", "deep-conv"), "dcgan"),
    **dict.fromkeys(("sngan", "sagan", "residual", "resnet-gan", "wgan-gp"), "resnet"),
    **dict.fromkeys(("re-gan", "convnext", "modern"), "r3gan"),
}
# "wgan-gp" is mostly the name of a game, of which the network is a part.
NETWORKS_TOGETHER_WITH = {"wgan-gp": "model.objective wasserstein and model.penalties.gradient_penalty 10"}

Activation = Literal["relu", "leaky_relu", "tanh", "sigmoid", "softplus", "elu", "gelu", "silu", "maxout", "identity"]

LARGEST_SIZE = 1_000_000_000  # of a layer or a code
Size = Annotated[int, Field(ge=1, le=LARGEST_SIZE)]


def _users(setting: str) -> str:
    """The networks that use a setting."""
    return ", ".join(name for name, entry in NETWORKS.items() if setting in entry.uses)


class NetworkChoice(Settings):
    """Base class of the settings of a network, which is a built-in one by name or the user's own by import path.

    A subclass declares `network`, its name or import path, and `arguments`, by name.

    Attributes:
        registered: the built-in networks by name; the first of them has the setting `hidden`.
    """

    registered: ClassVar[Mapping[str, NetworkEntry]] = {}

    if TYPE_CHECKING:  # each subclass has a description and a default of its own
        network: str
        arguments: dict[str, Any]

    def rough_size(self, numbers: int, levels: int | None) -> tuple[int, int] | None:
        """Return upper bounds of the number of weights, and of the numbers that a pass stores for one example.

        Args:
            numbers: in an example.
            levels: values of discrete numbers; None for real ones.

        Returns:
            The bounds; None if only the network itself knows them.
        """
        return None


class NetworkSettings(NetworkChoice):
    """One network. `network` is a built-in name, or the import path of your own module: `mypackage.nets:Generator`.

    Your own is called as `Generator(inputs=..., outputs=..., **arguments)`, with the shapes of one example of each.
    """

    registered: ClassVar[Mapping[str, NetworkEntry]] = NETWORKS

    network: str = Field("mlp", description=f"{', '.join(NETWORKS)}, or module:Class of your own.")
    hidden: tuple[Size, ...] = Field(
        (128, 128), max_length=1_000, description=f"{_users('hidden')}: widths of the hidden layers."
    )
    activation: Activation = Field("relu", description=f"{_users('activation')}: activation of the hidden layers.")
    maxout_pieces: int = Field(
        5,
        ge=2,
        le=1_000_000,
        description="maxout: linear functions of which a unit is the largest (so many times the weights).",
    )
    batch_norm: bool = Field(False, description=f"{_users('batch_norm')}: BatchNorm after every hidden layer.")
    weights: Literal["glorot", "normal", "small"] = Field(
        "glorot",
        description=f"{_users('weights')}: how the weights begin; normal is N(0, 1), which saturates wide layers, small is "
        "N(0, 0.02).",
    )
    width: int = Field(
        64,
        ge=1,
        le=LARGEST_SIZE,
        description=f"{_users('width')}: channels of the layer nearest to the image; they double away from it.",
    )
    arguments: dict[str, Any] = Field(
        default_factory=dict,
        description="Further arguments by name, of your own network or of a built-in one (resnet: {attention: 16}).",
    )

    @field_validator("network")
    @classmethod
    def _network_is_known(cls, name: str) -> str:
        return part_name(name, NETWORKS, "network", elsewhere=NETWORKS_ELSEWHERE, together_with=NETWORKS_TOGETHER_WITH)
