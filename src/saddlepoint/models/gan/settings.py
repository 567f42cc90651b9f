"""Settings of a GAN (torch-free)."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from saddlepoint.data.settings import ScalingName
from saddlepoint.models.settings import FamilySettings
from saddlepoint.networks.settings import NetworkSettings, Size


class GANSettings(FamilySettings):
    """A generative adversarial network: a generator against a discriminator."""

    players: ClassVar[tuple[str, ...]] = ("d", "g")
    roles: ClassVar[tuple[str, ...]] = ("discriminator", "generator")

    family: Literal["gan"] = Field("gan", description="The kind of model.")
    latent: Size = Field(64, description="Size of the noise that the generator turns into an example.")
    latent_distribution: Literal["normal", "uniform"] = Field("normal", description="N(0, 1), or uniform on [-1, 1].")
    latent_scale: float = Field(
        1.0, gt=0.0, description="Factor of the noise: 8 makes uniform noise range over [-8, 8]."
    )
    stratified: bool = Field(
        False,
        description="Whether a training batch of B takes one value from each of B equally probable parts of the noise's range (in every dimension), so that no part is left out.",
    )
    generator: NetworkSettings = Field(NetworkSettings(), description="Noise -> example.")
    discriminator: NetworkSettings = Field(
        NetworkSettings(activation="leaky_relu"), description="Example -> one logit: real or generated."
    )
    objective: Literal["non-saturating", "minimax", "relativistic", "feature-matching"] = Field(
        "non-saturating",
        description="What the generator minimises: -log D(G(z)), log(1 - D(G(z))), what the discriminator says of pairs of a real and a generated example (relativistic), or the squared distance between its mean features of both.",
    )
    r1: float = Field(
        0.0,
        ge=0.0,
        allow_inf_nan=False,
        description="Weight of the penalty on the slope of the discriminator's logit at real examples; 1 is a good start.",
    )
    r2: float = Field(
        0.0,
        ge=0.0,
        allow_inf_nan=False,
        description="The same at generated examples; with the relativistic objective take both.",
    )
    penalty_half_life: int = Field(
        0,
        ge=0,
        description="Steps in which r1 and r2 fall to a half: large while the game finds its way, small where strays between narrow modes need a steep score; 0 keeps them.",
    )
    discriminator_steps: int = Field(1, ge=1, description="Discriminator moves a step (k of the original algorithm).")
    unrolled_steps: int = Field(
        0,
        ge=0,
        description="Steps of the discriminator that the generator looks ahead, so that it sees how its move is answered; 0 looks at the discriminator as it is.",
    )
    unrolled_rate: float = Field(
        0.1, gt=0.0, allow_inf_nan=False, description="Step size of the gradient descent that these steps are."
    )
    fresh_noise: bool = Field(
        False,
        description="Whether the generator moves on noise of its own instead of on the samples the discriminator has just seen (one more pass of the generator a step).",
    )
    label_smoothing: float = Field(
        0.0, ge=0.0, lt=0.5, description="One-sided: real examples are labelled 1 minus this."
    )
    label_flipping: float = Field(
        0.0, ge=0.0, lt=0.5, description="Share of examples whose labels the discriminator gets the wrong way round."
    )
    minibatch_kernels: int = Field(
        0,
        ge=0,
        description="Minibatch discrimination: in how many learnt ways the discriminator compares an example with the others of its batch; 0 not at all.",
    )
    packing: int = Field(
        1, ge=1, description="Examples that the discriminator judges together, all real or all generated (PacGAN)."
    )
    replay: float = Field(
        0.0, ge=0.0, lt=1.0, description="Share of the generated examples shown to the discriminator that are old ones."
    )
    replay_size: int = Field(
        1_000,
        ge=1,
        description="replay: how many old examples are kept; each move of the discriminator adds one, in the place of a random other once full.",
    )
    instance_noise: float = Field(
        0.0,
        ge=0.0,
        description="Standard deviation of noise added to all the discriminator sees, in the model's units; fades to 0 over instance_noise_steps.",
    )
    instance_noise_steps: int = Field(
        0, ge=0, description="Steps over which the instance noise fades; 0 keeps it constant."
    )
    output: Literal["auto", "tanh", "sigmoid", "identity"] = Field(
        "auto", description="Generator's last activation; auto: tanh for bounded data, else identity."
    )
    scaling: ScalingName = Field(
        "auto",
        description="Units the networks see; auto fits the output: tanh symmetric, sigmoid unit, identity standard.",
    )
