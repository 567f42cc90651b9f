"""How to train: the `training` section of a recipe (torch-free)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal, Optional

from pydantic import Field, create_model, field_validator

from saddlepoint.diagnosis.settings import CODES
from saddlepoint.errors import suggestion
from saddlepoint.settings import Settings

OptimiserName = Literal["adam", "adamw", "sgd", "rmsprop", "optimistic-sgd", "optimistic-adam", "extra-adam"]
ScheduleName = Literal["constant", "exponential", "cosine", "linear"]
Decay = Annotated[float, Field(ge=0.0, lt=1.0)]

LARGEST_SEED = 2**63 - 1  # what torch's generators take


class OptimiserSettings(Settings):
    """How a player's weights are updated."""

    used_with: ClassVar[Mapping[str, tuple[Any, ...]]] = {
        "lookahead_share": ("lookahead",),
        "decay_rate": ("schedule", "exponential"),
        "decay_steps": ("schedule", "exponential"),
        "staircase": ("schedule", "exponential"),
        "final_fraction": ("schedule", "cosine", "linear"),
        "schedule_steps": ("schedule", "cosine", "linear"),
    }

    name: OptimiserName = Field(
        "adam",
        description="adam, adamw, sgd or rmsprop; made for games: optimistic-sgd, optimistic-adam or extra-adam.",
    )
    learning_rate: float = Field(1e-3, gt=0.0, allow_inf_nan=False, description="Step size at the start.")
    betas: tuple[Decay, Decay] = Field((0.9, 0.999), description="Adam's decay rates of the first and second moment.")
    epsilon: float = Field(
        1e-8, gt=0.0, allow_inf_nan=False, description="Added to the denominator by rmsprop and all kinds of Adam."
    )
    momentum: float = Field(0.0, ge=0.0, lt=1.0, description="Momentum of sgd and rmsprop.")
    weight_decay: float = Field(
        0.0, ge=0.0, allow_inf_nan=False, description="Decoupled for adamw, added to the gradient for the others."
    )
    lookahead: int = Field(
        0,
        ge=0,
        description="Moves of the player after which it goes back part of the way it came (Lookahead-minmax); 0 never does.",
    )
    lookahead_share: float = Field(0.5, gt=0.0, le=1.0, description="Share of that way that is kept.")
    historical_averaging: float = Field(
        0.0,
        ge=0.0,
        allow_inf_nan=False,
        description="Weight of the squared distance between the player's weights and their average so far; 0 is without.",
    )
    schedule: ScheduleName = Field("constant", description="How the learning rate changes over the run.")
    decay_rate: float = Field(0.95, gt=0.0, le=1.0, description="exponential: factor every decay_steps.")
    decay_steps: int = Field(1_000, ge=1, description="exponential: steps between two factors.")
    staircase: bool = Field(False, description="exponential: change in jumps of decay_steps instead of continuously.")
    final_fraction: float = Field(
        0.0, ge=0.0, le=1.0, description="cosine and linear: share of the rate left at the last step."
    )
    schedule_steps: int | None = Field(
        None,
        ge=1,
        description="cosine and linear: steps over which the rate falls, to stay there afterwards; none takes training.steps.",
    )
    clip_norm: float | None = Field(
        None,
        gt=0.0,
        allow_inf_nan=False,
        description="Largest gradient norm of the player; none leaves gradients alone.",
    )

    @field_validator("clip_norm", mode="before")
    @classmethod
    def _trains(cls, norm: Any) -> Any:
        if norm == 0 and not isinstance(norm, bool):
            raise ValueError("gradients of norm 0 train nothing; none leaves gradients alone")
        return norm


def _overrides(settings: type[Settings]) -> Any:
    """A settings class with the fields of another, each of which may be None, as it is where it is not given."""
    optional: dict[str, Any] = {}
    for name, field in settings.model_fields.items():
        annotation: Any = Optional[field.annotation]  # noqa: UP045  # annotations are values here
        for constraint in field.metadata:
            annotation = Annotated[annotation, constraint]
        optional[name] = (annotation, Field(None, description=field.description))
    return create_model(f"{settings.__name__}Overrides", __base__=Settings, __module__=__name__, **optional)


class PlayerSettings(_overrides(OptimiserSettings)):  # type: ignore[misc]  # its fields are those of OptimiserSettings
    """What one player does differently; every setting that is None is taken from training.optimiser."""

    clip_norm: float | None = Field(
        None,
        ge=0.0,
        allow_inf_nan=False,
        description="Largest gradient norm of the player; 0 leaves this player's gradients alone.",
    )

    def over(self, shared: OptimiserSettings) -> OptimiserSettings:
        """The optimiser's settings for this player.

        Args:
            shared: the settings of all players.
        """
        changes = self.model_dump(exclude_none=True)
        if changes.get("clip_norm") == 0:  # None means "as shared", so that "no clipping" is 0
            changes["clip_norm"] = None
        return shared.model_copy(update=changes)


class TrainingSettings(Settings):
    """Length, batches, optimisers, numerics, and how often to write what."""

    used_with: ClassVar[Mapping[str, tuple[Any, ...]]] = {"cures": ("cure", "auto")}

    steps: int = Field(2_000, ge=1, description="Training steps; one step plays every phase of the game once.")
    batch_size: int = Field(64, ge=1, description="Examples in a batch.")
    seed: int = Field(0, ge=0, le=LARGEST_SEED, description="Seed of the weights, the order of the data and all noise.")
    balance_classes: bool = Field(
        False,
        description="Draw batches in which all classes have equal shares; for labelled data. Samples without given labels and measured distances keep the shares of the data.",
    )
    optimiser: OptimiserSettings = Field(OptimiserSettings(), description="How every player moves.")
    players: dict[str, PlayerSettings] = Field(
        default_factory=dict,
        json_schema_extra={
            "keys": None,
            "example": "{discriminator: {learning_rate: 4.0e-4}}",
        },  # the recipe knows which players its family has
        description="What single players do differently, such as {discriminator: {learning_rate: 4e-4}}.",
    )

    device: str = Field("auto", description="auto, cpu, cuda, cuda:1 or mps; auto takes the fastest there is.")
    threads: int | None = Field(
        None,
        ge=1,
        le=1_024,
        description="Processor threads; none takes one for small networks and torch's own number for others.",
    )
    precision: Literal["auto", "fp32", "bf16"] = Field(
        "auto",
        description="Arithmetic of the networks; auto is bf16 where the machine computes it natively and the networks gain by it.",
    )
    ema: float = Field(
        0.0,
        ge=0.0,
        lt=1.0,
        description="Decay of the moving average of the weights that samples come from; 0 keeps none.",
    )
    recycle_every: int = Field(
        0,
        ge=0,
        description="Steps, in whole ticks, between two times at which dead hidden units are reinitialised (ReDo); 0 never.",
    )

    stop_on: tuple[str, ...] = Field(
        ("NUM301",), description="Codes of findings that end the training; an empty list never stops."
    )

    cure: Literal["off", "suggest", "auto"] = Field(
        "off",
        description="On a failure: off does nothing, suggest says at the end what to change, auto goes back to the last checkpoint before it, changes the settings and goes on.",
    )
    cures: int = Field(3, ge=1, description="cure auto: tries at most.")

    tick: int = Field(50, ge=1, description="Steps between two records.")
    observe_every: int = Field(
        5,
        ge=1,
        description="Steps between two probes of scores and gradient norms (the loss is recorded at every step).",
    )
    checkpoint_every: int = Field(1_000, ge=1, description="Steps between two checkpoints.")
    keep: int = Field(2, ge=1, description="Newest checkpoints that stay, beside the best; cure auto keeps 5 at least.")
    sample_every: int = Field(200, ge=1, description="Steps between two sample pictures.")
    samples: int = Field(64, ge=1, le=10_000, description="Samples in a picture.")

    @field_validator("stop_on")
    @classmethod
    def _known_codes(cls, codes: tuple[str, ...]) -> tuple[str, ...]:
        """In lower case too. A code that no finding has would never stop anything."""
        codes = tuple(code.upper() for code in codes)
        for code in codes:
            if code not in CODES:
                raise ValueError(f"no finding has the code {code}.{suggestion(code, CODES)} Known: {', '.join(CODES)}")
        return codes

    @field_validator("players")
    @classmethod
    def _without_empty(cls, players: dict[str, PlayerSettings]) -> dict[str, PlayerSettings]:
        """Leave out players that do nothing differently, so that equal trainings have equal settings."""
        return {role: own for role, own in players.items() if own != PlayerSettings()}

    def player(self, role: str) -> OptimiserSettings:
        """The optimiser's settings for the player of this role, its own overrides applied."""
        own = self.players.get(role)
        return own.over(self.optimiser) if own is not None else self.optimiser
