"""Settings of the toy Gaussian."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from saddlepoint.models.settings import FamilySettings


class GaussianSettings(FamilySettings):
    """A Gaussian, fitted by expectation maximisation."""

    players: ClassVar[tuple[str, ...]] = ("em",)

    family: Literal["gaussian"] = Field("gaussian", description="The kind of model.")
    forgetting: float = Field(0.1, gt=0, le=1, description="Weight of the newest batch in the running moments.")
