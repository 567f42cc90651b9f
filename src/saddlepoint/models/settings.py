"""Which model to train: the `model` section of a recipe (torch-free). One class a family."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from saddlepoint.settings import Settings

Activation = Literal["relu", "leaky_relu", "tanh", "sigmoid", "softplus", "elu", "gelu", "silu", "maxout", "identity"]
ScalingName = Literal["auto", "none", "unit", "symmetric", "standard"]

LARGEST_SIZE = 1_000_000_000  # of a layer or a code
Size = Annotated[int, Field(ge=1, le=LARGEST_SIZE)]


class NetworkSettings(Settings):
    """One network. `network` is a built-in name, or the import path of your own module: `mypackage.nets:Generator`.

    Your own is called as `Generator(inputs=..., outputs=..., **arguments)`, with the shapes of one example of each.
    """

    network: str = Field("mlp", description="mlp, dcgan, or module:Class of your own.")
    hidden: tuple[Size, ...] = Field((128, 128), max_length=1_000, description="mlp: widths of the hidden layers.")
    activation: Activation = Field("relu", description="mlp: activation of the hidden layers.")
    maxout_pieces: int = Field(
        5,
        ge=2,
        le=1_000_000,
        description="maxout: linear functions of which a unit is the largest (so many times the weights).",
    )
    batch_norm: bool = Field(False, description="mlp: BatchNorm after every hidden layer.")
    weights: Literal["glorot", "normal", "small"] = Field(
        "glorot",
        description="mlp: how the weights begin; normal is N(0, 1), which saturates wide layers, small is N(0, 0.02).",
    )
    width: int = Field(
        64,
        ge=1,
        le=LARGEST_SIZE,
        description="dcgan: channels of the layer nearest to the image; they double away from it.",
    )
    arguments: dict[str, Any] = Field(default_factory=dict, description="Your own network: further arguments by name.")


class AutoencoderSettings(Settings):
    """An autoencoder: squeeze every example through a small code and bring it back."""

    family: Literal["autoencoder"] = Field("autoencoder", description="The kind of model.")
    latent: Size = Field(3, description="Size of the code.")
    encoder: NetworkSettings = Field(
        NetworkSettings(hidden=(50, 50), activation="tanh"), description="Example -> code."
    )
    decoder: NetworkSettings = Field(
        NetworkSettings(hidden=(50, 50), activation="tanh"), description="Code -> example."
    )
    reconstruction: Literal["l2", "l1", "bernoulli"] = Field(
        "l2", description="What an error costs; bernoulli wants data in [0, 1]."
    )
    sparsity: Literal["none", "kl", "l1"] = Field(
        "none", description="Penalty that keeps the code's units mostly silent."
    )
    sparsity_weight: float = Field(1e-3, ge=0.0, description="Weight of the sparsity penalty.")
    sparsity_target: float = Field(
        0.05, gt=0.0, lt=1.0, description="kl: wanted mean activation of a unit (its code passes a sigmoid)."
    )
    denoising: float = Field(
        0.0, ge=0.0, description="Standard deviation of the noise added to the input, in the model's units."
    )
    prior_components: int = Field(
        10,
        ge=1,
        le=100_000,
        description="Components of the Gaussian mixture fitted to the codes, from which samples are drawn.",
    )
    scaling: ScalingName = Field(
        "auto", description="Units the network sees; auto: unit for bounded data, else standard."
    )


class VAESettings(Settings):
    """A variational autoencoder: an autoencoder whose code follows a known prior."""

    family: Literal["vae"] = Field("vae", description="The kind of model.")
    latent: Size = Field(3, description="Size of the code.")
    encoder: NetworkSettings = Field(
        NetworkSettings(hidden=(50, 50), activation="relu"), description="Example -> features that both heads share."
    )
    decoder: NetworkSettings = Field(
        NetworkSettings(hidden=(50, 50), activation="relu"),
        description="Code -> parameters of the example's distribution.",
    )
    likelihood: Literal["bernoulli", "gaussian", "gaussian-learnt"] = Field(
        "bernoulli",
        description="Distribution of an example given its code; gaussian-learnt learns its standard deviation.",
    )
    observation_std: float = Field(
        0.1,
        gt=0.0,
        description="gaussian: its fixed standard deviation, gaussian-learnt: where it starts; in the model's units.",
    )
    binarise: Literal["none", "stochastic"] = Field(
        "none", description="bernoulli: feed the pixel values themselves, or draw black or white again in every batch."
    )
    beta: float = Field(1.0, ge=0.0, description="Weight of the KL term.")
    warm_up: int = Field(0, ge=0, description="Steps over which the KL term's weight grows from 0 to beta.")
    free_bits: float = Field(0.0, ge=0.0, description="Nats of KL a latent unit may use at no cost.")
    importance_samples: int = Field(64, ge=1, description="Samples a log_prob bound is computed from.")
    scaling: ScalingName = Field(
        "auto", description="Units the network sees; auto: unit for bernoulli, else symmetric or standard."
    )


class GANSettings(Settings):
    """A generative adversarial network: a generator against a discriminator."""

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


ModelSettings = Annotated[AutoencoderSettings | VAESettings | GANSettings, Field(discriminator="family")]
