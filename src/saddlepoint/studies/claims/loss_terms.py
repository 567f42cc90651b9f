"""C3: the two terms of a VAE's loss over training, and what the weight of the KL term trades."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from saddlepoint.evaluation.statistics.intervals import Interval, mean_interval, wilson_interval
from saddlepoint.figures.style import INK, colours, figure, legend, style_axes
from saddlepoint.studies.claims.autoencoders import SEED_INTERVALS, SOURCE, variational
from saddlepoint.studies.claims.code_models import CodeModel, CodeOutcome, entropy
from saddlepoint.studies.claims.contract import Claim, Measured, Picture, Quantity, Verdict, verdict
from saddlepoint.studies.claims.principal import pixels
from saddlepoint.studies.claims.quantities import seed_band

if TYPE_CHECKING:
    from matplotlib.figure import Figure

BETAS = (0.125, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0)
QUICK_BETAS = (0.25, 1.0)
FEWEST = 5  # seeds


def setups(quick: bool) -> dict[str, CodeModel]:
    """The VAE with each weight of the KL term, from the same seeds and splits."""
    return {weight_name(beta): variational(quick, beta=beta) for beta in (QUICK_BETAS if quick else BETAS)}


def weight_name(beta: float) -> str:
    """The name of the setup with this weight."""
    return f"weight {beta:g}"


@dataclass(frozen=True, eq=False)
class Terms:
    """The terms of the training loss with weight 1, in nats, for L ticks and S seeds.

    Attributes:
        reconstruction: (L, S).
        kl: (L, S).
        floor: (S,) mean entropy of the training digits, below which the reconstruction term cannot go.
    """

    reconstruction: Tensor
    kl: Tensor
    floor: Tensor

    @property
    def avoidable(self) -> Tensor:
        """(L, S) the reconstruction term above the entropy."""
        return self.reconstruction - self.floor

    @property
    def larger(self) -> Tensor:
        """(L, S) bool, whether that is larger than the KL term."""
        return self.avoidable > self.kl

    @classmethod
    def of(cls, outcome: CodeOutcome) -> Terms:
        """The terms of an outcome."""
        dataset = outcome.setup.dataset
        floor = torch.stack([entropy(pixels(dataset(seed))[0]).mean() for seed in range(outcome.seeds)])
        return cls(outcome.series["reconstruction"][1:], outcome.series["kl"][1:], floor)


def measure(outcomes: Mapping[str, CodeOutcome], quick: bool) -> Measured:
    """Measure both terms of the loss over training, and rate and distortion by the weight."""
    standard = outcomes[weight_name(1.0)]
    terms = Terms.of(standard)
    rates = {name: own.kl()[-1] for name, own in outcomes.items()}
    distortions = {name: own.series["held_out_reconstruction"][-1] for name, own in outcomes.items()}
    steps = list(pairwise(outcomes))
    trade = {
        **{f"fall of KL from {a} to {b}": mean_interval(rates[a] - rates[b]) for a, b in steps},
        **{f"rise of reconstruction from {a} to {b}": mean_interval(distortions[b] - distortions[a]) for a, b in steps},
    }
    missed = [name for name, own in trade.items() if not own.low > 0]
    bounds = {name: -rates[name] - distortions[name] for name in outcomes}
    return Measured(
        decide(bool(terms.larger.all()), not missed, standard.seeds),
        _sentence(terms, rates, distortions, bounds, missed),
        (
            *_term_quantities(terms),
            *(Quantity(f"KL of held-out digits, {name}", mean_interval(own), "nats") for name, own in rates.items()),
            *(
                Quantity(f"reconstruction term of held-out digits, {name}", mean_interval(own), "nats")
                for name, own in distortions.items()
            ),
            *(
                Quantity(f"bound of held-out digits, trained with {name}", mean_interval(own), "nats")
                for name, own in bounds.items()
            ),
            *(Quantity(f"{name}, same seed", own, "nats") for name, own in trade.items()),
        ),
        (
            Picture(
                "terms",
                "Left: both terms of the loss over training with weight 1, the middle seed and the band of the middle 80 %; the "
                "reconstruction term of grey pixels cannot go below their entropy. Right: KL (rate) and reconstruction (distortion) of "
                "held-out digits at the end, by the weight of the KL term, with 95 % intervals over seeds and splits.",
                _draw(standard, float(terms.floor.mean()), rates, distortions),
            ),
        ),
    )


def _term_quantities(terms: Terms) -> list[Quantity]:
    """Both terms in the course of training."""
    found = []
    rows = {"first tick": 0, "middle tick": len(terms.kl) // 2, "last tick": -1}
    for when, row in rows.items():
        found += [
            Quantity(f"reconstruction term, weight 1, {when}", mean_interval(terms.reconstruction[row]), "nats"),
            Quantity(f"the same above the entropy of the digits, {when}", mean_interval(terms.avoidable[row]), "nats"),
            Quantity(f"KL term, weight 1, {when}", mean_interval(terms.kl[row]), "nats"),
        ]
    share = terms.avoidable[-1] / (terms.avoidable[-1] + terms.kl[-1])
    always = wilson_interval(float(terms.larger.all(0).sum()), terms.larger.shape[1])
    return [
        *found,
        Quantity("share of reconstruction in what the loss has above the entropy, last tick", mean_interval(share)),
        Quantity("share of seeds in which reconstruction above the entropy is the larger term in every tick", always),
    ]


def _sentence(
    terms: Terms,
    rates: Mapping[str, Tensor],
    distortions: Mapping[str, Tensor],
    bounds: Mapping[str, Tensor],
    missed: Sequence[str],
) -> str:
    first, *_, last = rates
    best = max(bounds, key=lambda name: float(bounds[name].mean()))
    return (
        f"With weight 1, the reconstruction term falls from {_mean(terms.reconstruction[0])} to {_mean(terms.reconstruction[-1])} nats, of which the "
        f"entropy of grey pixels is {_mean(terms.floor)}, while the KL term ends at {_mean(terms.kl[-1])}; what is above the entropy is the larger "
        f"term in {float(terms.larger.double().mean()):.0%} of all ticks and seeds. From {first} to {last}, KL of held-out digits goes from "
        f"{_mean(rates[first])} to {_mean(rates[last])} nats and reconstruction from {_mean(distortions[first])} to {_mean(distortions[last])}, "
        + (
            f"though no {' and no '.join(missed)} is shown"
            if missed
            else "and each step of the weight trades one for the other"
        )
        + f"; the bound itself is highest with {best}."
    )


def _mean(values: Tensor) -> str:
    return f"{float(values.mean()):.1f}"


def decide(dominates: bool, trades: bool, seeds: int) -> Verdict:
    """The verdict of the claim.

    Args:
        dominates: whether reconstruction is the larger term everywhere.
        trades: whether each weight trades KL for reconstruction.
        seeds: number of seeds.
    """
    return verdict(dominates and trades, dominates or trades) if seeds >= FEWEST else "not decided"


def _draw(
    standard: CodeOutcome, floor: float, rates: Mapping[str, Tensor], distortions: Mapping[str, Tensor]
) -> Figure:
    drawing, grid = figure(1, 2, width=11.0, height=4.6)
    left, right = grid[0]
    style_axes(left, title="Terms of the loss, weight 1", x="training step", y="nats a digit")
    tints = colours(2)
    for tint, (name, key) in zip(tints, {"reconstruction": "reconstruction", "KL": "kl"}.items(), strict=True):
        band = seed_band(standard.measured_at[1:], standard.series[key][1:])
        left.plot(band.x, band.middle, color=tint, linewidth=1.6, label=name)
        left.fill_between(band.x, band.low, band.high, color=tint, alpha=0.2, linewidth=0)
    left.axhline(floor, color=INK, linewidth=1.0, linestyle=":", label="entropy of the digits")
    left.set_ylim(bottom=0.0)
    legend(left, loc="best")
    style_axes(
        right, title="Rate and distortion by the weight of KL", x="KL / nats a digit", y="reconstruction / nats a digit"
    )
    points = {name: (mean_interval(rates[name]), mean_interval(distortions[name])) for name in rates}
    right.plot(
        [x.value for x, _ in points.values()], [y.value for _, y in points.values()], color=tints[0], linewidth=1.0
    )
    for x, y in points.values():
        right.errorbar(
            x.value, y.value, xerr=_arms(x), yerr=_arms(y), fmt="o", color=tints[0], markersize=5, elinewidth=1.2
        )
    places: dict[tuple[float, float], list[str]] = {}  # weights whose points are one, such as those that leave no KL
    for name, (x, y) in points.items():
        places.setdefault((round(x.value, 1), round(y.value, 1)), []).append(name)
    for place, names in places.items():
        right.annotate(", ".join(names), place, xytext=(6, 5), textcoords="offset points", fontsize=8, color=INK)
    right.margins(x=0.14)
    return drawing


def _arms(interval: Interval) -> list[list[float]]:
    """Lengths of an error bar below and above."""
    return [[interval.value - interval.low], [interval.high - interval.value]]


CLAIM = Claim(
    "C3",
    "In the training of a VAE the reconstruction loss dominates, so that a weight of the KL term becomes a hyperparameter.",
    SOURCE,
    "Holds if, on the 8x8 digits with weight 1, the reconstruction term is larger than the KL term at every measurement of every seed, "
    "even without the entropy of grey pixels, below which no model can go; and if, from each weight "
    f"({', '.join(f'{beta:g}' for beta in BETAS)}) to the next, KL of held-out digits falls and their reconstruction term rises (95 % intervals "
    "of the differences, same seed and split), so that the weight chooses between them; in part if one of the two is so. Not decided "
    f"with fewer than {FEWEST} seeds. {SEED_INTERVALS}",
    setups,
    measure,
)
