"""Both losses are constant: from some step on (GAN104), or from the start (NUM304)."""

from __future__ import annotations

from collections.abc import Sequence

from saddlepoint.diagnosis.declaration import rule
from saddlepoint.diagnosis.facts import Facts
from saddlepoint.diagnosis.log_rules.blind_values import UNBOUNDED, constant_answer, is_blind, kind_of
from saddlepoint.diagnosis.log_rules.stretches import FEWEST, last_stretch, median, together, trend, width
from saddlepoint.diagnosis.series import Series
from saddlepoint.records import Finding

EQUAL, NOTHING = 0.004, 1e-6  # relative and absolute difference below which values are the same
STILL = 0.02  # half the width of both losses over their level, in a log in which nothing is learnt
STILL_DIFFERENCE = 0.1  # the same for a critic's loss, over the size of its scores: batches differ by more
START = 0.15  # share of the rows that belong to the start
CERTAIN = 0.05  # a discriminator's loss below it is far from that of guessing, under every objective
# Of the width, and of the width allowed: a difference between the first and the last half that is none.
SHIFT, SLIGHT = 0.5, 0.1
COURSE = 0.7  # rank correlation with time of twelve blocks; of noise it is above this once in a thousand


@rule("GAN104", traits={"gan", "log"})
def losses_become_constant(d_loss: Series, g_loss: Series, run: Facts) -> Finding | None:
    """After some course, both losses are the same numbers in every row: the discriminator gives one answer to everything.

    A discriminator whose last units died, or whose weights overflowed to a constant output, has no gradient and gives none.
    """
    steps, rows = together(d_loss, g_loss)
    if len(rows) < FEWEST:
        return None
    d_level, g_level = (median([row[i] for row in rows[-max(3, len(rows) // 10) :]]) for i in (0, 1))
    start = last_stretch(rows, lambda d, g: _same(d, d_level) and _same(g, g_level))
    if start is None or start < START * len(rows):
        return None
    kind = kind_of(run.traits)
    answer = constant_answer(kind, d_level, g_level) if kind else None
    words = (
        "the discriminator gives one answer to everything" if answer is not None else "neither player changes any more"
    )
    evidence = {} if answer is None else {"answer": round(answer, 3)}
    return Finding(
        "GAN104",
        "failure",
        steps[start],
        f"Both losses are constant, at {_shown(d_level)} and {_shown(g_level)}: {words}, and nobody learns.",
        {"discriminator_loss": d_level, "generator_loss": g_level, "window": [steps[start], steps[-1]], **evidence},
    )


@rule("NUM304", traits={"gan", "log"})
def losses_never_move(d_loss: Series, g_loss: Series, run: Facts) -> Finding | None:
    """Both losses are flat from the first rows on: neither player learns.

    The loss of guessing from the start is that of a discriminator that cannot tell the first, untrained samples from the data.
    """
    steps, rows = together(d_loss, g_loss)
    if len(rows) < FEWEST:
        return None
    body = rows[min(2, int(START * len(rows))) :]
    d, g = ([row[i] for row in body] for i in (0, 1))
    kind = kind_of(run.traits)
    blind = bool(kind) and is_blind(kind, median(d))
    is_critic = kind == UNBOUNDED
    # Both losses are made of the same scores: those of untrained networks may be near 0, and scatter from batch to batch all the
    # same. So the generator's loss, and a critic's, which is a difference of scores, are compared with the larger of the two.
    larger = max(abs(median(d)), abs(median(g)))
    d_band = STILL_DIFFERENCE * larger if is_critic else STILL * abs(median(d))
    if not is_critic and median(d) < CERTAIN < median(g):
        return None  # it has learnt to recognise every sample
    if not (_is_flat(d, d_band) and _is_flat(g, STILL * larger)):
        return None
    return Finding(
        "NUM304",
        "failure",
        steps[0],
        f"Both losses are flat from the start, at {_shown(median(d))} and {_shown(median(g))}"
        + (
            ": the discriminator cannot tell even untrained samples from the data."
            if blind
            else ": neither player learns."
        ),
        {"discriminator_loss": median(d), "generator_loss": median(g), "window": [steps[0], steps[-1]]},
    )


def _same(value: float, level: float) -> bool:
    return abs(value - level) <= max(EQUAL * abs(level), NOTHING)


def _is_flat(values: Sequence[float], narrow: float) -> bool:
    """Whether values stay within a narrow band, without a drift."""
    half = len(values) // 2
    drift = abs(median(values[half:]) - median(values[:half]))
    band = width(values)
    if band > NOTHING and abs(trend(values)) > COURSE:  # a loss that approaches its last level moves less and less
        return False
    return band <= max(narrow, NOTHING) and (drift <= max(SHIFT * band, SLIGHT * narrow) or band <= NOTHING)


def _shown(value: float) -> str:
    return f"{0.0 if abs(value) < 1e-9 else value:.3g}"
