"""C7: the gradients of the generator's two objectives, and how fast training converges with each.

The claim speaks of bad samples, which the discriminator recognises. A one-dimensional game seldom has such a state; an image
GAN whose discriminator is ahead does (see `saturation_images`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from saddlepoint.evaluation.statistics.intervals import Interval
from saddlepoint.figures.style import MUTED, colours, figure, legend, style_axes
from saddlepoint.figures.survival import survival_figure
from saddlepoint.objectives.adversarial.registry import loss_named
from saddlepoint.studies.claims import saturation_images as images
from saddlepoint.studies.claims.contract import Claim, Measured, Picture, Quantity, Verdict, verdict
from saddlepoint.studies.claims.discriminator_ahead import LOSSES, DiscriminatorAhead
from saddlepoint.studies.claims.image_games import FEWEST
from saddlepoint.studies.claims.laboratory import Outcome, Setup
from saddlepoint.studies.claims.quantities import (
    FEWEST_DECIDED,
    NONE_DECIDED,
    curves,
    distance_ratio,
    median_steps,
    race,
    share_converged,
)
from saddlepoint.studies.claims.setups import described, ours

if TYPE_CHECKING:
    from matplotlib.figure import Figure

KINDS = {"as described": described, "with our training": ours}
SOURCE = (
    "Generative Adversarial Networks (Goodfellow et al., 2014), section 3, https://arxiv.org/abs/1406.2661; the state with bad "
    "samples: Towards Principled Methods for Training Generative Adversarial Networks (Arjovsky, Bottou, 2017), figure 2, "
    "https://arxiv.org/abs/1701.04862"
)
LEVEL = 1 - 0.05 / 4  # of each of four comparisons: two kinds, which is earlier and which is nearer


def setups(quick: bool) -> dict[str, Setup | DiscriminatorAhead]:
    """The games on one mode, and the image GAN with its discriminator ahead."""
    return {**lines(quick), **images.setups(quick)}


def lines(quick: bool) -> dict[str, Setup]:
    """Data with one mode, both kinds of training, both objectives."""
    found = {}
    for kind, make in KINDS.items():
        base = make(1, quick=quick)
        for objective in LOSSES:
            model = base.model.model_copy(update={"objective": objective})
            found[f"{kind}, {objective}"] = Setup(model, base.training, base.data)
    return found


def slopes(shares: Tensor) -> dict[str, Tensor]:
    """The absolute slope of each objective with respect to the discriminator's logit.

    It is computed by automatic differentiation of the losses that training uses.

    Args:
        shares: (n,) values of D(G(z)), in (0, 1).

    Returns:
        By objective, (n,) float64 slopes.
    """
    return {objective: _slope(loss_named(objective).generator, shares.double()) for objective in LOSSES}


def measure(outcomes: Mapping[str, Any], quick: bool) -> Measured:
    """Measure the slopes, the steps to convergence with each objective, and the progress on images."""
    bad = {name: float(slope) for name, slope in slopes(torch.tensor([images.BAD])).items()}
    quantities = [
        Quantity(
            f"push on the logit at D(G(z)) = {images.BAD:g}, {LOSSES[name]}", Interval(slope, slope, slope), "nats"
        )
        for name, slope in bad.items()
    ]
    worse = False
    sentences = []
    for kind in KINDS:
        own: dict[str, Outcome] = {name: outcomes[f"{kind}, {name}"] for name in LOSSES}
        quantities += [
            Quantity(f"median steps to convergence, {kind}, {LOSSES[name]}", median_steps(outcome), "steps")
            for name, outcome in own.items()
        ]
        quantities += [
            Quantity(
                f"share that converges within {outcome.last:,} steps, {kind}, {LOSSES[name]}",
                share_converged(outcome),
            )
            for name, outcome in own.items()
        ]
        ratio = distance_ratio(own["minimax"], own["non-saturating"])
        quantities.append(
            Quantity(
                f"least distance with {LOSSES['minimax']} over that with {LOSSES['non-saturating']}, same seed, {kind}",
                ratio,
            )
        )
        runs = race(own["non-saturating"], own["minimax"])
        quantities.append(
            Quantity(
                f"share of decided seeds with which {LOSSES['non-saturating']} converges first, {kind}",
                runs.share,
                without=NONE_DECIDED,
            )
        )
        if runs.decided:
            comparisons = (
                (race(own["non-saturating"], own["minimax"], level=LEVEL).share, 0.5),
                (distance_ratio(own["minimax"], own["non-saturating"], level=LEVEL), 1.0),
            )
            worse |= any(interval.high < even for interval, even in comparisons)
        sentences.append(
            f"{kind}, {LOSSES['non-saturating']} converges first {runs}; the other's least distance is {ratio.value:.2f} "
            "times as large" + ("" if runs.decided else ", which decides nothing where so few converge")
        )
    found = images.compare_losses(outcomes)
    quantities += images.quantities(outcomes, found)
    seeds = min(outcomes[name].seeds for name in images.SETUPS.values())
    return Measured(
        decide(found, seeds, worse),
        f"{images.conditions_text(found)}; numbers in brackets are the distance with log(1 - D) over that with log D. With one "
        f"mode in one dimension: {'. '.join(words[:1].upper() + words[1:] for words in sentences)}. At D(G(z)) = {images.BAD:g}, log(1 - D) pushes "
        f"{bad['non-saturating'] / bad['minimax']:.0f} times less than log D: that is so by their formulas, and is shown.",
        tuple(quantities),
        (
            Picture(
                "discriminator-ahead",
                "A DCGAN on 8x8 digits, trained for a few steps, and then its discriminator alone: how real it finds the samples, "
                "the gradient of both objectives at the same weights, and the samples' distance to the data when training goes "
                "on from the same state with either objective. Medians and ranges over seeds.",
                images.draw(outcomes),
            ),
            Picture(
                "push",
                "How strongly each objective pushes the logit of a generated sample, by how real that looks.",
                _drawn(),
            ),
            Picture(
                "steps-to-convergence",
                "Share of seeds that have not converged yet with one mode, with 95 % intervals.",
                survival_figure(curves({name: outcomes[name] for name in lines(quick)}), title="Steps to convergence"),
            ),
        ),
    )


def decide(found: Sequence[images.State], seeds: int, worse: bool) -> Verdict:
    """The verdict of the claim.

    Args:
        found: all states of the image GAN.
        seeds: number of seeds behind each.
        worse: whether a one-dimensional game converges later, or comes less near, with -log D(G(z)).
    """
    bad = [state for state in found if state.bad]
    if not bad or seeds < FEWEST:
        return "not decided"
    nowhere_worse = not worse and not any(state.worse for state in found)
    return verdict(all(state.better for state in bad) and nowhere_worse, any(state.better for state in bad))


def _slope(cost: Callable[[Tensor], Tensor], shares: Tensor) -> Tensor:
    def total(logits: Tensor) -> Tensor:
        return cost(logits).sum()

    slope: Tensor = torch.func.grad(total)(torch.logit(shares))
    return slope.abs()


def _drawn() -> Figure:
    logits = np.linspace(-9.0, 9.0, 181)
    shares = 1 / (1 + np.exp(-logits))
    drawing, grid = figure(1, 2, width=10.0, height=4.2)
    found = slopes(torch.from_numpy(shares))
    for axes, log in zip(grid[0], (False, True), strict=True):
        style_axes(
            axes,
            title="The same, the ends drawn out" if log else "Push on the logit",
            x="D(G(z))",
            y="" if log else "nats",
        )
        for tint, (name, slope) in zip(colours(2), found.items(), strict=True):
            axes.plot(shares, slope, color=tint, linewidth=1.8, label=LOSSES[name])
        axes.axvline(images.BAD, color=MUTED, linewidth=1.0, linestyle=":")
        if log:
            axes.set_xscale("logit")
            axes.set_yscale("log")
        legend(axes)
    return drawing


CLAIM = Claim(
    "C7",
    "The generator's objective log(1 - D(G(z))) is flat where samples are bad, so that it learns little there; with log D(G(z)) "
    "it learns.",
    SOURCE,
    f"Holds if, from every state of a small DCGAN on digits in which the median over seeds of D(G(z)) is at most {images.BAD:g}, samples "
    f"are nearer to the data {images.STEPS} steps later with the second than with the first, with each optimiser of the generator "
    f"({', '.join(images.OPTIMISERS)}; same state, intervals of {images.LEVEL:.2%}, since there are several comparisons), and nowhere the "
    "opposite is so: neither from another of its states nor in the one-dimensional game, as described or with our training "
    f"(converges later, or comes less near; intervals of {LEVEL:.2%}, where {FEWEST_DECIDED} seeds or more say which converges "
    "first); in part if the second is better from some such state with some optimiser; not decided without such a state or with "
    f"fewer than {FEWEST} seeds. How strongly the objectives push follows from their formulas, and decides nothing.",
    setups,
    measure,
)
