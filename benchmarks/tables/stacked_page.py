"""Sections of RESULTS.md about Stacked MNIST's modes: the five games at one budget, and the recipe with its goal."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence

import results
from tables.stacked_plan import GAME, MODES, RECIPE, SAMPLES, Outcome, RealOutcome

LARGEST_KL = 0.06
# [source and its protocol, row, modes, KL]. Each paper has networks, budget and classifier of its own.
PUBLISHED = (
    ("PacGAN, table 3, D half as wide as G", "DCGAN", "488 ± 35", "2.24 ± .15"),
    ("PacGAN, table 3, D half as wide as G", "Unrolled GAN, 10 steps", "817 ± 38", "1.43 ± .12"),
    ("PacGAN, table 3, D half as wide as G", "PacGAN2", "841 ± 16", "1.00 ± .05"),
    ("PacGAN, table 3, D half as wide as G", "PacGAN4", "820 ± 26", "1.15 ± .14"),
    ("PacGAN, table 3, D a quarter as wide", "DCGAN", "78.5 ± 17.6", "5.21 ± .19"),
    ("PacGAN, table 3, D a quarter as wide", "PacGAN2", "485 ± 33", "2.61 ± .22"),
    ("PacGAN, table 2, D of base width 64", "DCGAN", "78.9 ± 6.5", "4.50 ± .13"),
    ("PacGAN, table 2, D of base width 64", "PacGAN2", "1000", ".06 ± .003"),
    ("VEEGAN, table 2", "DCGAN", "99", "3.4"),
    ("VEEGAN, table 2", "VEEGAN", "150", "2.95"),
    ("R3GAN's table", "WGAN-GP", "959", ".73"),
    ("R3GAN's table", "PacGAN", "992", ".28"),
    ("R3GAN's table", "StyleGAN2", "940", ".42"),
    ("R3GAN's table", "R3GAN", "1000", ".029"),
)
_HEADER = ["row", "trials", "modes", "KL, nats", "steps", "min a trial"]


def games_section(found: Mapping[str, Sequence[Outcome]], real: RealOutcome) -> str:
    """The five games beside real images, and the published numbers apart from them.

    Args:
        found: outcomes by the name of the game.
        real: what real test images score.
    """
    settings = GAME["training"]
    return "\n\n".join(
        [
            _protocol(real),
            "The five games have one generator and one discriminator, those of PacGAN's table 3 as near as our networks come to "
            "them: channels 32-16 and 4-8, where the paper has 64-32-16-8 and 4-8-16; no BatchNorm in a discriminator with a "
            f"penalty or constraint. Noise of {GAME['model']['latent']} numbers, batches of {settings['batch_size']}, Adam with a "
            f"rate that falls from {settings['optimiser']['learning_rate']:g} to 0; rows have about equal time, not equal "
            "steps. The paper trains for 500,000 steps of 128 examples at rates of 0.0002 and 0.0001. The rows show what this "
            "effort reaches, not what a method can. Minutes are of one thread, on a machine that others used too.",
            results.table(_HEADER, [_of_real(real), *([name, *_cells(outcomes)] for name, outcomes in found.items())]),
            "Published, each with networks, budget, number of samples and classifier of its own, so that rows compare within one source only:",
            results.table(["source", "row", "modes", "KL, nats"], PUBLISHED),
        ]
    )


def recipe_section(outcomes: Sequence[Outcome], real: RealOutcome, trials: int) -> str:
    """The recipe beside real images, with its goal.

    Args:
        outcomes: of the recipe's trials, one or more.
        real: what real test images score.
        trials: that the goal asks for.
    """
    fewest, largest = min(one.modes for one in outcomes), max(one.kl for one in outcomes)
    aim = f"{MODES:,} modes and KL at most {LARGEST_KL} in every one of {trials} trials"
    reached = fewest == MODES and largest <= LARGEST_KL
    # A trial that misses the goal decides; trials that reach it do so together.
    decided = results.goal(aim, reached) if len(outcomes) >= trials or not reached else f"goal {aim}: undecided"
    return "\n\n".join(
        [
            _protocol(real),
            f"The recipe `{RECIPE}` has larger networks than the games above and a budget of its own. Minutes are of one thread, on a "
            "machine that others used too.",
            results.table(_HEADER, [_of_real(real), [RECIPE, *_cells(outcomes)]]),
            f"Fewest modes {fewest}, largest KL {largest:.3f}; {decided}",
        ]
    )


def _protocol(real: RealOutcome) -> str:
    import torch

    from saddlepoint.evaluation.metrics.classifier_scores import category_report

    least = category_report(torch.zeros(SAMPLES, dtype=torch.int64), MODES).expected_kl
    return (
        f"Mean ± standard error over trials. {SAMPLES:,} samples of the averaged generator; a small convolutional classifier "
        f"with a test accuracy of {real.accuracy:.2%} reads the digits; KL(samples || equal shares) in nats, of which equal shares "
        f"would show about {least:.3f}. Real test images, stacked afresh, show the least to expect."
    )


def _of_real(real: RealOutcome) -> list[str]:
    return ["real test images", "-", str(real.modes), f"{real.kl:.3f}", "-", "-"]


def _cells(outcomes: Sequence[Outcome]) -> list[str]:
    """A row's part of the table that is measured."""
    return [
        str(len(outcomes)),
        results.with_error([one.modes for one in outcomes], 1),
        results.with_error([one.kl for one in outcomes], 3),
        f"{outcomes[0].steps:,}",
        f"{statistics.median(one.seconds for one in outcomes) / 60:.1f}",
    ]
