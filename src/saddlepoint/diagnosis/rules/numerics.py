"""Findings about the numbers themselves, whatever the model: NUM301 non-finite numbers, NUM302 exploding gradients."""

from __future__ import annotations

import math
from collections.abc import Mapping

from saddlepoint.diagnosis.changes import apply_changes
from saddlepoint.diagnosis.declaration import rule
from saddlepoint.diagnosis.facts import Facts
from saddlepoint.diagnosis.optimiser_settings import RATE, own_name
from saddlepoint.diagnosis.remedies import changes_of
from saddlepoint.diagnosis.rules.quality import distance_left
from saddlepoint.diagnosis.series import Series
from saddlepoint.records import Finding, Severity

NAMED = 3  # series in the title; the evidence has all
TICKS = 3
GROWN, EXPLODED = 20.0, 100.0  # times what gradients were early in the run
JUMPS = 0.3  # relative update (step over length of the weights); 1e-4 to 1e-2 is usual
LEARNT = 0.15  # share of the untrained distance that is left: below, large gradients did no harm


@rule("NUM301", without={"log"}, closes=0)
def non_finite(every_series: Mapping[str, Series], run: Facts) -> Finding | None:
    """A loss, score or norm is NaN or infinite.

    There is no threshold: one such value in a tick spoils every weight that it reaches, so nothing afterwards can be
    trusted, and the finding stays open.
    """
    broken = {
        name: series.last for name, series in every_series.items() if series.values and not math.isfinite(series.last)
    }
    if not broken:
        return None
    first = min(broken)
    step = every_series[first].steps[-1]
    names = sorted(broken)
    listed = ", ".join(names[:NAMED]) + (f" and {len(names) - NAMED} more" if len(names) > NAMED else "")
    return Finding(
        "NUM301",
        "failure",
        step,
        f"{listed} became {broken[first]} by step {step}.",
        dict(broken),
        f"{run.advice('much_slower', 'clip', 'full_precision')} The last checkpoint before this step, if there is one, still "
        "has finite weights.",
        _remedy_of_overflow(every_series, run),
    )


def _remedy_of_overflow(every_series: Mapping[str, Series], run: Facts) -> dict[str, object] | None:
    if run.settings.get("training.precision") == "bf16":  # fp32 is the smallest change, and may be enough
        return run.remedy("full_precision")
    # The rates at the start, as they were recorded: a schedule may have lowered them since.
    recorded = {name: s.values[0] for name, s in every_series.items() if name.endswith("/learning_rate")}
    roles = {name: run.roles.get(name.partition("/")[0]) for name in recorded}
    rates = {
        RATE if role is None else own_name(role, "learning_rate"): recorded[name]
        for name, role in roles.items()
        if math.isfinite(recorded[name])
    }
    return apply_changes(changes_of("much_slower"), rates) or None


@rule("NUM302", without={"classical"}, opens=3, closes=5, reads=("*/grad_norm", "*/update_ratio"))
def exploding_gradient(every_series: Mapping[str, Series], run: Facts) -> Finding | None:
    """A player's gradient is many times what it was early in the run, or one step is as long as the weights themselves.

    On the difficulty of training recurrent neural networks (Razvan Pascanu, Tomas Mikolov, Yoshua Bengio, 2013),
    https://arxiv.org/abs/1211.5063. That gradient norms over 100 mean trouble holds for cross-entropy GANs of one size
    (How to Train a GAN? Tips and tricks to make GANs work, Chintala, Denton, Arjovsky, Mathieu, 2016,
    https://github.com/soumith/ganhacks); growth holds for all.
    """
    left = distance_left(every_series.get("quality/energy_distance"))
    if not math.isnan(left) and left <= LEARNT:
        return None
    for name, series in every_series.items():
        player, _, quantity = name.partition("/")
        if quantity == "update_ratio" and len(series) >= TICKS and series.level(TICKS) > JUMPS:
            ratio = series.level(TICKS)
            words = f"one step changes its weights by {ratio:.2g} times their length"
            return _exploded(player, series.step, "failure", words, {"update_ratio": ratio, "series": [name]}, run)
        if quantity != "grad_norm" or len(series) < 3 * TICKS:
            continue
        usual, now = series.median_between(0, max(4, len(series) // 3), "early"), series.level(TICKS)
        if usual > 0 and now > GROWN * usual:
            words = f"its norm is {now:.3g}, {now / usual:,.0f} times what it was early in the run"
            severity: Severity = "failure" if now > EXPLODED * usual else "warning"
            evidence = {"grad_norm": now, "early": usual, "series": [name]}
            return _exploded(player, series.step, severity, words, evidence, run)
    return None


def _exploded(
    player: str, step: int, severity: Severity, words: str, evidence: dict[str, object], run: Facts
) -> Finding:
    clip = {"discriminator": "clip_d", "generator": "clip_g"}.get(run.roles.get(player, ""), "clip")
    return Finding(
        "NUM302",
        severity,
        step,
        f"Exploding gradient of player {player}: {words}.",
        {"player": player, **evidence},
        run.advice(clip, "slower"),
        run.remedy(clip),
    )
