"""C5: the effect of a ReLU on the heads of a variational autoencoder, and whether the diagnosis finds it."""

from __future__ import annotations

from collections.abc import Mapping

from saddlepoint.data.settings import DataSettings
from saddlepoint.evaluation.statistics.intervals import mean_interval, wilson_interval
from saddlepoint.figures.bands import Band, bands_figure
from saddlepoint.models.vae.settings import VAESettings
from saddlepoint.networks.settings import NetworkSettings
from saddlepoint.studies.claims.contract import Claim, Measured, Picture, Quantity, verdict
from saddlepoint.studies.claims.mistakes import CLAMPS
from saddlepoint.studies.claims.quantities import seed_band
from saddlepoint.studies.claims.watched import HELD_OUT_BOUND, Watched, WatchedOutcome
from saddlepoint.training.settings import OptimiserSettings, TrainingSettings

FREE = "free heads"
CODE = "VAE203"
SOURCE = (
    "unpublished notes on generative models, whose author had put a ReLU on both heads; the "
    "model: Auto-Encoding Variational Bayes (Kingma, Welling, 2013), https://arxiv.org/abs/1312.6114"
)
STEPS, QUICK_STEPS, MOST = 1_000, 40, 32


def digits_vae(steps: int, *, latent: int = 3, beta: float = 1.0) -> tuple[VAESettings, TrainingSettings, DataSettings]:
    """The variational autoencoder of the source (two layers of 50 units) on 8x8 digits.

    Args:
        steps: number of training steps.
        latent: dimension of the code.
        beta: weight of the KL term.
    """
    layers = NetworkSettings(hidden=(50, 50), activation="relu")
    return (
        VAESettings(latent=latent, encoder=layers, decoder=layers, beta=beta),
        TrainingSettings(steps=steps, batch_size=64, optimiser=OptimiserSettings(learning_rate=2e-3)),
        DataSettings(source="digits"),
    )


def setups(quick: bool) -> dict[str, Watched]:
    """The model with unconstrained heads, and with a ReLU on either or both, from the same initial weights."""
    base = digits_vae(QUICK_STEPS if quick else STEPS)
    return {name: Watched(*base, mistake="" if name == FREE else name, most=MOST) for name in (FREE, *CLAMPS)}


def measure(outcomes: Mapping[str, WatchedOutcome], quick: bool) -> Measured:
    """Held-out bounds, paired by seed, and the share of seeds with the finding."""
    bounds = {name: outcome.at_end(HELD_OUT_BOUND) for name, outcome in outcomes.items()}
    lost = {name: mean_interval(bounds[FREE] - bounds[name]) for name in CLAMPS}
    quantities = [Quantity(f"held-out bound, {name}", mean_interval(bound), "nats") for name, bound in bounds.items()]
    quantities += [Quantity(f"bound lost by {name}, same seed", own, "nats") for name, own in lost.items()]
    quantities += [
        Quantity(
            f"share of seeds in which {CODE} opens, {name}", wilson_interval(outcome.with_any(CODE), outcome.seeds)
        )
        for name, outcome in outcomes.items()
    ]
    quantities += [
        Quantity(f"KL in use at the end, {name}", mean_interval(outcome.at_end("vae/head_kl")), "nats")
        for name, outcome in outcomes.items()
    ]
    both = lost["ReLU on both heads"]
    seeds_with_finding = {name: outcome.with_any(CODE) for name, outcome in outcomes.items()}
    always_found = seeds_with_finding[FREE] == 0 and all(
        seeds_with_finding[name] == outcomes[name].seeds for name in CLAMPS
    )
    costs = ", ".join(f"{name} {own.value:.2f} [{own.low:.2f}, {own.high:.2f}]" for name, own in lost.items())
    because = (
        f"Of the held-out bound, nats lost: {costs}. {CODE} opens in "
        + ", ".join(
            f"{seeds_with_finding[name]} of {outcome.seeds} seeds with {name}" for name, outcome in outcomes.items()
        )
        + "."
    )
    return Measured(
        verdict(both.low > 0 and always_found, both.low > 0),
        because,
        tuple(quantities),
        (
            Picture(
                "bound",
                "Bound on held-out digits over steps: the middle seed, and the band of the middle 80 %. Higher is better.",
                bands_figure(
                    {"digits": {name: band(outcome, HELD_OUT_BOUND) for name, outcome in outcomes.items()}},
                    y="held-out bound / nats",
                    log_x=False,
                    log_y=False,
                ),
            ),
            Picture(
                "heads",
                f"What {CODE} reads: the share of a head's outputs that equal its smallest or largest output. "
                "It is 0 for a free head.",
                bands_figure(
                    {
                        head: {name: band(outcome, f"vae/{series}_ties") for name, outcome in outcomes.items()}
                        for head, series in (("mean", "mean"), ("log-variance", "log_variance"))
                    },
                    y="share of outputs",
                    log_x=False,
                    log_y=False,
                ),
            ),
        ),
    )


def band(outcome: WatchedOutcome, series: str) -> Band:
    """Median and middle 80 % of a series over seeds, at all measured steps after step 0.

    Args:
        outcome: the results of all seeds.
        series: name of the series.
    """
    values = outcome.series[series]
    measured = (~values.isnan()).any(1) & (outcome.measured_at > 0)
    return seed_band(outcome.measured_at[measured], values[measured])


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
