"""Settings of an autoencoder (torch-free)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from pydantic import Field, field_validator

from saddlepoint.data.settings import ScalingName
from saddlepoint.models.settings import FamilySettings
from saddlepoint.networks.settings import NetworkSettings, Size
from saddlepoint.settings import part_name


class AutoencoderSettings(FamilySettings):
    """An autoencoder: compress examples to small codes and reconstruct them."""

    title: ClassVar[str] = "Autoencoders"
    recommended: ClassVar[tuple[str, ...]] = ("autoencoder-digits",)
    players: ClassVar[tuple[str, ...]] = ("ae",)
    used_with: ClassVar[Mapping[str, tuple[Any, ...]]] = {
        "sparsity_weight": ("sparsity",),
        "sparsity_target": ("sparsity", "kl"),
    }

    family: Literal["autoencoder"] = Field("autoencoder", description="The kind of model.")
    latent: Size = Field(3, description="Size of the code.")
    encoder: NetworkSettings = Field(
        NetworkSettings(hidden=(50, 50), activation="tanh"), description="Example -> code."
    )
    decoder: NetworkSettings = Field(
        NetworkSettings(hidden=(50, 50), activation="tanh"), description="Code -> example."
    )
    objective: str = Field(
        "reconstruction", description="reconstruction: the reconstruction error; or module:loss of your own."
    )
    reconstruction: Literal["l2", "l1", "bernoulli"] = Field(
        "l2", description="The reconstruction error; bernoulli needs data in [0, 1]."
    )
    sparsity: Literal["none", "kl", "l1"] = Field("none", description="Penalty on the activity of the code's units.")
    sparsity_weight: float = Field(1e-3, ge=0.0, description="Weight of the sparsity penalty.")
    sparsity_target: float = Field(
        0.05, gt=0.0, lt=1.0, description="kl: target mean activation of a unit (the code passes a sigmoid)."
    )
    denoising: float = Field(
        0.0, ge=0.0, description="Standard deviation of the noise added to the input, in the model's units."
    )
    prior_components: int = Field(
        10,
        ge=1,
        le=100_000,
        description="Components of the Gaussian mixture fitted to the codes, from which samples are drawn.",
    )
    scaling: ScalingName = Field(
        "auto", description="Units the network sees; auto: unit for bounded data, else standard."
    )

    @property
    def abilities(self) -> tuple[str, ...]:
        return ("encode",)

    @field_validator("objective")
    @classmethod
    def _loss_is_known(cls, name: str) -> str:
        return part_name(name, ("reconstruction",), "loss")
