"""Settings of a VQ-VAE (torch-free)."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from pydantic import Field, field_validator

from saddlepoint.data.settings import ScalingName
from saddlepoint.models.settings import FamilySettings
from saddlepoint.networks.settings import Size
from saddlepoint.settings import Settings, part_name


class MapNetworkSettings(Settings):
    """The encoder and the decoder between an example and its map of vectors."""

    network: Literal["convolutional", "mlp"] = Field(
        "convolutional", description="convolutional for images; mlp for anything, with the places in a row."
    )
    width: Size = Field(64, description="convolutional: channels of the hidden layers.")
    halvings: int = Field(2, ge=1, le=8, description="convolutional: how often the sides are halved.")
    blocks: int = Field(2, ge=0, le=100, description="convolutional: residual blocks on the map.")
    hidden: tuple[Size, ...] = Field((128, 128), max_length=1_000, description="mlp: widths of the hidden layers.")
    places: Size = Field(8, description="mlp: vectors of an example.")


class CodePriorSettings(Settings):
    """The PixelCNN that models the codes of an example, one after the other."""

    width: Size = Field(64, description="Features of a place.")
    layers: int = Field(4, ge=1, le=1_000, description="Residual blocks.")


class VQVAESettings(FamilySettings):
    """An autoencoder with discrete codes, and an autoregressive prior over them."""

    players: ClassVar[tuple[str, ...]] = ("vq", "prior")
    roles: ClassVar[tuple[str, ...]] = ("autoencoder", "prior")
    title: ClassVar[str] = "VQ-VAEs"
    recommended: ClassVar[tuple[str, ...]] = ("vq-vae-digits",)

    family: Literal["vq-vae"] = Field("vq-vae", description="The kind of model.")
    codes: int = Field(64, ge=2, le=65_536, description="Vectors in the codebook.")
    code_size: Size = Field(16, description="Numbers in a vector.")
    codebook: Literal["average", "gradient"] = Field(
        "average",
        description="How the codebook learns: moving averages of the vectors that chose a code, or gradients.",
    )
    codebook_decay: float = Field(0.99, ge=0.0, lt=1.0, description="average: decay of the moving averages, a step.")
    codebook_std: float = Field(0.1, gt=0.0, description="Standard deviation of the codebook before training.")
    restart_below: float = Field(
        0.0,
        ge=0.0,
        description="average: a code chosen by fewer vectors of a batch on average is replaced by one of these vectors; 0 for never.",
    )
    commitment: float = Field(0.25, ge=0.0, description="Weight of the distance of vectors to their codes.")
    autoencoder: MapNetworkSettings = Field(MapNetworkSettings(), description="Encoder and decoder.")
    prior: CodePriorSettings = Field(CodePriorSettings(), description="The prior over codes.")
    objective: str = Field(
        "quantisation",
        description="quantisation: negative log likelihood and distances to the codes; or module:loss of your own.",
    )
    likelihood: Literal["bernoulli", "gaussian", "gaussian-learnt", "student-t", "discretised-logistic"] = Field(
        "gaussian-learnt",
        description="Distribution of an example given its codes: bernoulli for black and white, discretised-logistic for bytes, the "
        "others for real numbers; all but bernoulli and gaussian learn their scale.",
    )
    observation_std: float = Field(
        0.5,
        gt=0.0,
        description="gaussian: its fixed standard deviation; where the learnt scale of the others starts; in the model's units.",
    )
    degrees_of_freedom: float = Field(
        5.0, gt=0.0, le=1e6, description="student-t: fewer mean heavier tails; many are a Gaussian."
    )
    scaling: ScalingName = Field(
        "auto", description="Units the network sees; auto: unit for bernoulli, else symmetric or standard."
    )

    @property
    def abilities(self) -> tuple[str, ...]:
        return ("encode", "compute likelihoods")

    @field_validator("likelihood", mode="before")
    @classmethod
    def _has_no_categories(cls, likelihood: Any) -> Any:
        if likelihood == "mixed":
            raise ValueError(
                "a VQ-VAE has no likelihood of mixed columns; train vae-table for a table with categories, or take gaussian-learnt"
            )
        return likelihood

    @field_validator("objective")
    @classmethod
    def _loss_is_known(cls, name: str) -> str:
        return part_name(name, ("quantisation",), "loss")
