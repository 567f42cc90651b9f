"""The measurement of C9 and C10: the same game with a stronger and a weaker generator, compared seed by seed."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from saddlepoint.figures.bands import bands_figure
from saddlepoint.figures.survival import survival_figure
from saddlepoint.studies.claims.contract import Measured, Picture, Quantity, verdict
from saddlepoint.studies.claims.laboratory import Outcome, Setup
from saddlepoint.studies.claims.quantities import (
    FEWEST_DECIDED,
    NONE_DECIDED,
    bands,
    curves,
    distance_ratio,
    median_steps,
    race,
    share_converged,
    steps_text,
)
from saddlepoint.studies.claims.setups import described, ours
from saddlepoint.studies.convergence import DISTANCE

KINDS = {"as described": described, "with our training": ours}
SLOWER = 2.0  # the weaker generator must take at least this many times as long
RULE = (
    f"Holds if, from the same seeds and as described, the stronger generator converges first more often (95 % interval) and the "
    f"weaker one's median is at least {SLOWER:g} times as long; in part if the stronger one converges first more often as "
    f"described or with our training. Where fewer than {FEWEST_DECIDED} seeds say which converges first as described, and our "
    "training does not show it either, it is not decided."
)


def setups_of(modes: int, strong: str, weak: str, hidden: tuple[int, ...]) -> Callable[[bool], dict[str, Setup]]:
    """Setups of a strong and of a weak generator, with both kinds of training.

    Args:
        modes: number of modes of the data.
        strong: name of the generator that the source describes.
        weak: name of the generator with the layers `hidden`.
        hidden: widths of the weak generator's hidden layers.

    Returns:
        A function for `Claim.setups`.
    """

    def setups(quick: bool) -> dict[str, Setup]:
        found = {}
        for kind, make in KINDS.items():
            found[f"{kind}, {strong}"] = make(modes, quick=quick)
            found[f"{kind}, {weak}"] = make(modes, hidden=hidden, quick=quick)
        return found

    return setups


def measure_of(strong: str, weak: str, claimed: tuple[str, str]) -> Callable[[Mapping[str, Outcome], bool], Measured]:
    """Make the measurement that compares both generators.

    Args:
        strong: name of the strong generator.
        weak: name of the weak generator.
        claimed: the steps that the source claims for the strong and for the weak generator, as text.

    Returns:
        A function for `Claim.measure`.
    """

    def measure(outcomes: Mapping[str, Outcome], quick: bool) -> Measured:
        quantities: list[Quantity] = []
        first: dict[str, bool] = {}
        slower: dict[str, bool] = {}
        decided: dict[str, bool] = {}
        sentences = []
        shown = {}
        for kind in KINDS:
            pair = {name: outcomes[f"{kind}, {name}"] for name in (strong, weak)}
            shown[kind] = pair
            medians = {name: median_steps(outcome) for name, outcome in pair.items()}
            quantities += [
                Quantity(f"median steps to convergence, {kind}, {name}", medians[name], "steps", words)
                for name, words in zip(pair, claimed, strict=True)
            ]
            quantities += [
                Quantity(
                    f"share that converges within {outcome.last:,} steps, {kind}, {name}", share_converged(outcome)
                )
                for name, outcome in pair.items()
            ]
            runs = race(pair[strong], pair[weak])
            quantities.append(
                Quantity(
                    f"share of decided seeds with which {strong} converges first, {kind}",
                    runs.share,
                    without=NONE_DECIDED,
                )
            )
            quantities.append(
                Quantity(
                    f"least distance with {weak} over that with {strong}, same seed, {kind}",
                    distance_ratio(pair[weak], pair[strong]),
                )
            )
            first[kind] = runs.share.low > 0.5
            decided[kind] = runs.decided
            slower[kind] = math.isfinite(medians[strong].value) and (
                medians[weak].value >= SLOWER * medians[strong].value
            )
            sentences.append(
                f"{kind}, medians are {steps_text(medians[strong])} with {strong} and {steps_text(medians[weak])} with {weak}; the "
                f"former converges first {runs}"
            )
        because = ". ".join(words[:1].upper() + words[1:] for words in sentences) + "."
        return Measured(
            verdict(first["as described"] and slower["as described"], any(first.values()), decided["as described"]),
            because,
            tuple(quantities),
            (
                Picture(
                    "steps-to-convergence",
                    "Share of seeds that have not converged yet, with 95 % intervals.",
                    survival_figure(
                        curves({f"{kind}, {name}": own for kind, pair in shown.items() for name, own in pair.items()}),
                        title="Steps to convergence",
                    ),
                ),
                Picture(
                    "distance",
                    "Wasserstein-1 distance of the samples to the data: the middle seed, and the band of the middle 80 %.",
                    bands_figure(
                        {kind: bands(pair) for kind, pair in shown.items()},
                        y="distance / standard deviation of the data",
                        lines={"counts as converged below": DISTANCE},
                    ),
                ),
            ),
        )

    return measure
