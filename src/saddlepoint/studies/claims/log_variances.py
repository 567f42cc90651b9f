"""C4: whether the log-variances of a VAE's encoder tend to zero, in which units, and whether the KL term is the reason."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from saddlepoint.evaluation.metrics.latent import ACTIVE
from saddlepoint.evaluation.statistics.intervals import Interval, mean_interval
from saddlepoint.figures.style import INK, colours, figure, legend, style_axes
from saddlepoint.studies.claims.autoencoders import LATENT, SEED_INTERVALS, SOURCE, variational
from saddlepoint.studies.claims.code_models import CodeModel, CodeOutcome
from saddlepoint.studies.claims.contract import Claim, Measured, Picture, Quantity, Verdict, verdict
from saddlepoint.studies.claims.quantities import seed_band

if TYPE_CHECKING:
    from matplotlib.figure import Figure

WIDE = 16  # units, more than the VAE uses
DESCRIBED, WITHOUT_KL, CLAMPED = f"{LATENT} units", f"{LATENT} units, no KL", f"{LATENT} units, ReLU on both heads"
MANY, MANY_WITHOUT_KL = f"{WIDE} units", f"{WIDE} units, no KL"
NEAR = 0.5  # nats either side of 0 that count as zero: a standard deviation from 0.78 to 1.28 times the prior's
FEWEST = 5  # seeds
NONE = "no such unit"


def setups(quick: bool) -> dict[str, CodeModel]:
    """The VAE of the source and a wider one, with and without the KL term, and with the source's ReLU on both heads."""
    return {
        DESCRIBED: variational(quick),
        WITHOUT_KL: variational(quick, beta=0.0),
        CLAMPED: variational(quick, mistake="ReLU on both heads"),
        MANY: variational(quick, latent=WIDE),
        MANY_WITHOUT_KL: variational(quick, beta=0.0, latent=WIDE),
    }


def over_units(values: Tensor, chosen: Tensor) -> Tensor:
    """The mean over some units.

    Args:
        values: (..., S, K).
        chosen: (S, K) bool.

    Returns:
        (..., S) means; NaN for a seed without such a unit.
    """
    return torch.where(chosen, values, 0.0).sum(-1) / chosen.sum(-1)


def interval_over_seeds(values: Tensor) -> Interval:
    """The mean of (S,) values with its interval; NaN are left out, and fewer than two values give NaN."""
    own = values[~values.isnan()]
    return mean_interval(own) if len(own) > 1 else Interval(math.nan, math.nan, math.nan)


def measure(outcomes: Mapping[str, CodeOutcome], quick: bool) -> Measured:
    """Measure log-variance and KL of active and inactive units at the end."""
    parts = {
        name: {"active": own.active, "inactive": ~own.active}
        if name in (DESCRIBED, MANY)
        else {"all": torch.ones_like(own.active)}
        for name, own in outcomes.items()
    }
    ends = {
        (name, kind): interval_over_seeds(over_units(outcomes[name].series["unit_log_variance"][-1], chosen))
        for name, own in parts.items()
        for kind, chosen in own.items()
    }
    every = {name: mean_interval(own.series["unit_log_variance"][-1].mean(1)) for name, own in outcomes.items()}
    quantities = [
        *(Quantity(f"mean log-variance of all units, {name}", own, "nats") for name, own in every.items()),
        *(
            Quantity(f"mean log-variance of {kind} units, {name}", own, "nats", without=NONE)
            for (name, kind), own in ends.items()
            if kind != "all"
        ),
        *(
            Quantity(
                f"KL of a unit, {kind} units, {name}",
                interval_over_seeds(over_units(outcomes[name].series["unit_kl"][-1], chosen)),
                "nats",
                without=NONE,
            )
            for name, own in parts.items()
            for kind, chosen in own.items()
            if kind != "all"
        ),
        *(Quantity(f"active units, {name}", mean_interval(own.active.sum(1))) for name, own in outcomes.items()),
    ]
    because = (
        f"With the {DESCRIBED} of the source the mean log-variance ends at {every[DESCRIBED].value:.2f} nats, and {_mean(outcomes[DESCRIBED].active.sum(1)):.1f} "
        f"units are active; with {WIDE} units that of the {_mean(outcomes[MANY].active.sum(1)):.1f} active ones ends at "
        f"{ends[MANY, 'active'].value:.2f} and that of the others at {ends[MANY, 'inactive'].value:.2f}. Without the KL term it ends at "
        f"{every[WITHOUT_KL].value:.1f} ({LATENT} units) and {every[MANY_WITHOUT_KL].value:.1f} ({WIDE} units). With a ReLU on both heads, which "
        f"the source's first VAE had, it ends at {every[CLAMPED].value:.2f}."
    )
    return Measured(
        decide(
            every[DESCRIBED],
            ends[MANY, "inactive"],
            [every[name] for name in (WITHOUT_KL, MANY_WITHOUT_KL)],
            outcomes[DESCRIBED].seeds,
        ),
        because,
        tuple(quantities),
        (
            Picture(
                "log-variance",
                "Left: mean log-variance of the units over training, the middle seed and the band of the middle 80 %; the dotted line is the "
                "prior's. Right: every unit of every seed at the end, by its KL: units that carry information are far from zero.",
                _draw(outcomes),
            ),
        ),
    )


def decide(described: Interval, inactive: Interval, without_kl: Iterable[Interval], seeds: int) -> Verdict:
    """The verdict of the claim.

    Args:
        described: mean log-variance of all units of the source's VAE.
        inactive: that of the inactive units of the wider one; NaN if it has none.
        without_kl: that of all units without the KL term, of both.
        seeds: number of seeds.
    """
    if seeds < FEWEST:
        return "not decided"
    reason = all(own.high < -NEAR for own in without_kl)
    return verdict(_near_zero(described) and reason, _near_zero(inactive) and reason)


def _near_zero(interval: Interval) -> bool:
    return interval.low > -NEAR and interval.high < NEAR


def _mean(counts: Tensor) -> float:
    return float(counts.double().mean())


def _draw(outcomes: Mapping[str, CodeOutcome]) -> Figure:
    drawing, grid = figure(1, 2, width=11.5, height=4.8)
    left, right = grid[0]
    many = outcomes[MANY]
    lines = {
        f"{MANY}, inactive": (many, ~many.active),
        CLAMPED: (outcomes[CLAMPED], torch.ones_like(outcomes[CLAMPED].active)),
        f"{MANY}, active": (many, many.active),
        DESCRIBED: (outcomes[DESCRIBED], torch.ones_like(outcomes[DESCRIBED].active)),
        WITHOUT_KL: (outcomes[WITHOUT_KL], torch.ones_like(outcomes[WITHOUT_KL].active)),
    }
    style_axes(left, title="Mean log-variance over training", x="training step", y="log-variance / nats")
    for tint, (name, (own, chosen)) in zip(colours(len(lines)), lines.items(), strict=True):
        band = seed_band(own.measured_at, over_units(own.series["unit_log_variance"], chosen))
        left.plot(band.x, band.middle, color=tint, linewidth=1.6, label=name)
        left.fill_between(band.x, band.low, band.high, color=tint, alpha=0.2, linewidth=0)
    left.axhline(0.0, color=INK, linewidth=1.0, linestyle=":")
    legend(left, loc="best")
    style_axes(right, title="Every unit at the end", x="KL of the unit / nats", y="mean log-variance / nats")
    shown = {name: outcomes[name] for name in (MANY, DESCRIBED, CLAMPED)}
    for tint, (name, own) in zip(colours(len(shown)), shown.items(), strict=True):
        right.scatter(
            own.series["unit_kl"][-1],
            own.series["unit_log_variance"][-1],
            s=14,
            color=tint,
            alpha=0.6,
            linewidths=0,
            label=name,
        )
    right.axhline(0.0, color=INK, linewidth=1.0, linestyle=":")
    legend(right, loc="best")
    return drawing


CLAIM = Claim(
    "C4",
    "The log-variances that the encoder of a VAE gives tend to zero, because the KL term wants it.",
    SOURCE,
    f"Holds if, on the 8x8 digits with the VAE of the source, the mean log-variance of all {LATENT} units ends within {NEAR:g} nats of 0 "
    f"(95 % interval over seeds), and with weight 0 of the KL term it ends below -{NEAR:g}, so that KL is the reason; in part if the "
    f"inactive units of a VAE with {WIDE} units end there instead, and the reason is right. A unit is active if the variance of its posterior "
    f"mean over held-out digits is above {ACTIVE:g}. Not decided with fewer than {FEWEST} seeds. " + SEED_INTERVALS,
    setups,
    measure,
)
