"""C8: steps to convergence of the 1-D GAN with one, two and three modes."""

from __future__ import annotations

from collections.abc import Mapping

from saddlepoint.figures.bands import bands_figure
from saddlepoint.figures.survival import survival_figure
from saddlepoint.studies.claims.contract import Claim, Measured, Picture, Quantity, verdict
from saddlepoint.studies.claims.laboratory import Outcome, Setup
from saddlepoint.studies.claims.quantities import bands, curves, median_steps, share_converged, steps_text
from saddlepoint.studies.claims.setups import POST, POST_ADDRESS, WIDTHS, described, ours
from saddlepoint.studies.convergence import DISTANCE

CLAIMED = {1: 30.0, 2: 30.0, 3: 300.0}
FACTOR = 2.0  # how far above the claimed number a median still agrees with it
KINDS = {"as described": described, "with our training": ours}


def name(kind: str, modes: int) -> str:
    """The name of a setup."""
    return f"{kind}, {modes} mode{'s' if modes > 1 else ''}"


def setups(quick: bool) -> dict[str, Setup]:
    """Both kinds of training, with one to three modes."""
    return {name(kind, modes): make(modes, quick=quick) for kind, make in KINDS.items() for modes in WIDTHS}


def measure(outcomes: Mapping[str, Outcome], quick: bool) -> Measured:
    """Measure median steps, shares that converge, and distances to the data."""
    own = {label: outcomes[label] for label in setups(quick)}
    quantities = []
    for kind in KINDS:
        for modes, steps in CLAIMED.items():
            outcome = own[name(kind, modes)]
            words = f"{'20 to ' if modes < 3 else 'about '}{steps:.0f} steps"
            quantities.append(
                Quantity(f"median steps to convergence, {name(kind, modes)}", median_steps(outcome), "steps", words)
            )
            quantities.append(
                Quantity(
                    f"share that converges within {outcome.last:,} steps, {name(kind, modes)}", share_converged(outcome)
                )
            )
    medians = {modes: median_steps(own[name("as described", modes)]) for modes in WIDTHS}
    agree = [modes for modes in WIDTHS if medians[modes].value <= FACTOR * CLAIMED[modes]]
    ours = {modes: median_steps(own[name("with our training", modes)]) for modes in WIDTHS}
    because = (
        f"As described, medians with 1, 2 and 3 modes are {', '.join(map(steps_text, medians.values()))}; "
        f"with our training {', '.join(map(steps_text, ours.values()))}."
    )
    return Measured(
        verdict(len(agree) == len(WIDTHS), bool(agree)),
        because,
        tuple(quantities),
        (
            Picture(
                "steps-to-convergence",
                "Share of seeds that have not converged yet, with 95 % intervals. A curve that stays at 1 never does.",
                survival_figure(curves(own), title="Steps to convergence"),
            ),
            Picture(
                "distance",
                "Wasserstein-1 distance of the samples to the data: the middle seed, and the band of the middle 80 %.",
                bands_figure(
                    {
                        kind: bands({f"{m} mode{'s' if m > 1 else ''}": own[name(kind, m)] for m in WIDTHS})
                        for kind in KINDS
                    },
                    y="distance / standard deviation of the data",
                    lines={"counts as converged below": DISTANCE},
                ),
            ),
        ),
    )


CLAIM = Claim(
    "C8",
    "1-D GANs converge within 20 to 30 steps with one or two modes, and within about 300 with three.",
    f"{POST}, {POST_ADDRESS}",
    f"Holds if, as described, the median over seeds is at most {FACTOR:g} times the claimed number (30, 30, 300) with one, two "
    "and three modes; in part if with any of them.",
    setups,
    measure,
)
