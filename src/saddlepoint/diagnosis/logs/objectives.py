"""Which objective a GAN was trained with, as far as its losses decide it.

Each loss limits the pairs of values that are possible. Cross-entropies and squared errors are never negative; a discriminator that believes
samples with probability p pays at least -log(1 - p) for them, while the generator pays -log p. What the values do not exclude stays possible.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from saddlepoint.diagnosis.log_rules.stretches import median, quantile

NON_SATURATING, MINIMAX, LEAST_SQUARES, HINGE, WASSERSTEIN = (
    "non-saturating",
    "minimax",
    "least-squares",
    "hinge",
    "wasserstein",
)
IN_WORDS = {
    NON_SATURATING: "a cross-entropy (the non-saturating loss)",
    MINIMAX: "the original minimax loss",
    LEAST_SQUARES: "least squares (LSGAN)",
    HINGE: "the hinge loss",
    WASSERSTEIN: "a Wasserstein loss (WGAN, WGAN-GP)",
}
NEGATIVE = 0.03  # share of the rows below 0 that is no accident
BREAKS = 0.4  # share of the rows that break a limit, so that the objective is excluded; the players move between their losses
SLACK = 0.5  # factor of a limit, because the discriminator is updated between both losses
LARGEST_SQUARE = 3.0  # of a generator's squared error; 1 is a sample that is recognised
PRINTED = 5e-4  # what rounding to three decimals takes from a loss
NEAR = 0.06  # relative distance from a value that is typical of one objective


@dataclass(frozen=True)
class Candidate:
    """An objective that the losses of a log allow.

    Attributes:
        objective: its name.
        reason: why, in words.
    """

    objective: str
    reason: str

    @property
    def in_words(self) -> str:
        """The objective in words."""
        return IN_WORDS[self.objective]


def possible_objectives(rows: Sequence[tuple[float, ...]]) -> list[Candidate]:
    """Return the objectives that the losses allow, the most likely first.

    Args:
        rows: the discriminator's and the generator's loss, where both are finite.
    """
    if not rows:
        return []
    d, g = ([row[i] for row in rows] for i in (0, 1))
    if _share(d, lambda value: value < 0) > NEGATIVE:
        return [
            Candidate(WASSERSTEIN, "the discriminator's loss is below 0, which no cross-entropy, square or margin is")
        ]
    if _share(g, lambda value: value < 0) > NEGATIVE:
        if max(g) <= 0.01 and quantile(d, 0.5) < 3 and min(g) > -5 and _share(rows, _breaks_minimax) < BREAKS:
            reason = "the generator's loss is never above 0, and the discriminator's never below"
            return [Candidate(MINIMAX, reason), Candidate(HINGE, reason)]
        reason = "the generator's loss is below 0 in places, and the discriminator's never is"
        return [Candidate(HINGE, reason), Candidate(WASSERSTEIN, reason)]
    allowed = {
        NON_SATURATING: _share(rows, _breaks_cross_entropy) < BREAKS,
        LEAST_SQUARES: quantile(g, 0.9) <= LARGEST_SQUARE and _share(rows, _breaks_squares) < BREAKS,
    }
    if median(d) > 50 or not any(allowed.values()):
        return (
            [Candidate(WASSERSTEIN, "the losses are larger than those of other objectives")] if median(d) > 50 else []
        )
    if allowed[NON_SATURATING] and allowed[LEAST_SQUARES] and _is_cross_entropy(d, g):
        return [Candidate(NON_SATURATING, "the losses are larger than squared errors are, or near 1.39 or .69")]
    only = sum(allowed.values()) == 1
    reason = "the other objectives do not allow such pairs of losses" if only else "both losses are above 0"
    return [Candidate(name, reason) for name, is_allowed in allowed.items() if is_allowed]


def _is_cross_entropy(d: Sequence[float], g: Sequence[float]) -> bool:
    """Whether the losses exceed usual squared errors, or lie where those of a discriminator lie that cannot distinguish."""
    at_blind = any(abs(median(d) - value) < NEAR * value for value in (2 * math.log(2), math.log(2)))
    return quantile(d, 0.5) > 0.75 or quantile(g, 0.5) > 1.1 or (at_blind and quantile(g, 0.5) > 0.6)


def _breaks_cross_entropy(d: float, g: float) -> bool:
    # Jensen: mean of -log(1 - p) is at least -log(1 - mean p), and the mean of p at least exp(-g). Halved, where both losses are averaged.
    return g <= 0 or d + PRINTED < SLACK * 0.5 * -math.log(max(-math.expm1(-g), 1e-12))


def _breaks_squares(d: float, g: float) -> bool:
    # Triangle: the root of the mean of D(G(z))^2 is at least 1 minus that of (D(G(z)) - 1)^2, which may be halved in the log.
    return d + PRINTED < SLACK * 0.5 * max(1 - math.sqrt(2 * max(g, 0.0)), 0.0) ** 2


def _breaks_minimax(d: float, g: float) -> bool:
    # The generator minimises log(1 - D(G(z))); the discriminator pays minus that, and more for real examples.
    return d + PRINTED < SLACK * 0.5 * -g


def _share(rows: Sequence[object], holds: Callable[..., bool]) -> float:
    return sum(holds(*row) if isinstance(row, tuple) else holds(row) for row in rows) / max(len(rows), 1)
