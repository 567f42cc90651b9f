"""Settings of a GAN (torch-free).

A GAN is composed of parts: `objective`, `penalties`, `constraints` and `views` name them, by the keys of
`saddlepoint.objectives.adversarial.settings` or by the import path `module:Name` of the user's own.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from pydantic import Field, ValidationInfo, field_validator, model_validator

from saddlepoint.data.settings import ScalingName
from saddlepoint.models.gan.encoders.settings import ENCODERS, ENCODERS_ELSEWHERE
from saddlepoint.models.gan.parts.settings import ConditionSettings, ConstraintSettings, PenaltySettings, ViewSettings
from saddlepoint.models.settings import FamilySettings
from saddlepoint.networks.settings import Activation, NetworkSettings, Size
from saddlepoint.objectives.adversarial.settings import LOSSES, LOSSES_ELSEWHERE, LOSSES_TOGETHER_WITH, PENALTIES, VIEWS
from saddlepoint.settings import Settings, part_name

NO_ENCODER = "none"


class NoiseSettings(Settings):
    """The noise that the generator turns into examples."""

    distribution: Literal["normal", "uniform"] = Field("normal", description="N(0, 1), or uniform on [-1, 1].")
    scale: float = Field(1.0, gt=0.0, description="Factor of the noise: 8 makes uniform noise range over [-8, 8].")
    stratified: bool = Field(
        False,
        description="Whether a training batch of B takes one value from each of B equally probable parts of the noise's range (in every dimension), so that no part is left out.",
    )
    fresh: bool = Field(
        False,
        description="Whether the generator is updated on noise of its own instead of on the samples the discriminator has just seen (one more pass of the generator a step).",
    )


class DiscriminatorSettings(NetworkSettings):
    """The discriminator: its network, and how many examples it scores together."""

    activation: Activation = Field("leaky_relu", description="mlp: activation of the hidden layers.")
    minibatch_kernels: int = Field(
        0,
        ge=0,
        description="Minibatch discrimination: in how many learnt ways an example is compared with the others of its batch; 0 not at all.",
    )
    packing: int = Field(1, ge=1, description="Examples judged together, all real or all generated (PacGAN).")

    @model_validator(mode="before")
    @classmethod
    def _take_network(cls, content: Any) -> Any:
        """Accept the settings of a network: those of a discriminator that scores each example separately."""
        return dict(content) if isinstance(content, NetworkSettings) and not isinstance(content, cls) else content


class EncoderSettings(NetworkSettings):
    """An encoder, a third player that maps examples to codes: how it learns, and its network."""

    used_with: ClassVar[Mapping[str, tuple[Any, ...]]] = dict.fromkeys(
        ("options", *NetworkSettings.model_fields), ("kind",)
    )

    kind: str = Field(
        NO_ENCODER,
        description=f"{', '.join(ENCODERS)}, or module:Class of your own; {NO_ENCODER} for a GAN without an encoder.",
    )
    options: dict[str, Any] = Field(
        default_factory=dict, description="Arguments of this kind by name, such as {weight: 1} of adversarial."
    )

    @field_validator("kind")
    @classmethod
    def _kind_is_known(cls, name: str) -> str:
        return name if name == NO_ENCODER else part_name(name, ENCODERS, "encoder", elsewhere=ENCODERS_ELSEWHERE)


class UpdateSettings(Settings):
    """How often the players are updated in one step, and how far the generator looks ahead."""

    used_with: ClassVar[Mapping[str, tuple[Any, ...]]] = {"unrolled_rate": ("unrolled",)}

    discriminator: int = Field(
        1, ge=1, description="Updates of the discriminator a step (k of the original algorithm)."
    )
    unrolled: int = Field(
        0,
        ge=0,
        description="Steps of the discriminator that the generator looks ahead, so that it sees how its update is answered; 0 for none.",
    )
    unrolled_rate: float = Field(
        0.1, gt=0.0, allow_inf_nan=False, description="Step size of the gradient descent that these steps are."
    )


class LabelSettings(Settings):
    """The labels real and generated."""

    switches: ClassVar[tuple[str, ...]] = ("flipping",)

    smoothing: float = Field(0.0, ge=0.0, lt=0.5, description="One-sided: real examples are labelled 1 minus this.")
    flipping: float = Field(
        0.0, ge=0.0, lt=0.5, description="Share of examples whose labels the discriminator gets the wrong way round."
    )


class ReplaySettings(Settings):
    """Previously generated examples."""

    used_with: ClassVar[Mapping[str, tuple[Any, ...]]] = {"size": ("share",)}

    share: float = Field(
        0.0, ge=0.0, lt=1.0, description="Share of the generated examples shown to the discriminator that are old ones."
    )
    size: int = Field(
        1_000,
        ge=1,
        description="How many old examples are kept; each update of the discriminator adds one, in the place of a random other once full.",
    )


class GANSettings(FamilySettings):
    """A generative adversarial network: a generator against a discriminator."""

    title: ClassVar[str] = "Generative adversarial networks (GANs)"
    recommended: ClassVar[tuple[str, ...]] = (
        "dcgan-digits",
        "dcgan-images",
        "gan-digits-conditional",
        "toy-ring",
        "lab-2",
    )
    players: ClassVar[tuple[str, ...]] = ("d", "g", "e")
    balances_target: ClassVar[bool] = True
    adversaries: ClassVar[tuple[str, ...]] = ("discriminator", "generator")
    roles: ClassVar[tuple[str, ...]] = (*adversaries, "encoder")

    family: Literal["gan"] = Field("gan", description="The kind of model.")
    latent: Size = Field(64, description="Size of the noise that the generator turns into an example.")
    noise: NoiseSettings = Field(NoiseSettings(), description="Distribution of that noise.")
    generator: NetworkSettings = Field(NetworkSettings(), description="Noise -> example.")
    discriminator: DiscriminatorSettings = Field(
        DiscriminatorSettings(), description="Example -> one logit: real or generated."
    )
    encoder: EncoderSettings = Field(EncoderSettings(), description="Example -> code, for a GAN that encodes examples.")
    objective: str = Field(
        "non-saturating",
        description=f"The loss of both players: {', '.join(LOSSES)}, or module:Name of your own.",
    )
    penalties: dict[str, PenaltySettings] = Field(
        default_factory=dict,
        description="Penalties of the discriminator by name, each with its weight; with the relativistic loss take r1 and r2.",
        json_schema_extra={"keys": [*PENALTIES], "own": True, "example": "{r1: 1, r2: 1}"},
    )
    constraints: dict[str, ConstraintSettings] = Field(
        default_factory=dict,
        description="Constraints of the weights by player: {discriminator: spectral}.",
        json_schema_extra={"keys": [*roles], "example": "{discriminator: spectral}"},
    )
    views: dict[str, ViewSettings] = Field(
        default_factory=dict,
        description="Changes to all the discriminator sees, by name, in their order: {instance_noise: 0.1}.",
        json_schema_extra={"keys": [*VIEWS], "own": True, "example": "{instance_noise: 0.1}"},
    )
    condition: dict[str, ConditionSettings] = Field(
        default_factory=dict,
        description="How each player uses the labels of the data: {generator: concatenate, discriminator: concatenate}.",
        json_schema_extra={
            "keys": ["generator", "discriminator"],
            "example": "{generator: batch_norm, discriminator: projection}",
        },
    )
    updates: UpdateSettings = Field(UpdateSettings(), description="How often the players are updated.")
    labels: LabelSettings = Field(LabelSettings(), description="Smoothed and flipped labels.")
    replay: ReplaySettings = Field(ReplaySettings(), description="Previously generated examples.")
    output: Literal["auto", "tanh", "sigmoid", "identity"] = Field(
        "auto", description="Generator's last activation; auto: tanh for bounded data, else identity."
    )
    categories: Literal["soft", "straight-through", "numbers"] = Field(
        "soft",
        description="What the generator makes of the one-hot columns of a table: a Gumbel softmax, the same rounded to one category with "
        "its gradient, or plain numbers; without such columns it changes nothing.",
    )
    scaling: ScalingName = Field(
        "auto",
        description="Units the networks see; auto fits the output: tanh symmetric, sigmoid unit, identity standard.",
    )

    @property
    def active_roles(self) -> tuple[str, ...]:
        return self.roles if self.encoder.kind != NO_ENCODER else self.adversaries

    @property
    def abilities(self) -> tuple[str, ...]:
        by_class = ("sample by class",) if "generator" in self.condition else ()
        judge = self.condition.get("discriminator")
        classifies = judge is not None and judge.name == "classes"
        return (
            *by_class,
            *(("encode",) if self.encoder.kind != NO_ENCODER else ()),
            *(("classify",) if classifies else ()),
        )

    @property
    def label_changes(self) -> Mapping[str, Any]:
        by_class = {f"condition.{player}": "concatenate" for player in self.adversaries}
        return {} if self.condition else by_class

    @field_validator("objective")
    @classmethod
    def _loss_is_known(cls, name: str) -> str:
        return part_name(name, LOSSES, "loss", elsewhere=LOSSES_ELSEWHERE, together_with=LOSSES_TOGETHER_WITH)

    @field_validator("constraints")
    @classmethod
    def _constrain_players_that_exist(
        cls, constraints: dict[str, ConstraintSettings], info: ValidationInfo
    ) -> dict[str, ConstraintSettings]:
        encoder: EncoderSettings | None = info.data.get("encoder")  # absent if its own settings are invalid
        if "encoder" in constraints and encoder is not None and encoder.kind == NO_ENCODER:
            raise ValueError(
                f"this GAN has no encoder; set model.encoder.kind ({', '.join(ENCODERS)}), or leave model.constraints.encoder out"
            )
        return constraints
