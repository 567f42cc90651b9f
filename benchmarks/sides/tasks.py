"""What is compared: model, training, and the other side."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import torch
from torch import nn

from saddlepoint.models.autoencoder.settings import AutoencoderSettings
from saddlepoint.models.autoregressive.settings import AutoregressiveNetworkSettings, AutoregressiveSettings
from saddlepoint.models.diffusion.settings import DenoiserSettings, DiffusionSettings
from saddlepoint.models.flow.settings import FlowSettings
from saddlepoint.models.gan.parts.settings import PenaltySettings
from saddlepoint.models.gan.settings import GANSettings
from saddlepoint.models.settings import ModelSettings
from saddlepoint.models.vae.settings import VAESettings
from saddlepoint.networks.settings import NetworkSettings
from saddlepoint.training.settings import OptimiserSettings, TrainingSettings

from . import networks

Pair = Callable[[], tuple[nn.Module, nn.Module]]


@dataclass(frozen=True)
class Task:
    """One comparison.

    Attributes:
        title: for the table.
        against: the other side.
        goal: the largest ratio of times ours / by hand, or the least speed-up over a published script.
        networks: makes the generator and discriminator that both sides train; None where ours builds its own from settings.
        size: of the images.
    """

    title: str
    against: Literal["hand", "published"]
    goal: float
    model: ModelSettings
    training: TrainingSettings
    networks: Pair | None = None
    size: int = 28


PERCEPTRON = OptimiserSettings(learning_rate=1e-3)
GAME = OptimiserSettings(learning_rate=2e-4, betas=(0.5, 0.999))
FOREVER = 10**9

S1 = AutoencoderSettings(
    encoder=NetworkSettings(hidden=(50, 50), activation="tanh"),
    decoder=NetworkSettings(hidden=(50, 50), activation="tanh"),
)
S2 = VAESettings(
    encoder=NetworkSettings(hidden=(50, 50), activation="relu"),
    decoder=NetworkSettings(hidden=(50, 50), activation="relu"),
)
DCGAN = GANSettings(
    latent=networks.LATENT,
    generator=NetworkSettings(network="dcgan", width=64),
    discriminator=NetworkSettings(network="dcgan", width=64),
)
OWN = GANSettings(latent=networks.LATENT)
# Models with a density and a diffusion model: units of MADE, width and blocks of the PixelCNN, coupling layers and units of the flow,
# units of the denoiser.
MADE_UNITS, PIXELCNN, REALNVP, DENOISER = 500, (16, 3), (4, 256), (256, 256, 256)


def predicts_pixels(**network: object) -> AutoregressiveSettings:
    """An autoregressive model of pixels that are drawn black or white in every batch."""
    return AutoregressiveSettings(
        network=AutoregressiveNetworkSettings.model_validate(network), likelihood="bernoulli", binarise="stochastic"
    )


MADE = predicts_pixels(network="made", hidden=(MADE_UNITS,))
PIXELS = predicts_pixels(network="pixelcnn", width=PIXELCNN[0], layers=PIXELCNN[1])
FLOW = FlowSettings(flow="realnvp", transforms=REALNVP[0], hidden=(REALNVP[1],), scaling="symmetric")
EDM = DiffusionSettings(denoiser=DenoiserSettings(network="mlp", hidden=DENOISER), scaling="symmetric")
# The usual weights of the penalties, for steps that are compared with hand-written ones.
PENALTIES = {"r1": 5.0, "gradient_penalty": 10.0, "zero_centred": 10.0, "dragan": 10.0}


def penalised(name: str) -> GANSettings:
    """The DCGAN with one penalty."""
    return DCGAN.model_copy(update={"penalties": {name: PenaltySettings(weight=PENALTIES[name])}})


def training(batch_size: int, optimiser: OptimiserSettings) -> TrainingSettings:
    """All else as a user finds it: monitoring on, precision auto."""
    return TrainingSettings(steps=FOREVER, batch_size=batch_size, optimiser=optimiser)


TASKS = {
    "s1": Task(
        "S1, autoencoder 784-50-50-3-50-50-784, batch 256",
        "hand",
        1.05,
        S1,
        training(256, PERCEPTRON.model_copy(update={"weight_decay": 1e-4})),
    ),
    "s2": Task("S2, VAE 784-50-50-(3, 3)-50-50-784, batch 256", "hand", 1.05, S2, training(256, PERCEPTRON)),
    "made": Task(f"MADE 784-{MADE_UNITS}-784, batch 128", "hand", 1.05, MADE, training(128, PERCEPTRON)),
    "pixelcnn": Task(
        f"PixelCNN 28x28, width {PIXELCNN[0]}, {PIXELCNN[1]} blocks, batch 32",
        "hand",
        1.05,
        PIXELS,
        training(32, PERCEPTRON),
    ),
    "flow": Task(
        f"RealNVP 784, {REALNVP[0]} layers of {REALNVP[1]}, batch 128", "hand", 1.05, FLOW, training(128, PERCEPTRON)
    ),
    "diffusion": Task(
        f"EDM 784, {len(DENOISER)} layers of {DENOISER[0]}, batch 128", "hand", 1.05, EDM, training(128, PERCEPTRON)
    ),
    "dcgan": Task("DCGAN 28x28, base 64, batch 128", "hand", 1.05, DCGAN, training(128, GAME)),
    **{
        f"dcgan-{name}": Task(
            f"DCGAN 28x28, base 64, batch 64, {name}", "hand", 1.05, penalised(name), training(64, GAME)
        )
        for name in PENALTIES
    },
    "upsampling": Task(
        "upsample-convolution GAN 32x32, batch 64", "published", 3.0, OWN, training(64, GAME), networks.upsampling, 32
    ),
    "perceptrons": Task(
        "perceptron GAN 784-1024-512-256, batch 64", "published", 2.0, OWN, training(64, GAME), networks.perceptrons
    ),
    "dcgan-published": Task("DCGAN 28x28, batch 64", "published", 2.0, DCGAN, training(64, GAME)),
}


def adam(network: nn.Module, task: Task, capturable: bool = False) -> torch.optim.Adam:
    """Torch's fused Adam with the task's settings, for the other side."""
    settings = task.training.optimiser
    return torch.optim.Adam(
        network.parameters(),
        lr=settings.learning_rate,
        betas=settings.betas,
        weight_decay=settings.weight_decay,
        fused=True,
        capturable=capturable,
    )
