"""Training that does not settle: the players circle (GAN105), training diverges (GAN106), quality falls again (GAN109)."""

from __future__ import annotations

import math
import statistics

from saddlepoint.diagnosis.declaration import rule
from saddlepoint.diagnosis.facts import Facts
from saddlepoint.diagnosis.rules.quality import BAD, NEAR, distance_left, is_bad, quality_evidence
from saddlepoint.diagnosis.series import Series
from saddlepoint.records import Finding

PROBES = 6
SETTLED = 0.25  # share of the run in which modes may come and go
# Share of the samples that lie elsewhere at the next probe, from the same noise. On the calibration half of the injected
# failures any number from 0.2 to 0.35 gives the same results.
MOVING = 0.3
NARROW = 0.4  # diversity below which all samples are alike and jump together: a collapse, not a circle
AWAY, GONE = 3.0, 5.0  # distance from the data's centre over the data's own
FURTHER = 1.5  # times the distance before the first step, early in a run: an untrained generator may begin far away
IMPROVED = 0.5  # of the untrained distance, at which samples that are still getting better do not diverge
FAR = 0.85  # energy distance at which two sets lie more than three times their own width apart
WORSE = 0.1  # of the untrained distance, by which quality must have fallen behind its best
ERRORS = 4.0  # standard errors, so that in many measurements chance is no finding
# Where samples were near the data, and are less near now: times the best distance, and the smallest difference that counts.
TIMES, LEAST = 2.0, 3e-3


@rule("GAN105", traits={"gan"}, opens=5, closes=4, unless={"GAN106", "NUM304"})
def players_circle(
    g_turnover: Series, g_diversity: Series, run: Facts, quality_energy_distance: Series
) -> Finding | None:
    """Samples move between parts of the data, and quality does not improve.

    Which Training Methods for GANs do actually Converge? (Lars Mescheder, Andreas Geiger, Sebastian Nowozin, 2018),
    https://arxiv.org/abs/1801.04406
    """
    step, moved, quality = g_turnover.step, g_turnover.level(PROBES), quality_energy_distance
    if (
        run.progress(step) < SETTLED
        or not run.begun(step)
        or len(g_turnover) < PROBES
        or not moved > MOVING
        or len(quality) < 5
    ):
        return None
    before, after = statistics.median(quality.values[-5:-2]), statistics.median(quality.values[-3:])
    settling = not after > 0.7 * before or not is_bad(quality, BAD / 2)
    if settling or g_diversity.level(PROBES) < NARROW:
        return None
    return Finding(
        "GAN105",
        "failure" if distance_left(quality) > BAD else "warning",
        step,
        f"The players circle: from one probe to the next, {moved:.0%} of the samples move elsewhere, and quality does not "
        "improve.",
        {"turnover": round(moved, 4), **quality_evidence(quality)},
        f"Each player undoes what the other has learnt. {run.advice('r1_penalty', 'half_momentum', 'slower', 'game_optimiser')}",
        run.remedy("r1_penalty", "game_optimiser"),
    )


@rule("GAN106", traits={"gan"}, opens=2, closes=4, unless={"NUM304"})
def samples_leave_the_data(
    g_reach: Series, run: Facts, quality_energy_distance: Series | None = None
) -> Finding | None:
    """Samples are several times as far from the data's centre as the data, do not return, and do not become better either.

    Where some columns of the data hardly vary, a small error there is far out in units of the data, also of samples that improve.

    A generator that is faster than its discriminator follows a gradient that points away from the data: Which Training Methods
    for GANs do actually Converge? (Lars Mescheder, Andreas Geiger, Sebastian Nowozin, 2018),
    https://arxiv.org/abs/1801.04406
    """
    reach = g_reach.level(3)
    untrained = g_reach.values[0] if g_reach.steps[0] == 0 else 0.0
    if len(g_reach) < 4 or not reach > AWAY or g_reach.last < 0.8 * g_reach.values[-3]:
        return None
    if not reach > FURTHER * untrained and not run.begun(g_reach.step):
        return None
    if quality_energy_distance is not None and _improves(quality_energy_distance):
        return None
    return _divergence(
        g_reach.step, reach > GONE, {"reach": round(reach, 2)}, f"{reach:,.1f} times as far out as the data", run
    )


@rule("GAN106", traits={"gan"}, opens=2, closes=3, unless={"NUM304"})
def samples_far_from_the_data(quality_energy_distance: Series, run: Facts) -> Finding | None:
    """Samples are further from the data than before training, by several times the data's width.

    Distances are energy distances: Energy statistics: A class of statistics based on distances (Gábor Székely, Maria Rizzo, 2013),
    https://doi.org/10.1016/j.jspi.2013.03.018
    """
    quality = quality_energy_distance
    distance = quality.level(2)
    if len(quality) < 3 or not distance > max(FAR, 1.1 * quality.values[0]):
        return None
    evidence = {"energy_distance": round(distance, 4), "untrained": round(quality.values[0], 4)}
    return _divergence(quality.step, True, evidence, "further from the data than before training", run)


def _improves(quality: Series) -> bool:
    """Whether the newest measurement is the best one, and the untrained distance has been halved."""
    return quality.finite > 1 and quality.last == quality.lowest[0] and quality.last < IMPROVED * quality.values[0]


def _divergence(step: int, severe: bool, evidence: dict[str, float], where: str, run: Facts) -> Finding:
    return Finding(
        "GAN106",
        "failure" if severe else "warning",
        step,
        f"Training diverges: samples lie {where}.",
        evidence,
        f"{run.advice('slower', 'clip', 'r1_penalty')} The generator's learning rate matters most.",
        run.remedy("slower"),
    )


@rule("GAN109", traits={"gan"}, closes=2)  # the rule itself asks for three measurements that agree
def past_its_best(quality_energy_distance: Series, quality_energy_distance_error: Series, run: Facts) -> Finding | None:
    """The three newest measurements of quality are worse than the best one by more than their noise.

    Early Stopping - But When? (Lutz Prechelt, 1998), https://doi.org/10.1007/3-540-49430-8_3
    """
    quality, errors = quality_energy_distance, quality_energy_distance_error
    if quality.finite < 5 or not quality.values[0] > 0:
        return None
    best, place = quality.lowest
    newest = quality.values[-3:]
    if place == 0 or place > len(quality) - 4 or not all(map(math.isfinite, newest)):
        return None
    if best > max(BAD * quality.values[0], NEAR):  # it never was good
        return None
    error = math.hypot(errors.at(quality.steps[place]), errors.level(3))
    near = max(best, 0.0)
    margin = max(ERRORS * error, WORSE * quality.values[0], near)
    # Still near the data, but less near: three measurements in a row, each worse than the one before.
    falls = newest[0] < newest[1] < newest[2] and newest[1] > best + ERRORS * error
    falls = falls and newest[2] > best + max(ERRORS * error, (TIMES - 1) * near, LEAST)
    if not falls and not (min(newest) > NEAR and min(newest) > best + margin):
        return None
    step = quality.steps[place]
    now = statistics.median(newest)
    return Finding(
        "GAN109",
        "failure" if (now - best) / quality.values[0] > 2 * BAD else "warning",
        quality.step,
        f"Quality is past its best: the distance to real examples was {best:.4f} at step {step:,} and is {now:.4f} now.",
        {"best": best, "best_step": step, "now": now, "standard_error": error},
        run.advice("best_checkpoint", "stop_at_best", "cosine_schedule"),
        run.remedy("cosine_schedule", "stop_at_best", best_step=step),
    )
