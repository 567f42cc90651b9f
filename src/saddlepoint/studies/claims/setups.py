"""The 1-D GANs that claims are tested on: as they were described, and with our way of training.

`described` are the recipes toy-lab-1 to 3, whose files say where every number comes from. A blog post on 1-D GANs with one,
two and three modes (interestedintech, "Generative Adversarial Networks", 2017) describes them, on the base of "An
introduction to Generative Adversarial Networks (with code in TensorFlow)", J. Glover, 2016.
"""

from __future__ import annotations

from saddlepoint.data.settings import DataSettings
from saddlepoint.models.gan.settings import GANSettings
from saddlepoint.networks.settings import NetworkSettings
from saddlepoint.studies.claims.laboratory import QUICK_STEPS, Setup
from saddlepoint.training.settings import OptimiserSettings, TrainingSettings

POST = "interestedintech, Generative Adversarial Networks, 2017"
POST_ADDRESS = "https://interestedintech.wordpress.com/2017/04/03/generative-adversarial-networks"
WIDTHS = {1: 4, 2: 8, 3: 12}
STEPS = 5_000
OUR_STEPS = 400


def described(modes: int, *, hidden: tuple[int, ...] | None = None, steps: int = STEPS, quick: bool = False) -> Setup:
    """The GAN of the description; hidden: another generator than its three layers of width 4 a mode."""
    return Setup(
        GANSettings(
            latent=1,
            latent_distribution="uniform",
            latent_scale=8.0,
            stratified=True,
            fresh_noise=True,
            generator=NetworkSettings(hidden=hidden or (4 * modes,) * 3, activation="softplus", weights="normal"),
            discriminator=NetworkSettings(hidden=(8, 8, 8), activation="tanh", weights="normal"),
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
    """The generator of the description, but for its activation, trained as the recipes lab-1 to 3 train theirs: data scaled to
    standard deviation 1, a discriminator that is ahead and whose slope is penalised, Adam at rates that halve, an average of
    the generator's weights. What makes those recipes slow on a processor is smaller: the discriminator has layers of 16
    instead of 64, and moves twice a step instead of 8 times on batches of 32 instead of 256. How fast they converge in full is
    measured by benchmarks/lab.py.
    """
    return Setup(
        GANSettings(
            latent=1,
            stratified=True,
            generator=NetworkSettings(hidden=hidden or (4 * modes,) * 3, activation="relu"),
            discriminator=NetworkSettings(hidden=(16, 16), activation="leaky_relu"),
            discriminator_steps=2,
            r1=0.03,
            r2=0.03,
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
