"""Settings of a normalising flow (torch-free)."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field, field_validator

from saddlepoint.data.settings import ScalingName
from saddlepoint.models.settings import FamilySettings
from saddlepoint.networks.settings import Size
from saddlepoint.settings import part_name


class FlowSettings(FamilySettings):
    """A normalising flow: an invertible map from the data to a standard normal distribution, which has an exact density."""

    title: ClassVar[str] = "Normalising flows"
    recommended: ClassVar[tuple[str, ...]] = ("flow-moons", "flow-digits")
    players: ClassVar[tuple[str, ...]] = ("flow",)

    family: Literal["flow"] = Field("flow", description="The kind of model.")
    flow: Literal["spline", "realnvp", "maf"] = Field(
        "spline",
        description="spline: coupling layers of rational-quadratic splines; realnvp: affine coupling layers; maf: masked "
        "autoregressive layers, which sample slowly.",
    )
    transforms: int = Field(5, ge=1, le=1_000, description="Layers.")
    hidden: tuple[Size, ...] = Field(
        (64, 64), max_length=1_000, description="Widths of the hidden layers of the network of each layer."
    )
    bins: int = Field(8, ge=2, le=10_000, description="spline: pieces of each spline.")
    conditional: bool = Field(False, description="Learn the distribution of each class; needs data with labels.")
    noise_std: float = Field(
        0.0,
        ge=0.0,
        description="Standard deviation of Gaussian noise on training examples, in the model's units. With the default scaling these "
        "are standard deviations of the data.",
    )
    objective: str = Field(
        "likelihood", description="likelihood: the negative log likelihood; or module:loss of your own."
    )
    scaling: ScalingName = Field("auto", description="Units the network sees; auto: standard.")

    @property
    def abilities(self) -> tuple[str, ...]:
        by_class = ("sample by class",) if self.conditional else ()
        return (*by_class, "encode", "compute likelihoods", *(("classify",) if self.conditional else ()))

    @field_validator("objective")
    @classmethod
    def _loss_is_known(cls, name: str) -> str:
        return part_name(name, ("likelihood",), "loss")
