"""Networks that do not learn: NUM303 dead units, NUM304 weights that stand still."""

from __future__ import annotations

import math
from collections.abc import Mapping

from saddlepoint.diagnosis.engine import rule
from saddlepoint.diagnosis.facts import Facts
from saddlepoint.diagnosis.rules.quality import is_improving, known, remaining, told
from saddlepoint.diagnosis.series import Series
from saddlepoint.records import Finding

LOOKS, TICKS = 3, 5
HALF, MOST = 0.4, 0.7  # of a player's hidden units
STILL = 1e-5  # of the weights' length a step; 1e-4 to 1e-2 is usual
BEGUN = 0.1
RECYCLED = 0.02  # share of the run between two times at which dead units begin anew
FAR = 0.25  # of the untrained distance that is left: it has not learnt yet


@rule("NUM303", opens=2, closes=3, reads=("*/dead_units",))
def dead_units(every_series: Mapping[str, Series], run: Facts) -> Finding | None:
    """Many hidden units give the same number for every example, so they carry nothing and get no gradient back.

    Dying ReLU and Initialization: Theory and Numerical Examples (Lu Lu, Yeonjong Shin, Yanhui Su, George Karniadakis,
    2019), https://arxiv.org/abs/1903.06733
    """
    shares = {
        name.partition("/")[0]: series
        for name, series in every_series.items()
        if name.endswith("/dead_units") and len(series) >= 2 and series.level(LOOKS) > HALF
    }
    if not shares:
        return None
    player = max(shares, key=lambda name: shares[name].level(LOOKS))
    share = shares[player].level(LOOKS)
    recycled, tick = run.settings.get("training.recycle_every"), run.settings.get("training.tick", 1)
    return Finding(
        "NUM303",
        "failure" if share > MOST else "warning",
        shares[player].step,
        f"{share:.0%} of the hidden units of player {player} are dead: they say the same to every example.",
        {
            "player": player,
            "series": [series.name for series in shares.values()],
            **{f"{name}_dead_units": round(series.level(LOOKS), 4) for name, series in shares.items()},
        },
        "A rectifier whose input is negative for all examples never comes back, a saturated unit hardly ever. Let dead units "
        "begin anew (recycle_every), lower the learning rate and start anew, or take leaky rectifiers.",
        None
        if recycled or not run.steps
        else run.remedy(training__recycle_every=max(tick, round(run.steps * RECYCLED))),
    )


@rule("NUM304", opens=4, closes=4, reads=("*/update_ratio",))
def stalled(
    every_series: Mapping[str, Series], run: Facts, quality_energy_distance: Series | None = None
) -> Finding | None:
    """No player's weights move any more, before anything is learnt: a rate that is far too small, or no gradient at all.

    Deep Learning (Ian Goodfellow, Yoshua Bengio, Aaron Courville, 2016), section 11.4.1, on the learning rate,
    https://www.deeplearningbook.org
    """
    ratios = {name.partition("/")[0]: s for name, s in every_series.items() if name.endswith("/update_ratio")}
    if not ratios:
        return None
    step = max(series.step for series in ratios.values())
    moving = max(series.level(TICKS) for series in ratios.values())
    learnt = known(quality_energy_distance) and remaining(quality_energy_distance) < FAR
    if math.isnan(moving) or not moving < STILL or run.progress(step) < BEGUN or learnt:
        return None
    if is_improving(quality_energy_distance):
        return None
    return Finding(
        "NUM304",
        "failure",
        step,
        f"Learning has stalled: a step moves no player's weights by more than {moving:.1e} of their length.",
        {
            "series": [series.name for series in ratios.values()],
            **{f"{player}_update_ratio": series.level(TICKS) for player, series in ratios.items()},
            **told(quality_energy_distance),
        },
        "Raise the learning rate tenfold (1e-4 to 1e-2 of the weights' length a step is usual). Where the gradient is 0, look "
        "for saturated or dead units.",
        _faster(run),
    )


def _faster(run: Facts) -> dict[str, float] | None:
    names = ("training.optimiser", "training.discriminator", "training.generator")
    rates = {f"{n}.learning_rate": run.settings.get(f"{n}.learning_rate") for n in names}
    # A rate far too small is not merely multiplied: 1e-4 is where searches begin.
    wanted = {name: max(min(10 * rate, 1e-2), 1e-4) for name, rate in rates.items() if rate}
    # A rate beyond that stays: to lower it is no remedy for weights that stand still.
    return {name: rate for name, rate in wanted.items() if rate > (rates[name] or 0.0)} or None
