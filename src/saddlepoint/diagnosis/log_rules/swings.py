"""Losses that swing with a period (GAN105), or jump once and stay there (GAN106)."""

from __future__ import annotations

import math
from collections.abc import Sequence

from saddlepoint.diagnosis.declaration import rule
from saddlepoint.diagnosis.facts import Facts
from saddlepoint.diagnosis.log_rules.stretches import blocks, finite, median, width
from saddlepoint.diagnosis.series import Series
from saddlepoint.records import Finding

POINTS, SHORTEST = 240, 32  # to which a series is averaged; fewer rows show no period
PERIODS = 4  # that a log must have for a swing to be one
SHORT = 4  # points: a shorter period is the noise of single batches
RETURNS, TURNS = 0.5, -0.35  # autocorrelation after one period, and after half of one
DEEP = 0.25  # half the width of a swing over its level
JUMP, SHARP, STAYS = 12.0, 4.0, 0.1  # times the width before; times the level before; share of the log


@rule("GAN105", traits={"gan", "log"})
def losses_swing(d_loss: Series, g_loss: Series, run: Facts) -> Finding | None:
    """Both losses rise and fall with the same period: each player undoes what the other has learnt.

    Which Training Methods for GANs do actually Converge? (Lars Mescheder, Andreas Geiger, Sebastian Nowozin, 2018), section 2,
    https://arxiv.org/abs/1801.04406
    """
    steps, g = finite(g_loss)
    _, d = finite(d_loss)
    if min(len(g), len(d)) < SHORTEST:
        return None
    g_period, d_period = _period(g), _period(d)
    if g_period is None or d_period is None or not 0.66 < g_period / d_period < 1.5:
        return None
    length = g_period * (steps[-1] - steps[0])
    return Finding(
        "GAN105",
        "warning",
        steps[-1],
        f"Both losses swing, with a period of about {length:,.0f} steps: the players may circle instead of settling.",
        {"period": length, "swing": width(g) / max(abs(median(g)), 1e-9)},
    )


@rule("GAN106", traits={"gan", "log"})
def losses_jump(d_loss: Series, g_loss: Series, run: Facts) -> Finding | None:
    """Within a few rows both losses go far outside of their earlier range, and stay there.

    Late collapses of this kind: Large Scale GAN Training for High Fidelity Natural Image Synthesis (Andrew Brock, Jeff Donahue, Karen
    Simonyan, 2018), section 4, https://arxiv.org/abs/1809.11096
    """
    found = [_jump(*finite(series)) for series in (d_loss, g_loss)]
    jumps = [one for one in found if one is not None]
    if len(jumps) < 2:
        return None
    step, before, after = jumps[0]
    return Finding(
        "GAN106",
        "failure",
        step,
        f"Training breaks at step {step:,}: within a few rows the discriminator's loss jumps from about {before:.3g} to {after:.3g}, and both "
        "losses stay outside of their earlier range.",
        {"before": before, "after": after},
    )


def _period(values: Sequence[float]) -> float | None:
    """Return the period of a swing as a share of the log; None if there is none."""
    later = values[len(values) // 4 :]
    points = blocks(later, POINTS)
    ahead = max(len(points) // PERIODS, SHORT)
    level = [median(points[max(0, i - ahead) : i + ahead + 1]) for i in range(len(points))]
    rest = [point - base for point, base in zip(points, level, strict=True)]
    power = sum(value * value for value in rest)
    if not power > 0 or width(points) < DEEP * abs(median(points)):
        return None

    def correlation(lag: int) -> float:
        return sum(a * b for a, b in zip(rest, rest[lag:], strict=False)) / power * len(rest) / (len(rest) - lag)

    lags = range(SHORT, len(points) // PERIODS + 1)
    if not lags:
        return None
    best = max(lags, key=correlation)
    if correlation(best) < RETURNS or correlation(best // 2) > TURNS:
        return None
    return best / len(points) * len(later) / len(values)


def _jump(steps: Sequence[int], values: Sequence[float]) -> tuple[int, float, float] | None:
    """Return the step of a jump with the levels before and after it; None if there is none."""
    rows = len(values)
    stays = max(4, math.ceil(STAYS * rows))
    if rows < 3 * stays:
        return None
    after = median(values[-stays:])
    calm = values[rows // 10 : rows // 2]
    before, usual = median(calm), width(calm)
    if not abs(after - before) > max(JUMP * usual, (SHARP - 1) * abs(before)):
        return None
    middle = before + 0.5 * (after - before)
    beyond = [(value > middle) == (after > before) for value in values]
    place = next((i for i in range(rows - 1, -1, -1) if not beyond[i]), -1) + 1
    inside = [i for i in range(place) if abs(values[i] - before) > JUMP * usual]
    # A slow drift leaves the earlier range long before it has come half of the way.
    if not 0 < place <= rows - stays or len([i for i in inside if i >= place - stays]) > 2:
        return None
    return steps[place], before, after
