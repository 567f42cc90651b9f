"""Logs as people post them, with what somebody who knows would answer. Every value is generated."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence

Rows = list[tuple[float, ...]]


def csv_text(header: str, rows: Sequence[Sequence[float]]) -> str:
    """A CSV file."""
    return header + "\n" + "".join(",".join(f"{value:.6g}" for value in row) + "\n" for row in rows)


def least_squares_dead(seed: int) -> str:
    """From the middle on the discriminator answers 1 to everything."""
    rng = random.Random(seed)
    alive = [(100 * i, 0.025 * rng.uniform(0.3, 1.7), 0.4 * rng.uniform(0.7, 1.3)) for i in range(1, 151)]
    return csv_text("step,d_loss,g_loss", [*alive, *((100 * i, 0.5, 0.0) for i in range(151, 301))])


def kl_vanished(seed: int) -> str:
    """Thirty epochs: the reconstruction is a mean over pixels."""
    rng = random.Random(seed)
    rows = []
    for epoch in range(1, 31):
        recon, kl = 0.14 + 0.04 / epoch + rng.gauss(0, 2e-4), 4e-7 * rng.uniform(0.8, 1.3)
        rows.append((epoch, recon + kl, recon, kl))
    return csv_text("epoch,loss,vae_r_loss,vae_kl_loss", rows)


def generator_wins(seed: int) -> str:
    """The generator's loss goes to 0, and the discriminator's far above that of guessing."""
    rng = random.Random(seed)
    rows = [
        (100 * i, 2 * math.exp(-i / 30) + 1e-3 * rng.random(), 9 - 7 * math.exp(-i / 60) + rng.gauss(0, 0.3))
        for i in range(1, 301)
    ]
    return csv_text("step,gen_loss,dsc_loss", rows)


def critic_runs_away(seed: int) -> str:
    """A Wasserstein critic without a working penalty."""
    rng = random.Random(seed)
    rows = [(100 * i, -0.03 * i * i + rng.gauss(0, 15), 4.5 * i + rng.gauss(0, 15)) for i in range(1, 301)]
    return csv_text("step,d_loss,g_loss", rows)


def nan_at_last(seed: int) -> str:
    """NaN from step 25,100 on, after the penalty grew."""
    rng = random.Random(seed)
    rows = []
    for i in range(1, 301):
        broken = i > 250
        fake, generator = (
            math.nan if broken else 650 + rng.gauss(0, 30),
            math.nan if broken else -300 + rng.gauss(0, 30),
        )
        rows.append((100 * i, 700 + rng.gauss(0, 30), fake, generator, 21000 * math.exp(i / 300)))
    return csv_text("step,DR,DF,G,GP", rows)


def nothing_wrong(seed: int) -> str:
    """A game whose losses stay in balance."""
    rng = random.Random(seed)
    return csv_text(
        "step,d_loss,g_loss", [(100 * i, rng.uniform(0.8, 1.2), rng.uniform(1.0, 1.5)) for i in range(1, 301)]
    )


# The log, and what is answered: code ("" for none), words of the answer, words of the first thing to try.
CASES: dict[str, tuple[Callable[[int], str], str, str, str]] = {
    "least squares dead": (least_squares_dead, "GAN104", "one answer to everything", "before step 15,"),
    "KL vanished": (kl_vanished, "VAE201", "mean over the numbers of an example", "Sum the reconstruction"),
    "generator wins": (generator_wins, "GAN104", "everything wrong", "labels"),
    "critic runs away": (critic_runs_away, "GAN111", "scores run away", "gradient penalty"),
    "NaN at last": (
        nan_at_last,
        "NUM301",
        "NaN from step 25,100 on. Before that, the penalty on the discriminator grew",
        "25,100",
    ),
    "nothing wrong": (nothing_wrong, "", "nothing is wrong in the losses", ""),
}
