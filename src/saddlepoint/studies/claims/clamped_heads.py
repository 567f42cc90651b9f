"""C5: what a ReLU on the heads of a variational autoencoder costs, and whether it is noticed."""

from __future__ import annotations

from collections.abc import Mapping

import torch

from saddlepoint.data.settings import DataSettings
from saddlepoint.evaluation.statistics.intervals import of_mean, wilson
from saddlepoint.figures.bands import Band, bands_figure
from saddlepoint.models.vae.settings import VAESettings
from saddlepoint.networks.settings import NetworkSettings
from saddlepoint.studies.claims.contract import Claim, Measured, Picture, Quantity, verdict
from saddlepoint.studies.claims.mistakes import CLAMPS
from saddlepoint.studies.claims.watched import HELD_OUT_BOUND, Told, Watched
from saddlepoint.training.settings import OptimiserSettings, TrainingSettings

FREE = "free heads"
CODE = "VAE203"
SOURCE = (
    "unpublished notes on generative models, whose author had put a ReLU on both heads; the "
    "model: Auto-Encoding Variational Bayes (Kingma, Welling, 2013), https://arxiv.org/abs/1312.6114"
)
STEPS, QUICK_STEPS, MOST = 1_000, 40, 32


def digits_vae(steps: int, *, latent: int = 3, beta: float = 1.0) -> tuple[VAESettings, TrainingSettings, DataSettings]:
    """The variational autoencoder of the notes (two layers of 50, a code of 3) on 8x8 digits."""
    layers = NetworkSettings(hidden=(50, 50), activation="relu")
    return (
        VAESettings(latent=latent, encoder=layers, decoder=layers, beta=beta),
        TrainingSettings(steps=steps, batch_size=64, optimiser=OptimiserSettings(learning_rate=2e-3)),
        DataSettings(source="digits"),
    )


def setups(quick: bool) -> dict[str, Watched]:
    """The same with free heads and with a ReLU on either or both, from the same first weights."""
    base = digits_vae(QUICK_STEPS if quick else STEPS)
    return {name: Watched(*base, mistake="" if name == FREE else name, most=MOST) for name in (FREE, *CLAMPS)}


def measure(outcomes: Mapping[str, Told], quick: bool) -> Measured:
    """Bounds seed by seed, and in how many seeds the finding opens."""
    bounds = {name: told.at_end(HELD_OUT_BOUND) for name, told in outcomes.items()}
    lost = {name: of_mean(bounds[FREE] - bounds[name]) for name in CLAMPS}
    quantities = [Quantity(f"held-out bound, {name}", of_mean(bound), "nats") for name, bound in bounds.items()]
    quantities += [Quantity(f"bound lost by {name}, same seed", own, "nats") for name, own in lost.items()]
    quantities += [
        Quantity(f"share of seeds in which {CODE} opens, {name}", wilson(told.with_any(CODE), told.seeds))
        for name, told in outcomes.items()
    ]
    quantities += [
        Quantity(f"KL in use at the end, {name}", of_mean(told.at_end("vae/head_kl")), "nats")
        for name, told in outcomes.items()
    ]
    both = lost["ReLU on both heads"]
    found = {name: told.with_any(CODE) for name, told in outcomes.items()}
    seen = found[FREE] == 0 and all(found[name] == outcomes[name].seeds for name in CLAMPS)
    costs = ", ".join(f"{name} {own.value:.2f} [{own.low:.2f}, {own.high:.2f}]" for name, own in lost.items())
    because = (
        f"Of the held-out bound, nats lost: {costs}. {CODE} opens in "
        + ", ".join(f"{found[name]} of {told.seeds} seeds with {name}" for name, told in outcomes.items())
        + "."
    )
    return Measured(
        verdict(both.low > 0 and seen, both.low > 0),
        because,
        tuple(quantities),
        (
            Picture(
                "bound",
                "Bound on held-out digits over steps: the middle seed, and the band of the middle 80 %. Higher is better.",
                bands_figure(
                    {"digits": {name: band(told, HELD_OUT_BOUND) for name, told in outcomes.items()}},
                    y="held-out bound / nats",
                    log_x=False,
                    log_y=False,
                ),
            ),
            Picture(
                "heads",
                f"What {CODE} reads: the share of a head's outputs that are one and the same number, its smallest or "
                "largest. It is 0 for a free one.",
                bands_figure(
                    {
                        head: {name: band(told, f"vae/{series}_ties") for name, told in outcomes.items()}
                        for head, series in (("mean", "mean"), ("log-variance", "log_variance"))
                    },
                    y="share of outputs",
                    log_x=False,
                    log_y=False,
                ),
            ),
        ),
    )


def band(told: Told, series: str) -> Band:
    """Of the looks after the first step at which the series was measured: the middle seed, and the middle 80 %."""
    values = told.series[series]
    measured = (~values.isnan()).any(1) & (told.looked > 0)
    levels = torch.tensor([0.1, 0.5, 0.9], dtype=torch.float64)
    low, middle, high = values[measured].nanquantile(levels, dim=1).numpy()
    return Band(told.looked[measured].numpy(), low, middle, high)


CLAIM = Claim(
    "C5",
    "A ReLU on the mean and log-variance heads of a variational autoencoder is an unnecessary constraint.",
    SOURCE,
    "Holds if, from the same seeds, the bound on held-out digits is lower with a ReLU on both heads (95 % interval of the mean "
    f"difference), and the finding {CODE} opens in all seeds with a ReLU on either or both heads and in none without; in part if "
    "only the bound is lower.",
    setups,
    measure,
)
