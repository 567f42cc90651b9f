"""Settings of a predictor of next frames (torch-free)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from pydantic import Field, field_validator

from saddlepoint.models.settings import FamilySettings
from saddlepoint.objectives.prediction.settings import LOSSES
from saddlepoint.settings import Settings, part_name

WITH_DISCRIMINATOR = tuple(name for name, loss in LOSSES.items() if "adversarial" in loss.terms)
WITH_GRADIENTS = tuple(name for name, loss in LOSSES.items() if "gradient_difference" in loss.terms)


class FramePredictorSettings(Settings):
    """The network that predicts frames: a U-Net over stacked frames."""

    width: int = Field(32, ge=4, le=4_096, description="Channels of the finest level; coarser ones have twice as many.")
    blocks: int = Field(1, ge=1, le=100, description="Residual blocks of each level.")
    patch: int = Field(
        0, ge=0, le=64, description="Side of the patches of pixels that become channels; 0: 16 patches a side."
    )


class FrameDiscriminatorSettings(Settings):
    """The discriminator of an adversarial loss, which scores patches."""

    width: int = Field(32, ge=1, le=4_096, description="Channels of the first level; they double at the next.")


class PredictorSettings(FamilySettings):
    """A predictor: the next frames of a video from the frames before them."""

    title: ClassVar[str] = "Predictors of next frames"
    recommended: ClassVar[tuple[str, ...]] = ("predictor-digits", "predictor-mnist")
    players: ClassVar[tuple[str, ...]] = ("d", "p")
    roles: ClassVar[tuple[str, ...]] = ("discriminator", "predictor")
    used_with: ClassVar[Mapping[str, tuple[Any, ...]]] = {
        "discriminator": ("objective", *WITH_DISCRIMINATOR),
        "adversarial_weight": ("objective", *WITH_DISCRIMINATOR),
        "gradient_weight": ("objective", *WITH_GRADIENTS),
    }

    family: Literal["predictor"] = Field("predictor", description="The kind of model.")
    frames_in: int = Field(10, ge=1, le=100_000, description="Frames that are given; the others are predicted.")
    objective: str = Field("squared", description=f"{', '.join(LOSSES)}; or module:loss of your own.")
    adversarial_weight: float = Field(
        0.02, gt=0.0, le=1e6, description="adversarial, both: weight of the discriminator's verdict."
    )
    gradient_weight: float = Field(
        0.2, gt=0.0, le=1e6, description="gradient-difference, both: weight of the gradient difference."
    )
    predictor: FramePredictorSettings = Field(
        default_factory=FramePredictorSettings, description="Given frames -> next frames."
    )
    discriminator: FrameDiscriminatorSettings = Field(
        default_factory=FrameDiscriminatorSettings, description="All frames of an example -> a score for each patch."
    )

    @property
    def weights(self) -> dict[str, float]:
        """The weight of each term of the objective; empty for the user's own."""
        own = {"squared": 1.0, "adversarial": self.adversarial_weight, "gradient_difference": self.gradient_weight}
        return {name: own[name] for name in LOSSES[self.objective].terms} if self.objective in LOSSES else {}

    @property
    def active_roles(self) -> tuple[str, ...]:
        return self.roles if "adversarial" in self.weights else ()

    @property
    def abilities(self) -> tuple[str, ...]:
        return ("predict frames",)

    @field_validator("objective")
    @classmethod
    def _loss_is_known(cls, name: str) -> str:
        return part_name(name, tuple(LOSSES), "loss")
