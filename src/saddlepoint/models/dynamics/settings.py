"""Settings of a model of dynamics (torch-free).

To add a kind of outcome: one file in this package and one line in `OUTCOMES`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Literal

from pydantic import Field

from saddlepoint.data.settings import ScalingName
from saddlepoint.models.settings import FamilySettings
from saddlepoint.networks.settings import Activation, Size

_HERE = "saddlepoint.models.dynamics"
OutcomeName = Literal["ensemble", "vae", "gan"]
# The class of each kind, and the kind in words.
OUTCOMES: Mapping[OutcomeName, tuple[str, str]] = {
    "ensemble": (f"{_HERE}.ensemble:Ensemble", "an ensemble of Gaussian networks"),
    "vae": (f"{_HERE}.conditional_vae:ConditionalVAE", "a conditional VAE"),
    "gan": (f"{_HERE}.conditional_gan:ConditionalGAN", "a conditional GAN"),
}


class DynamicsSettings(FamilySettings):
    """A model of the last numbers of an example given the first ones: of the next state given a state and an action."""

    title: ClassVar[str] = "Models of dynamics"
    recommended: ClassVar[tuple[str, ...]] = ("dynamics-moons",)
    players: ClassVar[tuple[str, ...]] = ("dyn", "critic")
    used_with: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "members": ("outcome", "ensemble"),
        "latent": ("outcome", "vae", "gan"),
        "beta": ("outcome", "vae"),
        "slope_penalty": ("outcome", "gan"),
    }

    family: Literal["dynamics"] = Field("dynamics", description="The kind of model.")
    outcome: OutcomeName = Field(
        "ensemble", description="; ".join(f"{name}: {words}" for name, (_, words) in OUTCOMES.items()) + "."
    )
    given: int = Field(0, ge=0, description="How many of an example's first numbers are given: a state and an action.")
    flags: int = Field(0, ge=0, description="How many of its last numbers are 0 or 1: whether the episode ends.")
    members: int = Field(5, ge=1, le=1_000, description="Networks of the ensemble.")
    latent: Size = Field(4, description="vae and gan: size of the code, or of the generator's noise.")
    beta: float = Field(1.0, ge=0.0, allow_inf_nan=False, description="vae: weight of the KL term.")
    slope_penalty: float = Field(
        0.1,
        ge=0.0,
        allow_inf_nan=False,
        description="gan: weight of the penalties on the discriminator's slope (R1 and R2).",
    )
    hidden: tuple[Size, ...] = Field((128, 128), max_length=1_000, description="Widths of the hidden layers.")
    activation: Activation = Field("silu", description="Activation of the hidden layers.")
    scaling: ScalingName = Field(
        "auto", description="Units the networks see; auto: standard, or symmetric where the range is known."
    )
