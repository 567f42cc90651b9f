"""From sets of points to scores: value, interval, real-data baseline and worst case of each metric, or why it has none."""

from __future__ import annotations

import contextlib
import math
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial

from saddlepoint.evaluation.scorecard.comparison import Comparison
from saddlepoint.evaluation.scorecard.feature_sets import FeatureSets
from saddlepoint.evaluation.scorecard.metric_types import Baseline, Measure, SampleMetric, WorstCase
from saddlepoint.evaluation.scorecard.needs import Available, missing
from saddlepoint.evaluation.scorecard.sample_intervals import estimate
from saddlepoint.evaluation.scorecard.score import Estimate, Pairing, Score, Skipped
from saddlepoint.evaluation.scorecard.split_half import UNFIT, columns, sentence, split_half_differences
from saddlepoint.progress import Report

LEAST_WORK = 0.2  # of a metric, beside the work that is declared by others


def applicable(
    metrics: Mapping[str, SampleMetric], available: Available, features: str
) -> tuple[dict[str, SampleMetric], list[Skipped]]:
    """The metrics that apply, by key, and the others with their reasons.

    Args:
        metrics: those to choose from.
        available: what there is to measure with.
        features: the name of the features, for the titles.
    """
    chosen: dict[str, SampleMetric] = {}
    skipped: list[Skipped] = []
    for key, metric in metrics.items():
        reason = missing(metric, available)
        if reason:
            skipped.append(Skipped(key, full_title(metric, features), reason))
        else:
            chosen[key] = metric
    return chosen, skipped


def full_title(metric: SampleMetric, features: str) -> str:
    """The score's name, always with its features."""
    return f"{metric.title} ({features})" if metric.of != "examples" and features else metric.title


def score_samples(
    sets: FeatureSets, metrics: Mapping[str, SampleMetric], resamples: int, progress: Report
) -> tuple[dict[str, Score], list[Skipped]]:
    """Scores by key, and the metrics that could not be computed from these points, with the reason.

    Args:
        sets: samples, real examples and bad generators' sets.
        metrics: what to compute.
        resamples: random splits into halves.
        progress: called with the title of the metric that is computed, and the completed share of all of them.
    """
    scores: dict[str, Score] = {}
    skipped: list[Skipped] = []
    total, done = sum(map(_work, metrics.values())), 0.0
    with _without_convergence_warnings():
        for measure in dict.fromkeys(metric.measure for metric in metrics.values()):
            group = {key: metric for key, metric in metrics.items() if metric.measure is measure}
            first, work = next(iter(group.values())), sum(map(_work, group.values()))
            report = partial(_report, progress, full_title(first, sets.name), done / total, work / total)
            counted = _CountedMeasure(measure, _calls(group, len(sets.fakes), resamples), report)
            found, failed = _score_group(sets, counted, group, resamples)
            scores |= found
            skipped += failed
            done += work
    return scores, skipped


@contextlib.contextmanager
def _without_convergence_warnings() -> Iterator[None]:
    """Hides scikit-learn's warnings of k-means on duplicate points, which leave a cell empty that then counts as equal, and
    of classifiers that were stopped early, which are weaker as a test but as valid."""
    from sklearn.exceptions import ConvergenceWarning

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        yield


def _score_group(
    sets: FeatureSets, measure: Measure, group: Mapping[str, SampleMetric], resamples: int
) -> tuple[dict[str, Score], list[Skipped]]:
    """The scores of metrics that share a measure."""
    comparisons = sets.comparisons()
    try:
        values = columns([measure(c) for c in comparisons])
    except UNFIT as error:
        reason = sentence(error)
        return {}, [Skipped(key, full_title(metric, sets.name), reason) for key, metric in group.items()]
    differences, why = split_half_differences(measure, comparisons, values, group, resamples)
    baselines = {kind: _baseline(sets, measure, kind, group, resamples) for kind in _baselines(group)}
    worst = {kind: _worst_case(sets, measure, kind) for kind in _worst_cases(group)}
    scores: dict[str, Score] = {}
    for key, metric in group.items():
        found = estimate(metric, comparisons, values[key], differences.get(key, ()))
        pairing: Pairing = "halves" if metric.uses_halves and differences else "none"
        scores[key] = Score(
            metric=key,
            title=full_title(metric, sets.name),
            value=found.value,
            low=found.low,
            high=found.high,
            better=metric.better,
            features="" if metric.of == "examples" else sets.name,
            unit=metric.unit,
            bounds=metric.bounds_on(sets.context),
            baseline=baselines[metric.baseline].get(key),
            worst_case=_worse(metric, [worst[kind][key] for kind in metric.worst_case if key in worst[kind]]),
            repeats=tuple(values[key]),
            resamples=tuple(differences.get(key, ())) if pairing == "halves" else (),
            pairing=pairing,
            notes=tuple(_notes(key, metric, comparisons[0], found.value, why)),
            meaning=metric.meaning,
        )
    return scores, []


def _notes(key: str, metric: SampleMetric, comparison: Comparison, value: float, why: str) -> Iterator[str]:
    """How far the score can be trusted. why: the reason why halves could not be compared, or empty."""
    yield from metric.notes
    if metric.interval == "split half" and why:
        yield f"No interval: {why}"
    if not math.isfinite(value) and key != "birthday":
        yield "Not a finite number: the samples leave nothing to measure here."
    if metric.note is not None:
        yield metric.note(comparison)


class _CountedMeasure:
    """A measure that reports the completed share of its calls; a call on halves is a quarter of one on whole sets."""

    def __init__(self, measure: Measure, calls: float, report: Callable[[float], None]) -> None:
        self._measure, self._calls, self._report, self._done = measure, calls, report, 0.0
        report(0.0)

    def __call__(self, comparison: Comparison) -> Mapping[str, float]:
        found = self._measure(comparison)
        self._done += comparison.share**2
        self._report(min(1.0, self._done / self._calls))
        return found


def _calls(group: Mapping[str, SampleMetric], seeds: int, resamples: int) -> float:
    """How often a group's measure is called, in calls on whole sets."""
    halves = resamples / 2 if any(metric.uses_halves for metric in group.values()) else 0.0
    return (seeds + len(_baselines(group))) * (1 + halves) + len(_worst_cases(group))


def _baselines(group: Mapping[str, SampleMetric]) -> list[Baseline]:
    return list(dict.fromkeys(metric.baseline for metric in group.values()))


def _worst_cases(group: Mapping[str, SampleMetric]) -> list[WorstCase]:
    return list(dict.fromkeys(kind for metric in group.values() for kind in metric.worst_case))


def _work(metric: SampleMetric) -> float:
    return max(metric.work, LEAST_WORK)


def _report(progress: Report, what: str, done: float, part: float, share: float) -> None:
    progress(what, done + part * share)


def _baseline(
    sets: FeatureSets, measure: Measure, kind: Baseline, group: Mapping[str, SampleMetric], resamples: int
) -> Mapping[str, Estimate]:
    comparison = sets.baseline(kind)
    try:
        values = columns([measure(comparison)])
    except UNFIT:
        return {}
    differences, _ = split_half_differences(measure, [comparison], values, group, resamples)
    return {key: estimate(metric, [comparison], values[key], differences.get(key, ())) for key, metric in group.items()}


def _worst_case(sets: FeatureSets, measure: Measure, kind: WorstCase) -> Mapping[str, float]:
    try:
        return measure(sets.worst_case(kind))
    except UNFIT:
        return {}


def _worse(metric: SampleMetric, values: Sequence[float]) -> Estimate | None:
    """The worse score of two bad generators, by the direction of the metric."""
    if not values:
        return None
    return Estimate(min(values) if metric.better == "higher" else max(values, key=lambda v: (v == v, v)))
