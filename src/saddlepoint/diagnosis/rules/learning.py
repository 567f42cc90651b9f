"""Networks that do not learn: dead units (NUM303), and weights that do not change (NUM304)."""

from __future__ import annotations

import math
from collections.abc import Mapping

from saddlepoint.diagnosis.declaration import rule
from saddlepoint.diagnosis.facts import Facts
from saddlepoint.diagnosis.rules.quality import distance_left, is_improving, is_known, quality_evidence
from saddlepoint.diagnosis.series import Series
from saddlepoint.records import Finding

PROBES, TICKS = 3, 5
MANY, MOST = 0.4, 0.7  # share of a player's hidden units
STILL = 1e-5  # relative update (step over length of the weights); 1e-4 to 1e-2 is usual
SEEN = 2  # updates of a player that changed nothing, besides the records in a row that open a finding
BEGUN = 0.1  # share of the run
RECYCLED = 0.02  # share of the run between two times at which dead units are reinitialised
FAR = 0.25  # share of the untrained distance that is left: more than this, and nothing has been learnt yet


@rule("NUM303", without={"classical"}, opens=2, closes=3, reads=("*/dead_units",))
def dead_units(every_series: Mapping[str, Series], run: Facts) -> Finding | None:
    """Many hidden units output the same number for every example, so they carry no information and get no gradient.

    Dying ReLU and Initialization: Theory and Numerical Examples (Lu Lu, Yeonjong Shin, Yanhui Su, George Karniadakis,
    2019), https://arxiv.org/abs/1903.06733
    """
    shares = {
        name.partition("/")[0]: series
        for name, series in every_series.items()
        if name.endswith("/dead_units") and len(series) >= 2 and series.level(PROBES) > MANY
    }
    if not shares:
        return None
    player = max(shares, key=lambda name: shares[name].level(PROBES))
    share = shares[player].level(PROBES)
    recycled, tick = run.settings.get("training.recycle_every"), run.settings.get("training.tick", 1)
    every = None if recycled or not run.steps else max(tick, round(run.steps * RECYCLED))
    return Finding(
        "NUM303",
        "failure" if share > MOST else "warning",
        shares[player].step,
        f"{share:.0%} of the hidden units of player {player} are dead: their output is the same for every example.",
        {
            "player": player,
            "series": [series.name for series in shares.values()],
            **{f"{name}_dead_units": round(series.level(PROBES), 4) for name, series in shares.items()},
        },
        "A rectifier whose input is negative for all examples gets no gradient and never recovers; a saturated unit hardly "
        f"ever does. {run.advice('recycle_units', 'slower', 'leaky_units')}",
        run.remedy("recycle_units", every=every),
    )


@rule("NUM304", without={"classical"}, opens=4, closes=4, reads=("*/update_ratio",))
def stalled(
    every_series: Mapping[str, Series], run: Facts, quality_energy_distance: Series | None = None
) -> Finding | None:
    """No player's weights change, although nothing is learnt yet: the learning rate is far too small, or the gradient is 0.

    Or the weights of one player have never changed at all, whatever the others do: an optimiser with a learning rate of 0, or that
    holds none of the weights that get a gradient.

    Deep Learning (Ian Goodfellow, Yoshua Bengio, Aaron Courville, 2016), section 11.4.1, on the learning rate,
    https://www.deeplearningbook.org
    """
    ratios = {name.partition("/")[0]: s for name, s in every_series.items() if name.endswith("/update_ratio")}
    if not ratios:
        return None
    never = {name: s for name, s in ratios.items() if s.finite >= SEEN and s.highest[0] == 0}
    if never:
        return _never_moved(never, every_series, run)
    step = max(series.step for series in ratios.values())
    largest = max(series.level(TICKS) for series in ratios.values())
    learnt = is_known(quality_energy_distance) and distance_left(quality_energy_distance) < FAR
    if math.isnan(largest) or not largest < STILL or run.progress(step) < BEGUN or learnt:
        return None
    if is_improving(quality_energy_distance):
        return None
    return Finding(
        "NUM304",
        "failure",
        step,
        f"Learning has stalled: one step changes the weights of every player by at most {largest:.1e} of their length.",
        {
            "series": [series.name for series in ratios.values()],
            **{f"{player}_update_ratio": series.level(TICKS) for player, series in ratios.items()},
            **quality_evidence(quality_energy_distance),
        },
        f"{run.advice('faster')} Steps of 1e-4 to 1e-2 of the weights' length are usual. Where the gradient is 0, look for "
        "saturated or dead units.",
        run.remedy("faster"),
    )


def _never_moved(ratios: Mapping[str, Series], every_series: Mapping[str, Series], run: Facts) -> Finding:
    """Return the finding of players none of whose steps has changed their weights.

    Args:
        ratios: by player, the relative updates, all 0.
        every_series: of the run.
        run: its facts.
    """
    names = " and ".join(ratios)
    rates = {name: every_series[f"{name}/learning_rate"] for name in ratios if f"{name}/learning_rate" in every_series}
    without_rate = [name for name, rate in rates.items() if rate.last == 0]
    cause = f" The learning rate of {' and '.join(without_rate)} is 0." if without_rate else ""
    faster = tuple(
        {"discriminator": "faster_d", "generator": "faster_g"}.get(run.roles.get(p, ""), "faster") for p in ratios
    )
    return Finding(
        "NUM304",
        "failure",
        max(series.step for series in ratios.values()),
        f"Player {names} has never moved: none of the steps of its optimiser has changed its weights.{cause}",
        {
            "series": [series.name for series in ratios.values()],
            **{f"{player}_update_ratio": 0.0 for player in ratios},
            **{f"{player}_learning_rate": rate.last for player, rate in rates.items()},
        },
        "What the other players do then says nothing. Check that its learning rate is not 0, and that its optimiser holds those of its "
        f"parameters that get a gradient. {run.advice(*faster)}",
        run.remedy(*faster),
    )
