"""Settings of the named parts of a GAN: penalties, constraints, conditions and views (torch-free).

Each has a short form, the field `shorthand`, such as `r1: 1` for `r1: {weight: 1}`, and keeps further names as arguments of the part.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from pydantic import Field, SerializerFunctionWrapHandler, field_validator, model_serializer, model_validator
from pydantic_core import PydanticCustomError

from saddlepoint.models.gan.conditions.settings import CONDITIONS, CONDITIONS_OF
from saddlepoint.objectives.adversarial.settings import CONSTRAINTS
from saddlepoint.settings import Settings, is_finite, part_name

Weight = Annotated[float, Field(ge=0.0, allow_inf_nan=False)]


class PartSettings(Settings):
    """One part. Names that are not among the fields are its arguments: `between: {weight: 10, sides: 2}`."""

    arguments: dict[str, Any] = Field(default_factory=dict, description="Further arguments of the part, by name.")

    @model_validator(mode="before")
    @classmethod
    def _collect_arguments(cls, content: Any) -> Any:
        if not isinstance(content, dict):
            return content
        own = {name: value for name, value in content.items() if name not in cls.model_fields}
        rest = {name: value for name, value in content.items() if name in cls.model_fields}
        return rest if not own else {**rest, "arguments": {**rest.get("arguments", {}), **own}}

    @field_validator("arguments")
    @classmethod
    def _hold_finite_numbers(cls, arguments: dict[str, Any]) -> dict[str, Any]:
        """Refuse numbers with which a part would train towards no finite weights, or be without effect."""
        for name, value in arguments.items():
            if not is_finite(value):
                raise PydanticCustomError("unusable", "the argument {name} must be a finite number", {"name": name})
        return arguments

    @model_serializer(mode="wrap")
    def _without_empty_arguments(self, write: SerializerFunctionWrapHandler) -> dict[str, Any]:
        written: dict[str, Any] = write(self)
        return {name: value for name, value in written.items() if name != "arguments" or value}


class PenaltySettings(PartSettings):
    """A penalty of the discriminator."""

    switches: ClassVar[tuple[str, ...]] = ("weight",)
    used_with: ClassVar[Mapping[str, tuple[Any, ...]]] = {"half_life": ("weight",), "arguments": ("weight",)}
    shorthand: ClassVar[str] = "weight"
    weight: Weight = Field(1.0, description="Weight of the penalty; 0 leaves it out.")
    half_life: int = Field(
        0,
        ge=0,
        description="Steps in which the weight falls to a half: large while the game finds its way, small where samples between narrow modes need a steep slope; 0 keeps it.",
    )


class PartOfPlayerSettings(PartSettings):
    """A part that belongs to one player, and is chosen by its name."""

    shorthand: ClassVar[str] = "name"
    what: ClassVar[str]  # the kind of part, for messages
    known: ClassVar[Mapping[str, str]]  # import paths by name
    name: str

    @field_validator("name")
    @classmethod
    def _is_known(cls, name: str) -> str:
        return part_name(name, cls.known, cls.what)


class ConstraintSettings(PartOfPlayerSettings):
    """A constraint of one player's weights."""

    what: ClassVar[str] = "constraint"
    known: ClassVar[Mapping[str, str]] = CONSTRAINTS
    name: str = Field(description=f"{', '.join(CONSTRAINTS)}, or module:Class of your own.")


class ConditionSettings(PartOfPlayerSettings):
    """How one player uses the labels."""

    what: ClassVar[str] = "condition"
    known: ClassVar[Mapping[str, str]] = CONDITIONS
    name: str = Field(
        description="; ".join(f"of the {role}: {', '.join(names)}" for role, names in CONDITIONS_OF.items())
        + "; or module:Class of your own."
    )


class ViewSettings(PartSettings):
    """A transformation of the discriminator's input."""

    switches: ClassVar[tuple[str, ...]] = ("strength",)
    used_with: ClassVar[Mapping[str, tuple[Any, ...]]] = {"steps": ("strength",), "arguments": ("strength",)}
    shorthand: ClassVar[str] = "strength"
    strength: Weight = Field(
        1.0, description="Strength of the view, in its own units (instance_noise: standard deviation); 0 leaves it out."
    )
    steps: int = Field(0, ge=0, description="Steps over which the strength falls to 0; 0 keeps it.")

    @model_validator(mode="before")
    @classmethod
    def _take_policy(cls, content: Any) -> Any:
        """Accept a list in place of the strength: the names of the changes, as in `diffaugment: [color, translation]`."""
        if not isinstance(content, dict) or not isinstance(content.get("strength"), list | tuple):
            return content
        return {**{name: value for name, value in content.items() if name != "strength"}, "policy": content["strength"]}

    @field_validator("strength", mode="before")
    @classmethod
    def _is_no_change(cls, strength: Any) -> Any:
        """Say how a change is written to whoever gives its name alone, as in `diffaugment: color`."""
        if isinstance(strength, str) and strength.replace(",", "").replace(" ", "").isidentifier():
            example = strength if len(strength) <= 100 else "color, translation"
            raise ValueError(f"it must be a number; names of changes are written in brackets, '[{example}]'")
        return strength
