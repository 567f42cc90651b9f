"""Few answers to all noise: GAN103."""

from __future__ import annotations

import math

from saddlepoint.diagnosis.engine import rule
from saddlepoint.diagnosis.facts import Facts
from saddlepoint.diagnosis.rules.objectives import GAMES
from saddlepoint.diagnosis.rules.quality import is_improving
from saddlepoint.diagnosis.series import Series
from saddlepoint.records import Finding

LOOKS = 3
# Share of the data that samples visit: five of eight modes are about as many as chance leaves a player that still learns.
FEW, HARDLY_ANY = 0.62, 0.5
# Mean distance of two samples over that of two real examples. On a line with one mode, samples of games that end well are
# half as wide as the data for some looks.
NARROW, POINT = 0.45, 0.4
RISING, BEFORE = 0.1, 5  # over five looks: modes are being found
LONG = 0.4  # of the run: few answers for so long are few
GONE = 3.0  # distance from the data's middle, beyond which samples have left the data: another failure


@rule("GAN103", objectives=GAMES, opens=3, closes=4, unless={"NUM304", "GAN106", "GAN105"})
def mode_collapse(
    g_coverage: Series,
    g_diversity: Series,
    run: Facts,
    g_modes: Series | None = None,
    g_reach: Series | None = None,
    quality_energy_distance: Series | None = None,
) -> Finding | None:
    """Samples visit a part of the data only, or scatter much less than they do.

    Coverage counts neighbourhoods of the data that samples visit at least a tenth as often as they should (the share of
    bins that differ: On GANs and GMMs, Eitan Richardson, Yair Weiss, 2018, https://arxiv.org/abs/1805.12462). Known modes
    are counted as in VEEGAN (Akash Srivastava et al., 2017), https://arxiv.org/abs/1705.07761
    """
    step = g_coverage.step
    # Known modes count what falls within three of their deviations, neighbourhoods what falls near: samples that blur a
    # mode visit it all the same, and so do those too narrow for all its neighbourhoods.
    visited = max((g_coverage, *([g_modes] if g_modes is not None else [])), key=lambda series: series.level(LOOKS))
    coverage, diversity = visited.level(LOOKS), g_diversity.level(LOOKS)
    if not run.begun(step) or len(g_coverage) < LOOKS or (g_reach is not None and g_reach.level(LOOKS) > GONE):
        return None
    if math.isnan(coverage + diversity) or not (coverage < FEW or diversity < NARROW):
        return None
    rising = any(series.last > (series.recent(BEFORE) or [math.nan])[0] + RISING for series in (visited, g_diversity))
    lasting = _lasts(visited, g_diversity, quality_energy_distance, run)
    if not lasting and (rising or is_improving(quality_energy_distance)):
        return None
    grave = coverage < HARDLY_ANY or diversity < POINT
    of_what = "known modes" if visited is g_modes else "data"
    seen = [f"visit {coverage:.0%} of the {of_what}"] if coverage < FEW else []
    if diversity < NARROW:
        seen.append(f"lie {diversity:.2f} times as far from each other as real examples do")
    return Finding(
        "GAN103",
        "failure" if grave else "warning",
        step,
        f"Mode collapse: samples {' and '.join(seen)}.",
        {"coverage": round(coverage, 4), "diversity": round(diversity, 4), "of": of_what},
        "Whatever the noise, the generator gives few answers. Let the discriminator see several examples at once (packing), "
        "compare real with generated ones (the relativistic loss with penalties), or lower the learning rates.",
        _remedy(run),
    )


def _lasts(visited: Series, diversity: Series, quality: Series | None, run: Facts) -> bool:
    """Whether answers are few in most looks of so long a part of the run, with no trend, and samples have been better before:
    then it is no progress where the last looks seem to rise, as they do in chaos."""
    if quality is None or len(visited) < LOOKS or not run.steps:
        return False
    count = len(visited) - visited.place(math.floor(visited.step - LONG * run.steps))
    if count < 2 * LOOKS or visited.step < LONG * run.steps:
        return False
    if not (_median(visited, count, 0, "long") < HARDLY_ANY or _median(diversity, count, 0, "long") < POINT):
        return False
    half = count // 2
    trend = any(
        _median(series, half, 0, "later half") > _median(series, count, count - half, "earlier half") + RISING
        for series in (visited, diversity)
    )
    return not trend and quality.last > quality.lowest[0]


def _median(series: Series, begin: int, end: int, window: str) -> float:
    """Median from the `begin`th value before the end of the series to the `end`th before it."""
    return series.median_between(max(len(series) - begin, 0), len(series) - end, window)


def _remedy(run: Facts) -> dict[str, object] | None:
    if run.settings.get("model.objective") == "minimax":
        return {"model.objective": "non-saturating"}
    if "model.r1" in run.settings and run.settings.get("model.objective") == "non-saturating":
        return {"model.objective": "relativistic", "model.r1": 1.0, "model.r2": 1.0}
    return run.remedy(model__packing=2)
