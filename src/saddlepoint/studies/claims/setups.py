"""The 1-D GANs that claims are tested on: as the source describes them, and with this project's training.

`described` gives the recipes toy-lab-1 to 3, whose files state where every number comes from. A blog post on 1-D GANs
with one, two and three modes (interestedintech, "Generative Adversarial Networks", 2017) describes them, based on "An
introduction to Generative Adversarial Networks (with code in TensorFlow)", J. Glover, 2016.
"""

from __future__ import annotations

from saddlepoint.data.settings import DataSettings
from saddlepoint.models.gan.parts.settings import PenaltySettings
from saddlepoint.models.gan.settings import DiscriminatorSettings, GANSettings, NoiseSettings, UpdateSettings
from saddlepoint.networks.settings import NetworkSettings
from saddlepoint.studies.claims.laboratory import QUICK_STEPS, Setup
from saddlepoint.training.settings import OptimiserSettings, TrainingSettings

POST = "interestedintech, Generative Adversarial Networks, 2017"
POST_ADDRESS = "https://interestedintech.wordpress.com/2017/04/03/generative-adversarial-networks"
WIDTHS = {1: 4, 2: 8, 3: 12}
STEPS = 5_000
OUR_STEPS = 400


def described(modes: int, *, hidden: tuple[int, ...] | None = None, steps: int = STEPS, quick: bool = False) -> Setup:
    """The GAN of the source.

    Args:
        modes: number of modes of the data.
        hidden: widths of the generator's hidden layers; by default the source's three layers of width 4 per mode.
        steps: number of training steps.
        quick: train only a few steps.
    """
    return Setup(
        GANSettings(
            latent=1,
            noise=NoiseSettings(distribution="uniform", scale=8.0, stratified=True, fresh=True),
            generator=NetworkSettings(hidden=hidden or (4 * modes,) * 3, activation="softplus", weights="normal"),
            discriminator=DiscriminatorSettings(hidden=(8, 8, 8), activation="tanh", weights="normal"),
            output="identity",
            scaling="none",
        ),
        TrainingSettings(
            steps=QUICK_STEPS if quick else steps,
            batch_size=8,
            optimiser=OptimiserSettings(
                name="sgd", learning_rate=0.03, schedule="exponential", decay_rate=0.95, decay_steps=150, staircase=True
            ),
        ),
        DataSettings(source="gaussian", modes=modes),
    )


def ours(modes: int, *, hidden: tuple[int, ...] | None = None, steps: int = OUR_STEPS, quick: bool = False) -> Setup:
    """The source's generator with ReLU, trained like the recipes lab-1 to 3.

    These recipes scale the data to standard deviation 1, update the discriminator more often and penalise its gradient,
    use Adam with a learning rate that halves repeatedly, and average the generator's weights. To be faster on a CPU,
    the discriminator here has layers of 16 units instead of 64 and makes 2 updates per step instead of 8, on batches of
    32 instead of 256. benchmarks/lab.py measures the full recipes.

    Args:
        modes: number of modes of the data.
        hidden: widths of the generator's hidden layers; by default the source's three layers of width 4 per mode.
        steps: number of training steps.
        quick: train only a few steps.
    """
    return Setup(
        GANSettings(
            latent=1,
            noise=NoiseSettings(stratified=True),
            generator=NetworkSettings(hidden=hidden or (4 * modes,) * 3, activation="relu"),
            discriminator=DiscriminatorSettings(hidden=(16, 16), activation="leaky_relu"),
            updates=UpdateSettings(discriminator=2),
            penalties={name: PenaltySettings(weight=0.03) for name in ("r1", "r2")},
            output="identity",
            scaling="standard",
        ),
        TrainingSettings(
            steps=QUICK_STEPS if quick else steps,
            batch_size=32,
            ema=0.9,
            optimiser=OptimiserSettings(
                name="adam",
                learning_rate=0.01,
                betas=(0.5, 0.9),
                schedule="exponential",
                decay_rate=0.5,
                decay_steps=100,
            ),
        ),
        DataSettings(source="gaussian", modes=modes),
    )
