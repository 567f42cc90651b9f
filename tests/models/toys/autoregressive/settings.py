"""Settings of the toy autoregressive model."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from saddlepoint.models.settings import FamilySettings


class AutoregressiveSettings(FamilySettings):
    """Each number given those before it: a Gaussian with a linear mean."""

    players: ClassVar[tuple[str, ...]] = ("ar",)

    family: Literal["autoregressive"] = Field("autoregressive", description="The kind of model.")
    start_std: float = Field(1.0, gt=0, description="Standard deviation before training.")
