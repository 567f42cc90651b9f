"""Settings of the toy game of three players."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from saddlepoint.models.settings import FamilySettings


class ThreePlayersSettings(FamilySettings):
    """A generator and a critic, and an encoder that recovers the codes of samples."""

    players: ClassVar[tuple[str, ...]] = ("critic", "maker", "e")

    family: Literal["three-players"] = Field("three-players", description="The kind of model.")
    latent: int = Field(2, ge=1, description="Size of the code.")
