"""C16: a discriminator too strong to teach, and one too weak to keep the generator from collapsing."""

from __future__ import annotations

from collections.abc import Mapping

import torch

from saddlepoint.data.settings import DataSettings
from saddlepoint.evaluation.intervals import Interval, of_mean, wilson
from saddlepoint.evaluation.quality import SERIES
from saddlepoint.figures.bands import bands_figure
from saddlepoint.models.settings import GANSettings, NetworkSettings
from saddlepoint.studies.claims.clamped_heads import band
from saddlepoint.studies.claims.contract import Claim, Measured, Picture, Quantity, verdict
from saddlepoint.studies.claims.quantities import of_median
from saddlepoint.studies.claims.watched import Told, Watched
from saddlepoint.training.settings import OptimiserSettings, PlayerSettings, TrainingSettings

SOURCE = (
    "slides on generative adversarial networks (project documents): a discriminator that answers with absolute certainty leaves "
    "no gradient, and mode collapse can sometimes be corrected by strengthening it; the first as a theorem: Towards Principled "
    "Methods for Training Generative Adversarial Networks (Arjovsky, Bottou, 2017), https://arxiv.org/abs/1701.04862"
)
TOO_STRONG, SLOWER, OTHER_LOSS = "D too strong", "its rate lowered", "loss changed"
CURES = (SLOWER, OTHER_LOSS)
WEAK = "weak D"
STRONGER = ("wider", "more steps", "higher rate", "all three")
STRENGTH_CODES, COLLAPSE_CODE = ("GAN101", "GAN102"), "GAN103"
GRADIENT = "g/sample_gradient"
MODES = 8
STEPS, QUICK_STEPS, MOST = 1_500, 40, 32
RATE, STRONG_RATE, WEAK_RATE = 1e-3, 1e-2, 2e-4
LESS, FOUND = 0.1, 0.95


def ring_game(
    quick: bool,
    *,
    objective: str = "non-saturating",
    hidden: tuple[int, ...] = (64, 64),
    rate: float = RATE,
    turns: int = 1,
) -> Watched:
    """A GAN on eight modes on a ring. hidden, rate, turns: of the discriminator, which moves `turns` times a step."""
    return Watched(
        GANSettings(
            latent=2,
            generator=NetworkSettings(hidden=(64, 64)),
            discriminator=NetworkSettings(hidden=hidden, activation="leaky_relu"),
            objective=objective,  # type: ignore[arg-type]
            discriminator_steps=turns,
            output="identity",
            scaling="standard",
        ),
        TrainingSettings(
            steps=QUICK_STEPS if quick else STEPS,
            batch_size=64,
            optimiser=OptimiserSettings(learning_rate=RATE, betas=(0.5, 0.999)),
            discriminator=PlayerSettings(learning_rate=rate),
        ),
        DataSettings(source="ring", modes=MODES, scale=0.05),
        most=MOST,
    )


def setups(quick: bool) -> dict[str, Watched]:
    """Both planted failures, and each with what is said to cure it."""
    strong = {"rate": STRONG_RATE, "turns": 5}
    return {
        TOO_STRONG: ring_game(quick, objective="minimax", rate=STRONG_RATE, turns=5),
        SLOWER: ring_game(quick, objective="minimax", rate=RATE / 4, turns=5),
        OTHER_LOSS: ring_game(quick, rate=STRONG_RATE, turns=5),
        WEAK: ring_game(quick, hidden=(4,), rate=WEAK_RATE),
        "wider": ring_game(quick, rate=WEAK_RATE),
        "more steps": ring_game(quick, hidden=(4,), rate=WEAK_RATE, turns=5),
        "higher rate": ring_game(quick, hidden=(4,), rate=5 * WEAK_RATE),
        "all three": ring_game(quick, rate=5 * WEAK_RATE, turns=5),
    }
