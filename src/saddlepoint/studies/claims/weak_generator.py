"""C13: the first generator of the 1-D GAN, which had one layer."""

from __future__ import annotations

from collections.abc import Mapping

from saddlepoint.figures.bands import bands_figure
from saddlepoint.figures.survival import survival_figure
from saddlepoint.studies.claims.contract import Claim, Measured, Picture, Quantity, verdict
from saddlepoint.studies.claims.laboratory import Outcome, Setup
from saddlepoint.studies.claims.quantities import (
    bands,
    curves,
    median_interval,
    median_steps,
    share_converged,
    steps_text,
)
from saddlepoint.studies.claims.setups import OUR_STEPS, POST, POST_ADDRESS, STEPS, described, ours
from saddlepoint.studies.convergence import DISTANCE

LAYERS = (4,)
LONG = 20_000  # steps, after which the described learning rate has fallen to a thousandth
KINDS = {"as described": described, "with our training": ours}


def setups(quick: bool) -> dict[str, Setup]:
    """One layer, trained for many steps, and three layers for comparison."""
    found = {}
    for kind, make in KINDS.items():
        steps = LONG if kind == "as described" else OUR_STEPS
        found[f"{kind}, one layer"] = make(1, hidden=LAYERS, steps=steps, quick=quick)
        found[f"{kind}, three layers"] = make(1, quick=quick)
    return found


def measure(outcomes: Mapping[str, Outcome], quick: bool) -> Measured:
    """Measure whether the weak generator converges, and how near its samples come to the data."""
    own = {name: outcomes[name] for name in setups(quick)}
    quantities = []
    for name, outcome in own.items():
        quantities += [
            Quantity(f"share that converges within {outcome.last:,} steps, {name}", share_converged(outcome)),
            Quantity(
                f"median steps to convergence, {name}", median_steps(outcome), "steps", "hours" if "one" in name else ""
            ),
            Quantity(
                f"median distance at the end, {name}", median_interval(outcome.distance[-1]), "standard deviations"
            ),
        ]
    weak = own["as described, one layer"]
    median, share = median_steps(weak), share_converged(weak)
    slow = weak.last > STEPS and median.low > STEPS
    return Measured(
        verdict(slow and share.low > 0.05, slow, weak.last > STEPS),
        f"As described, the generator of one layer converges with {share.value:.0%} of seeds within {weak.last:,} steps (median "
        f"{steps_text(median)}); with our training, with {share_converged(own['with our training, one layer']).value:.0%}.",
        tuple(quantities),
        (
            Picture(
                "distance",
                "Wasserstein-1 distance of the samples to the data: the middle seed, and the band of the middle 80 %.",
                bands_figure(
                    {kind: bands({n: own[f"{kind}, {n}"] for n in ("one layer", "three layers")}) for kind in KINDS},
                    y="distance / standard deviation of the data",
                    lines={"counts as converged below": DISTANCE},
                ),
            ),
            Picture(
                "steps-to-convergence",
                "Share of seeds that have not converged yet, with 95 % intervals.",
                survival_figure(curves(own), title="Steps to convergence"),
            ),
        ),
    )


CLAIM = Claim(
    "C13",
    "The generator that the 1-D GAN began with, one softplus layer of width 4, is too weak: it takes hours to converge.",
    f"{POST}, {POST_ADDRESS}",
    f"Holds if, as described, it takes longer than {STEPS:,} steps (the whole 95 % interval of the median), and at least 5 % of "
    f"seeds converge within {LONG:,}: then it is slow, but arrives; in part if only the first is so: then it is slow or never "
    "arrives, which cannot be told apart.",
    setups,
    measure,
)
