"""Settings of a study: its axes, what is measured, and which pictures are drawn (without torch)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal, get_args

from pydantic import Field, field_validator, model_validator

from saddlepoint.data.settings import DataSettings
from saddlepoint.models.settings import ModelSettings
from saddlepoint.settings import Settings, is_finite
from saddlepoint.training.settings import LARGEST_SEED, TrainingSettings

OutcomeName = Literal[
    "wasserstein", "modes_covered", "high_quality", "least_mode", "mode_width", "reverse_kl", "quality", "held_out"
]  # fmt: skip
OUTCOME_COLUMNS = tuple(name for name in get_args(OutcomeName) if name != "held_out")
Label = bool | int | float | str | None

# Columns of results.csv that an axis must not be named after.
COLUMNS = ("seed", "trained", "steps", "frozen_at", "converged", "steps_to_convergence", "censored_at", "step")


class SeedSettings(Settings):
    """The runs of one point, which differ only in their seed."""

    count: int = Field(16, ge=1, description="Number of runs of every point, one per seed.")
    first: int = Field(0, ge=0, le=LARGEST_SEED, description="The first seed; the others follow it.")


class AxisSettings(Settings):
    """One axis: settings that change together. All its lists have the same length."""

    settings: dict[str, tuple[Any, ...]] = Field(
        default_factory=dict, description="Settings of the recipe by dotted name, each with its values along the axis."
    )
    widths: dict[str, tuple[int, ...]] = Field(
        default_factory=dict,
        description="Networks (model.generator), each with the width of all its hidden layers along the axis.",
    )
    variants: dict[str, dict[str, Any]] = Field(
        default_factory=dict,
        description="Instead of lists: named sets of settings; `base` in a set names another recipe.",
    )
    values: tuple[Label, ...] | None = Field(
        None, description="Names of the values in tables and pictures; by default the values of the first list."
    )

    @field_validator("settings", "variants")
    @classmethod
    def _finite(cls, content: dict[str, Any]) -> dict[str, Any]:
        """Refuse numbers that JSON cannot hold, and which no setting takes."""
        for name, value in content.items():
            if not is_finite(value):
                raise ValueError(f"{name} is not finite in one of its values: each must be a finite number")
        return content

    @model_validator(mode="after")
    def _one_length(self) -> AxisSettings:
        lists = {**self.settings, **self.widths}
        if bool(lists) == bool(self.variants):
            raise ValueError("an axis has either lists (settings, widths) or variants")
        lengths = {name: len(values) for name, values in lists.items()} or {"variants": len(self.variants)}
        if len(set(lengths.values())) > 1:
            said = ", ".join(f"{name} has {length}" for name, length in lengths.items())
            raise ValueError(f"the lists of an axis change together, so they must have the same length: {said}")
        if self.values is not None and len(self.values) != len(self):
            raise ValueError(f"an axis of {len(self)} values has {len(self.values)} names for them")
        if len(self) == 0:
            raise ValueError("an axis needs at least one value")
        if len(set(map(repr, self.labels))) < len(self):
            raise ValueError(f"two values of an axis are called the same ({', '.join(map(str, self.labels))})")
        return self

    def __len__(self) -> int:
        return len(next(iter([*self.settings.values(), *self.widths.values(), self.variants])))

    @property
    def labels(self) -> tuple[Label, ...]:
        """Names of the axis's values in tables."""
        if self.values is not None:
            return self.values
        first: Any = next(iter([*self.settings.values(), *self.widths.values(), tuple(self.variants)]))
        return tuple(_label(value) for value in first)

    def at(self, position: int) -> tuple[dict[str, Any], dict[str, int]]:
        """The settings at one position of the axis.

        Args:
            position: index of the value, from 0.

        Returns:
            Settings by dotted name, and widths by network.
        """
        if self.variants:
            return dict(list(self.variants.values())[position]), {}
        return (
            {name: values[position] for name, values in self.settings.items()},
            {name: values[position] for name, values in self.widths.items()},
        )


class ConvergenceSettings(Settings):
    """When a run counts as converged, and how often this is checked."""

    every: int = Field(
        1,
        ge=1,
        description="Steps between the first checks; later checks are less and less frequent, in proportion to the step.",
    )
    in_a_row: int = Field(
        5, ge=1, description="Number of good checks in a row that count as convergence; the last is its time."
    )
    samples: int = Field(128, ge=2, description="Samples per check; at least 16 per mode are advised.")


class MeasureSettings(Settings):
    """What is measured for every run."""

    outcomes: tuple[OutcomeName, ...] | None = Field(
        None,
        description="At the end: wasserstein, modes_covered, high_quality, least_mode, mode_width, reverse_kl (data with known modes), quality, held_out; by default what suits the data.",
    )
    samples: int = Field(2_000, ge=2, description="Samples that outcomes are measured on.")
    seed: int = Field(
        0, ge=0, le=LARGEST_SEED, description="Seed of these samples and of the points they are compared with."
    )
    every: int | None = Field(None, ge=1, description="Steps between two rows of series.csv; none writes no file.")
    series: tuple[str, ...] = Field((), description="Training series in these rows, such as d/loss; [all] for all.")
    scheduled: tuple[OutcomeName, ...] = Field((), description="Outcomes in these rows.")
    convergence: ConvergenceSettings | None = Field(
        None,
        description="How steps to convergence are measured, for data with known modes; none does not measure them.",
    )

    @model_validator(mode="after")
    def _scheduled(self) -> MeasureSettings:
        if self.every is None and (self.series or self.scheduled):
            raise ValueError("series and scheduled outcomes need an interval: set measure.every")
        return self


class SurvivalPicture(Settings):
    """The share of runs that have not converged, over steps."""

    kind: Literal["survival"] = Field("survival", description="The kind of picture.")
    by: tuple[str, ...] | None = Field(
        None, description="Axes with a curve for every value; by default all. Runs are pooled over the other axes."
    )


class HeatMapPicture(Settings):
    """A number over two axes."""

    kind: Literal["heat map"] = Field("heat map", description="The kind of picture.")
    x: str = Field(description="Axis from left to right.")
    y: str = Field(description="Axis from bottom to top.")
    value: str = Field("converged", description="converged, steps_to_convergence, or an outcome.")


class PowerLawPicture(Settings):
    """A power law between an axis's values and medians."""

    kind: Literal["power law"] = Field("power law", description="The kind of picture.")
    x: str = Field(description="Axis of positive numbers.")
    value: str = Field("steps_to_convergence", description="steps_to_convergence, or an outcome above 0.")
    by: str | None = Field(None, description="Axis with a law for every value.")


Picture = Annotated[SurvivalPicture | HeatMapPicture | PowerLawPicture, Field(discriminator="kind")]


class StudySettings(Settings):
    """A study: a base recipe, axes along which its runs differ, and what is measured; immutable."""

    name: str = Field(
        "study", description="Name of the study and of its folder; by default the name of the study's file."
    )
    description: str = Field("", description="One sentence on the question of this study.")
    base: str | dict[str, Any] = Field(description="The recipe that all runs share: its name, file, run, or content.")
    overrides: dict[str, Any] = Field(default_factory=dict, description="Settings that differ from it, by dotted name.")
    seeds: SeedSettings = Field(SeedSettings(), description="The runs of every point.")
    axes: dict[str, AxisSettings] = Field(
        default_factory=dict,
        description="Axes by name; the points are all combinations. A list is short for values of the setting with this name.",
    )
    measure: MeasureSettings = Field(MeasureSettings(), description="What is measured of every run.")
    pictures: tuple[Picture, ...] = Field((), description="Pictures to draw.")
    lanes: int = Field(256, ge=1, description="Largest number of runs that are trained together, as one group.")

    @field_validator("name")
    @classmethod
    def _folder(cls, name: str) -> str:
        if name.strip(" .") == "" or any(letter in name for letter in "/\\\0"):
            raise ValueError(
                f"a study's name is its folder's, so it has no slashes and is not empty or dots, got \"{name}\""
            )
        return name

    @field_validator("axes", mode="before")
    @classmethod
    def _short(cls, axes: Any) -> Any:
        if not isinstance(axes, Mapping):
            return axes
        return {
            name: {"settings": {name: value}} if isinstance(value, list | tuple) else value
            for name, value in axes.items()
        }

    @model_validator(mode="after")
    def _names(self) -> StudySettings:
        for name in self.axes:
            if name in COLUMNS or name in OUTCOME_COLUMNS:
                raise ValueError(f"no axis can be called {name}: results have a column of that name")
        for picture in self.pictures:
            named = picture.by or () if isinstance(picture, SurvivalPicture) else (picture.x,)
            if isinstance(picture, HeatMapPicture):
                named = (picture.x, picture.y)
            elif isinstance(picture, PowerLawPicture) and picture.by is not None:
                named = (picture.x, picture.by)
            for axis in named:
                if axis not in self.axes:
                    known = ", ".join(self.axes) or "none"
                    raise ValueError(f"the picture {picture.kind} names the axis {axis}; the axes are {known}")
            value = "steps_to_convergence" if isinstance(picture, SurvivalPicture) else picture.value
            if value in ("converged", "steps_to_convergence") and self.measure.convergence is None:
                raise ValueError(f"the picture {picture.kind} is of convergence: set measure.convergence")
        return self


@dataclass(frozen=True)
class Point:
    """One combination of the axes' values, with the settings that its runs share.

    Attributes:
        values: by axis, the name of the value in tables.
        data: settings of the data.
        model: settings of the model.
        training: settings of training, except the seed.
        written: dotted names of the settings that the study itself gives at this point; the others come from a base recipe
            that it names, or are defaults.
    """

    values: Mapping[str, Label]
    data: DataSettings
    model: ModelSettings
    training: TrainingSettings
    written: frozenset[str] = field(default=frozenset(), compare=False)


def _label(value: Any) -> Label:
    """The text of a value in tables."""
    if isinstance(value, list | tuple):
        return ",".join(str(_label(part)) for part in value)
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)
