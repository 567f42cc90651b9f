"""Overfitting, seen from the losses on training and on held-out examples that a loop of the user's own reports: NUM306.

What these losses are sums or means over is not known, and a loop may compute both in different ways. So each is compared with itself, and
with the other one only if both were alike at the start, when nothing could be overfitted. Thresholds are those of the rule for logs.

References:
    Early Stopping - But When? (Lutz Prechelt, 1998), https://doi.org/10.1007/3-540-49430-8_3
"""

from __future__ import annotations

import itertools
import statistics
from collections.abc import Mapping
from dataclasses import dataclass

from saddlepoint.diagnosis.declaration import rule
from saddlepoint.diagnosis.facts import Facts
from saddlepoint.diagnosis.log_rules.one_player import APART, GOES_ON, NOISE, RISES, STILL
from saddlepoint.diagnosis.log_rules.stretches import FEWEST
from saddlepoint.diagnosis.series import Series
from saddlepoint.records import Finding

TICKS, RECENT = 3, 20  # values of a level, and of the noise
ALIKE = 1.5  # ratio of both losses at the start
LEARNT = 0.05  # of what the loss on held-out examples has lost since the start: a gap that matters beside it


@dataclass(frozen=True)
class Pair:
    """The losses of one player.

    Attributes:
        train: on training examples.
        held_out: on held-out examples.
    """

    train: Series
    held_out: Series

    @property
    def now(self) -> tuple[float, float]:
        """The levels of both: of training, and of held-out examples."""
        return self.train.level(TICKS), self.held_out.level(TICKS)

    @property
    def noise(self) -> float:
        """The usual difference of neighbouring values on held-out examples."""
        differences = [abs(after - before) for before, after in itertools.pairwise(self.held_out.recent(RECENT))]
        return statistics.median(differences) if differences else 0.0

    def rises_since(self) -> tuple[float, int] | None:
        """Return the lowest level on held-out examples and its step, if they got worse since, and training examples better."""
        train, held_out = self.train, self.held_out
        lowest, place = held_out.lowest
        if place < 0 or place >= len(held_out) - TICKS:
            return None
        # The lowest of many values is low by chance; the level around it is less so.
        level = max(lowest, statistics.median(_finite(held_out, place - 1, place + 2)))
        own, other = self.now
        is_higher = other > level + max(RISES * abs(level), NOISE * self.noise)
        then = statistics.median(
            _finite(train, train.place(held_out.steps[place]) - TICKS, train.place(held_out.steps[place])) or [own]
        )
        return (level, held_out.steps[place]) if is_higher and own < then else None

    def stands_apart(self) -> bool:
        """Whether held-out examples gain next to nothing from training any more, while their loss is far above."""
        train, held_out = self.train, self.held_out
        (own, other), step = self.now, held_out.step * 2 // 3
        begins = [statistics.median(_finite(one, 0, TICKS) or [0.0]) for one in (train, held_out)]
        before, other_before = (
            statistics.median(_finite(one, one.place(step) - TICKS, one.place(step)) or [0.0])
            for one in (train, held_out)
        )
        if min(own, other, before, other_before, *begins) <= 0 or max(begins) > ALIKE * min(begins):
            return False
        matters = other - own > LEARNT * (begins[1] - other)
        return matters and other > STILL * other_before and own < GOES_ON * before and other > APART * own


@rule(
    "NUM306",
    traits={"watched"},
    without={"gan"},
    opens=2,
    closes=2,
    reads=("*/held_out_loss", "*/held_out_reconstruction"),
)
def reported_losses_part(every_series: Mapping[str, Series], run: Facts) -> Finding | None:
    """The loss on held-out examples rises again, or stands still far above, while that on training examples falls.

    Early Stopping - But When? (Lutz Prechelt, 1998), https://doi.org/10.1007/3-540-49430-8_3
    """
    for name, held_out in every_series.items():
        player, _, quantity = name.partition("/")
        if quantity not in ("held_out_loss", "held_out_reconstruction"):
            continue
        train = every_series.get(f"{player}/{quantity.removeprefix('held_out_')}")
        if train is None or held_out.finite < FEWEST or train.finite < FEWEST:
            continue
        pair = Pair(train, held_out)
        rises = pair.rises_since()
        if rises is None and not pair.stands_apart():
            continue
        own, other = pair.now
        was = "" if rises is None else f", where it was {rises[0]:.4g} at step {rises[1]:,}"
        evidence = {"train": own, "held_out": other, "series": [train.name, name]}
        return Finding(
            "NUM306",
            "warning",
            held_out.step,
            f"Overfitting: the loss is {own:.4g} for training and {other:.4g} for held-out examples{was}.",
            evidence if rises is None else evidence | {"best": rises[0], "best_step": rises[1]},
            "The model memorises its training examples. "
            + run.advice(
                *(("best_checkpoint",) if rises else ()), "more_data", "strong_weight_decay", "smaller_network"
            ),
            run.remedy("stop_at_best", "strong_weight_decay", best_step=rises and rises[1]),
        )
    return None


def _finite(series: Series, start: int, stop: int) -> list[float]:
    """The finite values at indexes `start` to `stop - 1`."""
    return Series("", values=series.values[max(start, 0) : max(stop, 0)]).recent(stop - start) if stop > 0 else []
