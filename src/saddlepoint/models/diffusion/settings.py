"""Settings of a diffusion model (torch-free)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Literal

from pydantic import Field, field_validator

from saddlepoint.data.settings import ScalingName
from saddlepoint.models.settings import FamilySettings
from saddlepoint.networks.settings import Size
from saddlepoint.settings import Settings, part_name

# Path, preconditioner and noise levels of each formulation.
FORMULATIONS: Mapping[str, tuple[str, str, str]] = {
    "edm": ("variance-exploding", "edm", "log-normal"),
    "flow-matching": ("linear", "velocity", "uniform"),
}
SamplerName = Literal["euler", "heun", "ddim"]


class SamplerSettings(Settings):
    """The solver of the differential equation from noise to data."""

    name: SamplerName = Field("heun", description="euler, heun (two evaluations of the network a step) or ddim.")
    steps: int = Field(18, ge=1, le=100_000, description="Steps from noise to data.")


class DenoiserSettings(Settings):
    """The network that removes noise."""

    network: Literal["auto", "mlp", "unet"] = Field("auto", description="auto: unet for images, mlp for all else.")
    hidden: tuple[Size, ...] = Field(
        (128, 128, 128), min_length=1, max_length=1_000, description="mlp: widths of the hidden layers."
    )
    width: int = Field(
        32, ge=1, le=100_000, description="unet: channels of the finest level; coarser ones have twice as many."
    )
    blocks: int = Field(1, ge=1, le=100, description="unet: residual blocks of each level.")
    patch: int = Field(
        1, ge=1, le=64, description="unet: side of the patches of pixels that become channels; 2 is four times cheaper."
    )
    attention: int = Field(0, ge=0, description="unet: longest side of the level with self-attention; 0 for none.")


class DiffusionSettings(FamilySettings):
    """A diffusion model: a network that removes noise, from which a differential equation makes samples."""

    title: ClassVar[str] = "Diffusion models and flow matching"
    recommended: ClassVar[tuple[str, ...]] = ("diffusion-digits", "diffusion-moons", "flow-matching-moons")
    players: ClassVar[tuple[str, ...]] = ("dm",)

    family: Literal["diffusion"] = Field("diffusion", description="The kind of model.")
    formulation: Literal["edm", "flow-matching"] = Field(
        "edm", description="Path, preconditioner and noise levels together."
    )
    path: Literal["auto", "variance-exploding", "linear", "cosine"] = Field(
        "auto", description="How noise is added; auto: that of the formulation."
    )
    preconditioner: Literal["auto", "edm", "velocity"] = Field(
        "auto", description="What the network gets and predicts; auto: that of the formulation."
    )
    noise_levels: Literal["auto", "log-normal", "uniform", "logit-normal"] = Field(
        "auto", description="Distribution of noise levels in training; auto: that of the formulation."
    )
    data_std: float = Field(
        1.0,
        gt=0.0,
        description="Standard deviation of the data in the model's units, which is 1 after standardisation.",
    )
    denoiser: DenoiserSettings = Field(default_factory=DenoiserSettings, description="The network.")
    sampler: SamplerSettings = Field(default_factory=SamplerSettings, description="How samples are made.")
    density_steps: int = Field(
        0,
        ge=0,
        le=100_000,
        description="Steps of the integration of log_prob, for real data of at most 64 numbers; 0 for a model without log_prob.",
    )
    conditional: bool = Field(False, description="Learn to sample each class; needs data with labels.")
    label_dropout: float = Field(
        0.1, ge=0.0, lt=1.0, description="Share of labels that are dropped in training, which guidance needs."
    )
    guidance: float = Field(
        1.0, ge=0.0, description="Strength of classifier-free guidance; 1 is the conditional model, 0 ignores labels."
    )
    objective: str = Field("denoising", description="denoising: the squared error; or module:loss of your own.")
    scaling: ScalingName = Field("auto", description="Units the network sees; auto: standard.")

    @property
    def parts(self) -> tuple[str, str, str]:
        """The names of path, preconditioner and noise levels."""
        path, preconditioner, levels = FORMULATIONS[self.formulation]
        return (
            path if self.path == "auto" else self.path,
            preconditioner if self.preconditioner == "auto" else self.preconditioner,
            levels if self.noise_levels == "auto" else self.noise_levels,
        )

    @property
    def abilities(self) -> tuple[str, ...]:
        density = self.density_steps > 0
        return (
            *(("sample by class",) if self.conditional else ()),
            "encode",
            *(("compute likelihoods",) if density else ()),
            *(("classify",) if density and self.conditional else ()),
            "complete",
        )

    @field_validator("objective")
    @classmethod
    def _loss_is_known(cls, name: str) -> str:
        return part_name(name, ("denoising",), "loss")
