"""Settings of a model that a training loop of the user's own trains (torch-free). `sp.watch` writes them."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from saddlepoint.models.settings import WATCHED, FamilySettings

Kind = Literal["gan", "vae", "autoencoder", "other"]


class WatchedSettings(FamilySettings):
    """A model that a training loop of the user's own trains: what rules must know to judge its records."""

    title: ClassVar[str] = "Models of your own training loop"
    own_loop: ClassVar[bool] = True

    family: Literal["watched"] = Field("watched", description="The kind of model.")
    kind: Kind = Field("other", description="What the players are together, which decides the rules that apply.")
    objective: str = Field("", description="gan: name of the adversarial loss; empty where it was not given.")
    networks: tuple[str, ...] = Field((), description="Names of the players that were given.")
    open_ended: bool = Field(
        False,
        description="Whether the number of steps was not given, so that training.steps is that of the steps done.",
    )

    @property
    def is_open_ended(self) -> bool:
        return self.open_ended

    @property
    def objective_names(self) -> frozenset[str]:
        return frozenset({WATCHED, self.kind, self.objective} - {""})
