"""Findings on the numbers themselves, whatever the model: NUM301, and NUM302 exploding gradients."""

from __future__ import annotations

import math
from collections.abc import Mapping

from saddlepoint.diagnosis.engine import rule
from saddlepoint.diagnosis.facts import Facts
from saddlepoint.diagnosis.rules.quality import remaining
from saddlepoint.diagnosis.series import Series
from saddlepoint.records import Finding, Severity

# A learning rate lowered by this factor leaves most runs that overflow within their arithmetic; it is a first try, not a law.
_GENTLER = 0.1
_MOST = 1e-2  # a tenth of an absurd rate is still absurd
_NAMED = 3  # series in the title; the evidence has all
_SECTIONS = {"d": "discriminator", "g": "generator"}  # whose players have settings of their own; others share one
_TICKS = 3
_GROWN, _EXPLODED = 20.0, 100.0  # times what gradients were early on
_JUMPS = 0.3  # of the weights' length in one step; 1e-4 to 1e-2 is usual
_LEARNT = 0.15  # of the untrained distance: below, large gradients did no harm


@rule("NUM301", closes=0)
def non_finite(every_series: Mapping[str, Series], run: Facts) -> Finding | None:
    """A loss, score or norm is NaN or infinite.

    There is no threshold: one such value in a tick poisons every weight it reaches, so nothing after it is trustworthy and the finding stands.
    """
    broken = {
        name: series.last for name, series in every_series.items() if series.values and not math.isfinite(series.last)
    }
    if not broken:
        return None
    first = min(broken)
    step = every_series[first].steps[-1]
    names = sorted(broken)
    said = ", ".join(names[:_NAMED]) + (f" and {len(names) - _NAMED} more" if len(names) > _NAMED else "")
    # The rate at the start: the setting, where a schedule has lowered it since.
    rates = {name.split("/")[0]: s.values[0] for name, s in every_series.items() if name.endswith("/learning_rate")}
    remedy: dict[str, object] = {
        f"training.{_SECTIONS.get(player, 'optimiser')}.learning_rate": min(_MOST, float(f"{rate * _GENTLER:.2g}"))
        for player, rate in rates.items()
        if math.isfinite(rate)
    }
    # In fp32 the same numbers may well be finite: the least change comes first.
    if run.settings.get("training.precision") == "bf16":
        remedy = {"training.precision": "fp32"}
    return Finding(
        code="NUM301",
        severity="failure",
        step=step,
        title=f"{said} became {broken[first]} by step {step}.",
        evidence=dict(broken),
        advice=(
            "Lower the learning rate, clip the gradients, or train in fp32. "
            "The last checkpoint before this step, if there is one, still holds finite weights."
        ),
        remedy=remedy or None,
    )


@rule("NUM302", opens=3, closes=5, reads=("*/grad_norm", "*/update_ratio"))
def exploding_gradient(every_series: Mapping[str, Series], run: Facts) -> Finding | None:
    """A player's gradient is many times what it was early in the run, or a step as long as the weights themselves.

    On the difficulty of training recurrent neural networks (Razvan Pascanu, Tomas Mikolov, Yoshua Bengio, 2013),
    https://arxiv.org/abs/1211.5063. That gradient norms over 100 mean trouble holds for cross-entropy GANs of one size
    (How to Train a GAN? Tips and tricks to make GANs work, Chintala, Denton, Arjovsky, Mathieu, 2016,
    https://github.com/soumith/ganhacks); growth holds for all.
    """
    quality = every_series.get("quality/energy_distance")
    if not math.isnan(remaining(quality)) and remaining(quality) <= _LEARNT:
        return None
    for name, series in every_series.items():
        player, _, quantity = name.partition("/")
        if quantity == "update_ratio" and len(series) >= _TICKS and series.level(_TICKS) > _JUMPS:
            ratio = series.level(_TICKS)
            words = f"one step moves its weights by {ratio:.2g} times their length"
            return _exploded(player, series.step, "failure", words, {"update_ratio": ratio, "series": [name]}, run)
        if quantity != "grad_norm" or len(series) < 3 * _TICKS:
            continue
        usual, now = series.median_between(0, max(4, len(series) // 3), "early"), series.level(_TICKS)
        if usual > 0 and now > _GROWN * usual:
            words = f"its norm is {now:.3g}, {now / usual:,.0f} times what it was early in the run"
            severity: Severity = "failure" if now > _EXPLODED * usual else "warning"
            return _exploded(
                player, series.step, severity, words, {"grad_norm": now, "early": usual, "series": [name]}, run
            )
    return None


def _exploded(
    player: str, step: int, severity: Severity, words: str, evidence: dict[str, object], run: Facts
) -> Finding:
    section = f"training.{_SECTIONS.get(player, 'optimiser')}"
    return Finding(
        "NUM302",
        severity,
        step,
        f"Exploding gradient of player {player}: {words}.",
        {"player": player, **evidence},
        "Clip the player's gradient, or lower its learning rate.",
        run.remedy(**{f"{section}.clip_norm": 1.0}),
    )
