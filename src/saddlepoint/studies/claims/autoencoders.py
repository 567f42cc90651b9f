"""The autoencoders and variational autoencoders of C1 to C4: layers, losses and training as the source describes them.

The source trained on MNIST. Here the inputs are the 8x8 digits, on which a run of a dozen seeds takes less than a minute;
batches are smaller, as in the recipes autoencoder-digits and vae-digits.
"""

from __future__ import annotations

from saddlepoint.models.autoencoder.settings import AutoencoderSettings
from saddlepoint.models.vae.settings import VAESettings
from saddlepoint.networks.settings import NetworkSettings
from saddlepoint.studies.claims.code_models import CodeModel
from saddlepoint.training.settings import OptimiserSettings, TrainingSettings

# What intervals over seeds are about: seeds split the same examples, so that they are independent given these examples only.
SEED_INTERVALS = (
    "Intervals are of the mean over training seeds and random splits of these digits; they say nothing of other digits."
)
SOURCE = (
    "unpublished notes on generative models, with the code 784-50-50-3-50-50-784 on MNIST; the models: Reducing the Dimensionality of Data "
    "with Neural Networks (Hinton, Salakhutdinov, 2006), https://doi.org/10.1126/science.1127647, and Auto-Encoding Variational "
    "Bayes (Kingma, Welling, 2013), https://arxiv.org/abs/1312.6114"
)
LATENT = 3
STEPS, QUICK_STEPS = 3_000, 6
MOST, QUICK_MOST = 12, 2
BATCH, RATE, WEIGHT_DECAY = 128, 1e-3, 1e-4
LINEAR_RATE = 1e-2  # a linear network stands larger steps, and needs them to come near its optimum

SIMPLE, LINEAR, MATCHED, VARIATIONAL = (
    "autoencoder",
    "linear autoencoder",
    "autoencoder with the VAE's layers and loss",
    "VAE",
)


def simple(quick: bool) -> CodeModel:
    """The simple autoencoder of the source: two tanh layers of 50 units each way, squared error, weight decay."""
    return _trial(
        AutoencoderSettings(latent=LATENT, encoder=_layers("tanh"), decoder=_layers("tanh")), quick, decay=WEIGHT_DECAY
    )


def linear(quick: bool) -> CodeModel:
    """An autoencoder without hidden layers, whose optimum is the projection on principal components."""
    nothing = NetworkSettings(hidden=())
    return _trial(AutoencoderSettings(latent=LATENT, encoder=nothing, decoder=nothing), quick, rate=LINEAR_RATE)


def matched(quick: bool) -> CodeModel:
    """An autoencoder that differs from the VAE only in having neither noise in the code nor a KL term."""
    return _trial(
        AutoencoderSettings(
            latent=LATENT, encoder=_layers("relu"), decoder=_layers("relu"), reconstruction="bernoulli"
        ),
        quick,
    )


def variational(quick: bool, *, beta: float = 1.0, latent: int = LATENT, mistake: str = "") -> CodeModel:
    """The VAE of the source: two shared ReLU layers of 50 units, two heads, two layers of 50 units, Bernoulli pixels.

    Args:
        quick: whether to train for a few steps from few seeds.
        beta: weight of the KL term.
        latent: number of units of the code.
        mistake: see `CodeModel.mistake`.
    """
    model = VAESettings(latent=latent, encoder=_layers("relu"), decoder=_layers("relu"), beta=beta)
    return _trial(model, quick, mistake=mistake)


def _layers(activation: str) -> NetworkSettings:
    return NetworkSettings(hidden=(50, 50), activation=activation)


def _trial(
    model: AutoencoderSettings | VAESettings, quick: bool, *, rate: float = RATE, decay: float = 0.0, mistake: str = ""
) -> CodeModel:
    training = TrainingSettings(
        steps=QUICK_STEPS if quick else STEPS,
        batch_size=BATCH,
        optimiser=OptimiserSettings(learning_rate=rate, weight_decay=decay),
    )
    return CodeModel(model, training, mistake=mistake, most=QUICK_MOST if quick else MOST)
