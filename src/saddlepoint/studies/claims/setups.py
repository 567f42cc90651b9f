"""The 1-D GANs that claims are tested on: as they were described, and as we recommend.

`described` are the recipes toy-lab-1 to 3, whose files say where every number comes from. A blog post on 1-D GANs with one,
two and three modes (interestedintech, "Generative Adversarial Networks", 2017) describes them, on the base of "An
introduction to Generative Adversarial Networks (with code in TensorFlow)", J. Glover, 2016.
"""

from __future__ import annotations

from saddlepoint.data.settings import DataSettings
from saddlepoint.models.settings import GANSettings, NetworkSettings
from saddlepoint.studies.claims.laboratory import QUICK_STEPS, Setup
from saddlepoint.training.settings import OptimiserSettings, TrainingSettings

POST = "interestedintech, Generative Adversarial Networks, 2017"
POST_ADDRESS = "https://interestedintech.wordpress.com/2017/04/03/generative-adversarial-networks"
WIDTHS = {1: 4, 2: 8, 3: 12}
STEPS = 5_000


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


def recommended(modes: int, *, hidden: tuple[int, ...] | None = None, steps: int = STEPS, quick: bool = False) -> Setup:
    """The same game and sizes with what we recommend: data scaled to standard deviation 1, tanh layers that begin by
    Glorot's rule, Adam without first moment, an average of the generator's weights."""
    return Setup(
        GANSettings(
            latent=1,
            generator=NetworkSettings(hidden=hidden or (4 * modes,) * 3, activation="tanh"),
            discriminator=NetworkSettings(hidden=(8, 8, 8), activation="tanh"),
            output="identity",
            scaling="standard",
        ),
        TrainingSettings(
            steps=QUICK_STEPS if quick else steps,
            batch_size=8,
            ema=0.99,
            optimiser=OptimiserSettings(name="adam", learning_rate=5e-3, betas=(0.0, 0.99)),
        ),
        DataSettings(source="gaussian", modes=modes),
    )
