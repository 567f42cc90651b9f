"""From sets of points to scores: each metric's value, interval, floor and ceiling, or the reason why it has none."""

from __future__ import annotations

import contextlib
import math
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial

import torch

from saddlepoint.data.dataset import Dataset
from saddlepoint.evaluation.scorecard.comparison import Comparison
from saddlepoint.evaluation.scorecard.feature_sets import Sides
from saddlepoint.evaluation.scorecard.metric import SHARE, Bad, Floor, Measure, Metric
from saddlepoint.evaluation.scorecard.metrics import METRICS
from saddlepoint.evaluation.scorecard.needs import lacking
from saddlepoint.evaluation.scorecard.scorecard import Bounds, Pairing, Score, Skipped
from saddlepoint.evaluation.scorecard.split_half import UNFIT, by_halves, columns, sentence
from saddlepoint.evaluation.statistics.intervals import normal, of_distance, of_share
from saddlepoint.progress import Report

LEAST_WORK = 0.2  # of a metric, beside the work that is written with the others


def applicable(sides: Sides, dataset: Dataset, of: str) -> tuple[dict[str, Metric], list[Skipped]]:
    """The metrics of this kind that apply, by key, and the others with their reasons."""
    chosen: dict[str, Metric] = {}
    skipped: list[Skipped] = []
    for key, metric in METRICS.items():
        if metric.of == of:
            reason = lacking(metric, dataset, sides.context)
            if reason:
                skipped.append(Skipped(key, title(metric, sides.name), reason))
            else:
                chosen[key] = metric
    return chosen, skipped


def title(metric: Metric, features: str) -> str:
    """The score's name, never without its features."""
    return f"{metric.title} ({features})" if metric.of == "features" and features else metric.title


def scored(
    sides: Sides, metrics: Mapping[str, Metric], resamples: int, progress: Report
) -> tuple[dict[str, Score], list[Skipped]]:
    """Scores by key, and those that these points could not be given, with what the metric said of them.

    progress: hears the title of each metric whose turn it is, and the share of all of them that is done.
    """
    with _unconverged():
        return _scored(sides, metrics, resamples, progress)


@contextlib.contextmanager
def _unconverged() -> Iterator[None]:
    """Without scikit-learn's warnings of k-means on duplicate points, which leave a cell empty that then counts as equal,
    and of classifiers that were stopped, which are weaker as a test but as valid."""
    from sklearn.exceptions import ConvergenceWarning

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        yield


def _scored(
    sides: Sides, metrics: Mapping[str, Metric], resamples: int, progress: Report
) -> tuple[dict[str, Score], list[Skipped]]:
    scores: dict[str, Score] = {}
    skipped: list[Skipped] = []
    whole, done = sum(map(_work, metrics.values())), 0.0
    for measure in dict.fromkeys(metric.measure for metric in metrics.values()):
        group = {key: metric for key, metric in metrics.items() if metric.measure is measure}
        comparisons = sides.of_model()
        first, work = next(iter(group.values())), sum(map(_work, group.values()))
        counted = _Counted(
            measure,
            _calls(group, len(comparisons), resamples),
            partial(_tell, progress, title(first, sides.name), done / whole, work / whole),
        )
        done += work
        try:
            values = columns([counted(c) for c in comparisons])
        except UNFIT as error:
            skipped += [Skipped(key, title(metric, sides.name), sentence(error)) for key, metric in group.items()]
            continue
        drawn, why = by_halves(counted, comparisons, values, group, resamples)
        floors = {kind: _floor(sides, counted, kind, group, resamples) for kind in _floors(group)}
        bad = {kind: _bad(sides, counted, kind) for kind in _bads(group)}
        for key, metric in group.items():
            bounds = _bounds(metric, comparisons, values[key], drawn.get(key, ()))
            halves: Pairing = "halves" if metric.by_halves and drawn else "none"
            notes = [*metric.notes]
            if metric.interval == "halves" and why:
                notes.append(f"No interval: {why}")
            if not math.isfinite(bounds.value) and key != "birthday":
                notes.append("Not a finite number: the samples leave nothing to measure here.")
            scores[key] = Score(
                metric=key,
                title=title(metric, sides.name),
                value=bounds.value,
                low=bounds.low,
                high=bounds.high,
                better=metric.better,
                features=sides.name if metric.of == "features" else "",
                unit=metric.unit,
                bounds=metric.within(sides.context),
                floor=floors[metric.floor].get(key),
                ceiling=_worst(metric, [bad[kind][key] for kind in metric.worst if key in bad[kind]]),
                repeats=tuple(values[key]),
                resamples=tuple(drawn.get(key, ())) if halves == "halves" else (),
                pairing=halves,
                notes=tuple(notes),
                meaning=metric.meaning,
            )
    return scores, skipped


class _Counted:
    """A measure that tells which share of its calls is done; one on halves is a quarter of one on whole sets."""

    def __init__(self, measure: Measure, calls: float, told: Callable[[float], None]) -> None:
        self._measure, self._calls, self._told, self._done = measure, calls, told, 0.0
        told(0.0)

    def __call__(self, comparison: Comparison) -> Mapping[str, float]:
        found = self._measure(comparison)
        self._done += comparison.share**2
        self._told(min(1.0, self._done / self._calls))
        return found


def _calls(group: Mapping[str, Metric], seeds: int, resamples: int) -> float:
    """Of a group's measure, in calls on whole sets."""
    halves = resamples / 2 if any(metric.by_halves for metric in group.values()) else 0.0
    return (seeds + len(_floors(group))) * (1 + halves) + len(_bads(group))


def _floors(group: Mapping[str, Metric]) -> list[Floor]:
    return list(dict.fromkeys(metric.floor for metric in group.values()))


def _bads(group: Mapping[str, Metric]) -> list[Bad]:
    return list(dict.fromkeys(kind for metric in group.values() for kind in metric.worst))


def _work(metric: Metric) -> float:
    return max(metric.work, LEAST_WORK)


def _tell(progress: Report, what: str, done: float, part: float, share: float) -> None:
    progress(what, done + part * share)


def _floor(
    sides: Sides, measure: Measure, kind: Floor, group: Mapping[str, Metric], resamples: int
) -> Mapping[str, Bounds]:
    comparison = sides.of_floor(kind)
    try:
        values = columns([measure(comparison)])
    except UNFIT:
        return {}
    drawn, _ = by_halves(measure, [comparison], values, group, resamples)
    return {key: _bounds(metric, [comparison], values[key], drawn.get(key, ())) for key, metric in group.items()}


def _bad(sides: Sides, measure: Measure, kind: Bad) -> Mapping[str, float]:
    try:
        return measure(sides.of_bad(kind))
    except UNFIT:
        return {}


def _worst(metric: Metric, values: Sequence[float]) -> Bounds | None:
    """The worse of two bad generators, by the direction of the metric."""
    if not values:
        return None
    return Bounds(min(values) if metric.better == "higher" else max(values, key=lambda v: (v == v, v)))


def _bounds(
    metric: Metric, comparisons: Sequence[Comparison], values: Sequence[float], drawn: Sequence[float]
) -> Bounds:
    """The score over all sampling seeds with its interval."""
    if metric.interval != "halves":
        own = metric.interval(comparisons, values)
        return Bounds(own.value, own.low, own.high)
    value = sum(values) / len(values)
    error = float(torch.tensor(drawn, dtype=torch.float64).std()) if len(drawn) > 1 else math.nan
    if not math.isfinite(value) or not math.isfinite(error):
        return Bounds(value)
    if metric.bounds == SHARE:
        counts = [len(c.real) if metric.share_of == "examples" else min(len(c.real), len(c.fake)) for c in comparisons]
        # Every seed brings samples of its own, and all are held against the same real examples.
        trials = counts[0] if metric.share_of == "examples" else sum(counts)
        share = of_share(value, error, trials, degrees=len(drawn) - 1)
        return Bounds(value, share.low, share.high)
    degrees = len(drawn) - 1
    if metric.shape == "growing":
        biased = [value if metric.biased is None else metric.biased(c) for c in comparisons]
        found = of_distance(value, error, lift=sum(biased) / len(biased) - value, degrees=degrees)
    else:
        found = normal(value, error, degrees=degrees)
    low, high = metric.within(comparisons[0].context)
    return Bounds(
        value,
        found.low if low is None else min(max(found.low, low), value),
        found.high if high is None else max(min(found.high, high), value),
    )
