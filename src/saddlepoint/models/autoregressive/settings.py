"""Settings of an autoregressive model (torch-free), and the registry of its networks."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Any, ClassVar, Literal

from pydantic import Field, field_validator

from saddlepoint.models.settings import FamilySettings
from saddlepoint.networks.settings import LARGEST_SIZE, Activation, NetworkChoice, NetworkEntry, Size
from saddlepoint.settings import part_name

_HERE = "saddlepoint.networks"
_PERCEPTRON, _CONVOLUTIONS = ("hidden", "activation"), ("width", "layers", "kernel", "first_kernel")
# To add a network: one file with a subclass of `saddlepoint.networks.autoregression.AutoregressiveNetwork`, and one line here.
AUTOREGRESSIVE_NETWORKS: dict[str, NetworkEntry] = {
    "made": NetworkEntry(f"{_HERE}.made:MADE", _PERCEPTRON),
    "nade": NetworkEntry(f"{_HERE}.nade:NADE", _PERCEPTRON),
    "pixelcnn": NetworkEntry(f"{_HERE}.pixelcnn:PixelCNN", _CONVOLUTIONS, convolutional=True),
    "gated-pixelcnn": NetworkEntry(f"{_HERE}.gated_pixelcnn:GatedPixelCNN", _CONVOLUTIONS, convolutional=True),
    "transformer": NetworkEntry(f"{_HERE}.causal_transformer:CausalTransformer", ("width", "layers", "heads")),
    "lstm": NetworkEntry(f"{_HERE}.recurrent:LSTM", ("width", "layers")),
    "wavenet": NetworkEntry(f"{_HERE}.wavenet:WaveNet", ("width", "layers", "cycle", "positions")),
}
NETWORKS_ELSEWHERE: dict[str, str] = {
    **dict.fromkeys(("fvsbn", "masked-autoencoder", "maf", "mlp"), "made"),
    **dict.fromkeys(("gpt", "image-gpt", "causal-transformer", "decoder", "attention"), "transformer"),
    **dict.fromkeys(("rnn", "recurrent", "gru", "long-short-term-memory"), "lstm"),
    **dict.fromkeys(("pixel-cnn", "cnn", "conv"), "pixelcnn"),
    **dict.fromkeys(("dilated", "causal-convolutions", "tcn"), "wavenet"),
    **dict.fromkeys(("gated-pixel-cnn", "pixelcnn++"), "gated-pixelcnn"),
}


def _users(setting: str) -> str:
    """The networks that use a setting."""
    return ", ".join(name for name, entry in AUTOREGRESSIVE_NETWORKS.items() if setting in entry.uses)


class AutoregressiveNetworkSettings(NetworkChoice):
    """The network that predicts each number. `network` is a built-in name, or the import path of your own module.

    Your own is called as `Name(inputs=..., outputs=..., **arguments)` with the shape of one example and that of its predictions:
    the same shape, with one more axis at the end if a prediction has several parameters.
    """

    registered: ClassVar[Mapping[str, NetworkEntry]] = AUTOREGRESSIVE_NETWORKS

    network: str = Field("made", description=f"{', '.join(AUTOREGRESSIVE_NETWORKS)}, or module:Class of your own.")
    hidden: tuple[Size, ...] = Field(
        (500,), max_length=1_000, description=f"{_users('hidden')}: widths of the hidden layers."
    )
    activation: Activation = Field("relu", description=f"{_users('activation')}: activation of the hidden layers.")
    width: int = Field(64, ge=1, le=LARGEST_SIZE, description=f"{_users('width')}: features of a place.")
    layers: int = Field(4, ge=1, le=1_000, description=f"{_users('layers')}: number of blocks.")
    kernel: int = Field(3, ge=1, le=1_001, description=f"{_users('kernel')}: side of the blocks' kernels, odd.")
    first_kernel: int = Field(
        7, ge=1, le=1_001, description=f"{_users('first_kernel')}: side of the first kernel, odd."
    )
    heads: int = Field(4, ge=1, le=1_000, description=f"{_users('heads')}: heads of the attention.")
    cycle: int = Field(
        8,
        ge=1,
        le=24,
        description=f"{_users('cycle')}: layers over which the dilation doubles, 1, 2, 4, ..., before it begins again at 1.",
    )
    positions: bool = Field(
        True,
        description=f"{_users('positions')}: whether the network is told the place of a number; without it, what ends every example may end a sample anywhere.",
    )
    arguments: dict[str, Any] = Field(default_factory=dict, description="Arguments of your own network, by name.")

    @field_validator("network")
    @classmethod
    def _network_is_known(cls, name: str) -> str:
        return part_name(name, AUTOREGRESSIVE_NETWORKS, "network", elsewhere=NETWORKS_ELSEWHERE)

    @field_validator("activation")
    @classmethod
    def _activation_is_of_one_number(cls, name: str) -> str:
        if name == "maxout":
            raise ValueError("the networks of this family have no maxout units; take relu")
        return name

    @field_validator("kernel", "first_kernel")
    @classmethod
    def _kernel_has_a_centre(cls, side: int) -> int:
        if side % 2 == 0:
            raise ValueError("a kernel needs a centre: take an odd number")
        return side

    def rough_size(self, numbers: int, levels: int | None) -> tuple[int, int]:
        """Return upper bounds of the number of weights and of the numbers that a pass stores, as if all networks were one."""
        parameters = max(levels or 0, 256)
        uses = AUTOREGRESSIVE_NETWORKS[self.network].uses
        if "hidden" in uses:
            widths = [numbers * (levels or 1), *self.hidden, numbers * parameters]
            stored = 4 * sum(widths) + (4 * numbers * sum(self.hidden) if self.network == "nade" else 0)
            return 2 * sum((before + 2) * after for before, after in pairwise(widths)), stored
        kernel = self.kernel**2 + 2 if "kernel" in uses else 12
        first = self.first_kernel**2 * self.width * (levels or 4) * 4 + numbers * self.width
        weights = self.layers * self.width**2 * 4 * kernel + first + self.width * (self.width + 4 * parameters)
        stored = numbers * (self.width * 24 * (self.layers + 2) + parameters)
        return weights, stored + ("heads" in uses) * self.heads * self.layers * numbers**2


class AutoregressiveSettings(FamilySettings):
    """An autoregressive model: the product of the distributions of each number given the numbers before it."""

    title: ClassVar[str] = "Autoregressive models"
    recommended: ClassVar[tuple[str, ...]] = ("pixelcnn-digits", "pixelcnn-digits-conditional", "made-digits")
    players: ClassVar[tuple[str, ...]] = ("ar",)

    family: Literal["autoregressive"] = Field("autoregressive", description="The kind of model.")
    network: AutoregressiveNetworkSettings = Field(
        AutoregressiveNetworkSettings(), description="Example -> the distribution of each number given those before it."
    )
    likelihood: Literal["auto", "bernoulli", "categorical", "logistic-mixture", "gaussian-mixture", "mu-law"] = Field(
        "auto",
        description="Distribution of a number; auto: bernoulli for black and white, categorical for text and few levels, logistic-mixture for bytes, else gaussian-mixture. mu-law rounds sounds to levels.",
    )
    binarise: Literal["none", "stochastic", "threshold"] = Field(
        "none",
        description="bernoulli: leave black and white as they are, draw greys black or white again in every batch, or cut them at the middle.",
    )
    bins: Size | None = Field(
        None,
        description="categorical: bins of equal width, whose levels are equally probable; none for one a level. mu-law: levels, none for 256.",
    )
    components: int = Field(
        10, ge=1, le=10_000, description="logistic-mixture, gaussian-mixture: number of components of the mixture."
    )
    ordering: Literal["raster", "random"] = Field(
        "raster",
        description="Order of the numbers: as they lie in an example (rows of pixels, channels last), or a random one, drawn once; pixelcnn has the first.",
    )
    conditional: bool = Field(False, description="Whether the model takes the labels of the data.")
    objective: str = Field("likelihood", description="likelihood: the exact one; or module:loss of your own.")

    @property
    def takes_text(self) -> bool:
        return True

    @property
    def abilities(self) -> tuple[str, ...]:
        by_class = ("sample by class",) if self.conditional else ()
        return (*by_class, "compute likelihoods", *(("classify",) if self.conditional else ()), "complete")

    @field_validator("objective")
    @classmethod
    def _loss_is_known(cls, name: str) -> str:
        return part_name(name, ("likelihood",), "loss")
