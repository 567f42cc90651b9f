"""Settings of a variational autoencoder (torch-free)."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field, field_validator

from saddlepoint.data.settings import ScalingName
from saddlepoint.models.settings import FamilySettings
from saddlepoint.networks.settings import NetworkSettings, Size
from saddlepoint.settings import part_name


class VAESettings(FamilySettings):
    """A variational autoencoder: an autoencoder in which codes have a known prior."""

    title: ClassVar[str] = "Variational autoencoders (VAEs)"
    recommended: ClassVar[tuple[str, ...]] = ("vae-digits",)
    players: ClassVar[tuple[str, ...]] = ("vae",)

    family: Literal["vae"] = Field("vae", description="The kind of model.")
    latent: Size = Field(3, description="Size of the code.")
    encoder: NetworkSettings = Field(
        NetworkSettings(hidden=(50, 50), activation="relu"), description="Example -> features that both heads share."
    )
    decoder: NetworkSettings = Field(
        NetworkSettings(hidden=(50, 50), activation="relu"),
        description="Code -> parameters of the example's distribution.",
    )
    objective: str = Field(
        "evidence", description="evidence: the negative evidence lower bound; or module:loss of your own."
    )
    likelihood: Literal["bernoulli", "gaussian", "gaussian-learnt"] = Field(
        "bernoulli",
        description="Distribution of an example given its code; gaussian-learnt learns its standard deviation.",
    )
    observation_std: float = Field(
        0.1,
        gt=0.0,
        description="gaussian: its fixed standard deviation, gaussian-learnt: where it starts; in the model's units.",
    )
    binarise: Literal["none", "stochastic"] = Field(
        "none", description="bernoulli: feed the pixel values themselves, or draw black or white again in every batch."
    )
    beta: float = Field(1.0, ge=0.0, description="Weight of the KL term.")
    warm_up: int = Field(0, ge=0, description="Steps over which the KL term's weight grows from 0 to beta.")
    free_bits: float = Field(0.0, ge=0.0, description="Nats of KL a latent unit may use at no cost.")
    importance_samples: int = Field(64, ge=1, description="Samples a log_prob bound is computed from.")
    scaling: ScalingName = Field(
        "auto", description="Units the network sees; auto: unit for bernoulli, else symmetric or standard."
    )

    @property
    def abilities(self) -> tuple[str, ...]:
        return ("encode", "compute likelihoods")

    @field_validator("objective")
    @classmethod
    def _loss_is_known(cls, name: str) -> str:
        return part_name(name, ("evidence",), "loss")
