"""C12: whether convergence depends on the seed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from saddlepoint.evaluation.statistics.intervals import Interval, wilson_interval
from saddlepoint.figures.style import INK, MUTED, colours, figure, legend, style_axes
from saddlepoint.studies.claims.contract import Claim, Measured, Picture, Quantity, verdict
from saddlepoint.studies.claims.laboratory import Outcome, Setup
from saddlepoint.studies.claims.quantities import share_converged
from saddlepoint.studies.claims.setups import POST, POST_ADDRESS, described, ours
from saddlepoint.studies.convergence import DISTANCE

if TYPE_CHECKING:
    from matplotlib.figure import Figure

KINDS = {"as described": described, "with our training": ours}
NAMED = (42, 4)
CHANCE = 0.05  # a share farther than this from both 0 and 1 depends on the seed
FAR = 1.0  # standard deviations: a run that ends so far from the data has failed by any measure


def setups(quick: bool) -> dict[str, Setup]:
    """Data with one mode, both kinds of training."""
    return {kind: make(1, quick=quick) for kind, make in KINDS.items()}


def measure(outcomes: Mapping[str, Outcome], quick: bool) -> Measured:
    """Measure the share of seeds that converge, the share that fail, and the two seeds that the source names."""
    quantities = []
    differs: dict[str, bool] = {}
    apart: dict[str, bool] = {}
    sentences = []
    for kind in KINDS:
        outcome = outcomes[kind]
        share = share_converged(outcome)
        ends = outcome.distance[-1].nan_to_num(np.inf)
        failed = wilson_interval(float((ends > FAR).sum()), outcome.seeds)
        quantities += [
            Quantity(f"share that converges within {outcome.last:,} steps, {kind}", share),
            Quantity(f"share that ends farther than {FAR:g} standard deviation from the data, {kind}", failed),
        ]
        for seed in NAMED:
            if seed < outcome.seeds:
                end = float(ends[seed])
                quantities.append(
                    Quantity(
                        f"distance at the end, our seed {seed}, {kind}", Interval(end, end, end), "standard deviations"
                    )
                )
        differs[kind] = share.low > CHANCE and share.high < 1 - CHANCE
        apart[kind] = failed.low > CHANCE and failed.high < 1 - CHANCE
        sentences.append(f"{kind}, {share.value:.0%} of seeds converge and {failed.value:.0%} end far from the data")
    return Measured(
        verdict(differs["as described"], apart["as described"] or differs["with our training"]),
        ". ".join(words[:1].upper() + words[1:] for words in sentences) + ".",
        tuple(quantities),
        (
            Picture(
                "seeds",
                "Where each seed ends: distances to the data, in order. Below the dotted line samples are near enough to "
                "count as converged, if they stay; above the grey one the run has failed by any measure.",
                _drawn({kind: outcomes[kind].distance[-1].numpy() for kind in KINDS}),
            ),
        ),
    )


def _drawn(ends: Mapping[str, NDArray[np.float64]]) -> Figure:
    drawing, grid = figure(width=7.6, height=4.4)
    axes = grid[0, 0]
    style_axes(
        axes,
        title="Distance to the data at the end, seed by seed",
        x="share of seeds",
        y="distance / standard deviation",
    )
    for tint, (kind, values) in zip(colours(len(ends)), ends.items(), strict=True):
        ordered = np.sort(np.where(np.isfinite(values), values, np.nan))
        axes.plot((np.arange(len(ordered)) + 0.5) / len(ordered), ordered, ".", color=tint, markersize=4, label=kind)
    axes.axhline(DISTANCE, color=INK, linewidth=1.0, linestyle=":")
    axes.axhline(FAR, color=MUTED, linewidth=1.0)
    axes.set_yscale("log")
    legend(axes)
    return drawing


CLAIM = Claim(
    "C12",
    "Whether the 1-D GAN converges hangs on the random seed: with seed 42 it does not, with seed 4 it does.",
    f"{POST}, on non-convergence, {POST_ADDRESS}",
    f"Holds if, as described, the share of seeds that converge lies between {CHANCE:.0%} and {1 - CHANCE:.0%} with its whole 95 % "
    f"interval; in part if that is so with our training, or of the share that ends more than {FAR:g} standard deviation away. Seeds "
    "of another program mean other numbers: 42 and 4 are shown, and decide nothing.",
    setups,
    measure,
)
