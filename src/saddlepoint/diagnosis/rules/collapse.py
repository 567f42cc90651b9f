"""Mode collapse (GAN103): the samples hardly differ, whatever the noise."""

from __future__ import annotations

import math

from saddlepoint.diagnosis.declaration import rule
from saddlepoint.diagnosis.facts import Facts
from saddlepoint.diagnosis.rules.quality import is_improving
from saddlepoint.diagnosis.series import Series
from saddlepoint.records import Finding

PROBES = 3
# Share of the data that samples cover: five of eight modes are about as many as chance leaves a player that still learns.
FEW, HARDLY_ANY = 0.62, 0.5
# Mean distance of two samples over that of two real examples. On a line with one mode, samples of games that end well are
# half as wide as the data for some probes.
NARROW, POINT = 0.45, 0.4
RISING, BEFORE = 0.1, 5  # over five probes: modes are being found
LONG = 0.4  # share of the run after which a low coverage is no longer a beginning
GONE = 3.0  # distance from the data's centre, beyond which samples have left the data: another failure


@rule("GAN103", traits={"gan"}, opens=3, closes=4, unless={"NUM304", "GAN106", "GAN105"})
def mode_collapse(
    g_coverage: Series,
    g_diversity: Series,
    run: Facts,
    g_modes: Series | None = None,
    g_reach: Series | None = None,
    quality_energy_distance: Series | None = None,
    g_coverage_widened: Series | None = None,
) -> Finding | None:
    """Samples cover only a part of the data, or are much closer to each other than real examples are.

    Coverage is the share of the data's neighbourhoods that get at least a tenth of the expected samples (as the share of
    bins that differ in: On GANs and GMMs, Eitan Richardson, Yair Weiss, 2018, https://arxiv.org/abs/1805.12462). Blurred samples
    do not reach the outer neighbourhoods, although they differ in all directions: so where modes are not known, samples are
    first widened to the data's own width, and `g_diversity` says whether they were too narrow. Known modes are counted as in VEEGAN
    (Akash Srivastava et al., 2017), https://arxiv.org/abs/1705.07761
    """
    step = g_coverage.step
    # Known modes count samples within three of their standard deviations, neighbourhoods those nearby: samples that blur
    # a mode visit it all the same, and so do those that are too narrow for all its neighbourhoods.
    others = [series for series in (g_modes, g_coverage_widened) if series is not None]
    visited = max((g_coverage, *others), key=lambda series: series.level(PROBES))
    coverage, diversity = visited.level(PROBES), g_diversity.level(PROBES)
    if not run.begun(step) or len(g_coverage) < PROBES or (g_reach is not None and g_reach.level(PROBES) > GONE):
        return None
    if math.isnan(coverage + diversity) or not (coverage < FEW or diversity < NARROW):
        return None
    rising = any(series.last > (series.recent(BEFORE) or [math.nan])[0] + RISING for series in (visited, g_diversity))
    lasting = _lasts(visited, g_diversity, quality_energy_distance, run)
    if not lasting and (rising or is_improving(quality_energy_distance)):
        return None
    severe = coverage < HARDLY_ANY or diversity < POINT
    of_what = "known modes" if visited is g_modes else "data"
    seen = [f"cover {coverage:.0%} of the {of_what}"] if coverage < FEW else []
    if diversity < NARROW:
        seen.append(f"lie {diversity:.2f} times as far apart as real examples do")
    in_pairs = [] if "paired" in run.traits else ["relativistic"]
    return Finding(
        "GAN103",
        "failure" if severe else "warning",
        step,
        f"Mode collapse: samples {' and '.join(seen)}.",
        {"coverage": round(coverage, 4), "diversity": round(diversity, 4), "of": of_what},
        "Whatever the noise, the generator makes few different samples. " + run.advice("packing", *in_pairs, "slower"),
        run.remedy("non_saturating", *in_pairs, "packing"),
    )


def _lasts(visited: Series, diversity: Series, quality: Series | None, run: Facts) -> bool:
    """Whether coverage or diversity was low in most probes of a long part of the run, without a trend, and quality was better.

    A rise in the last probes is then chance, not progress.
    """
    if quality is None or len(visited) < PROBES or not run.steps:
        return False
    count = len(visited) - visited.place(math.floor(visited.step - LONG * run.steps))
    if count < 2 * PROBES or visited.step < LONG * run.steps:
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
    """Return the median from the `begin`th value before the end of the series to the `end`th before it."""
    return series.median_between(max(len(series) - begin, 0), len(series) - end, window)
