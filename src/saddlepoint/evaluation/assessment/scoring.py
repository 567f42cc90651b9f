"""From sets of points to scores: each metric's value, interval, floor and ceiling, or the reason why it has none."""

from __future__ import annotations

import contextlib
import math
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from saddlepoint.data.dataset import Dataset
from saddlepoint.errors import DataError
from saddlepoint.evaluation.assessment.metrics import METRICS, SHARE, Bad, Floor, Measure, Metric
from saddlepoint.evaluation.assessment.needs import lacking
from saddlepoint.evaluation.assessment.sets import Comparison, Context, Points
from saddlepoint.evaluation.intervals import normal, of_share
from saddlepoint.evaluation.scorecard import Bounds, Pairing, Score, Skipped

# What a metric raises on points that it cannot judge.
UNFIT = (DataError, ValueError, torch.linalg.LinAlgError)  # type: ignore[attr-defined]

Columns = Mapping[str, Sequence[float]]


@dataclass(frozen=True)
class Sides:
    """All sets of one kind of features.

    name: of the features, empty for the examples' own numbers. fakes: one set a sampling seed. training: as many
    training examples as real ones, in the samples' place for the floor. bad: the sets of bad generators.
    """

    name: str
    context: Context
    fakes: tuple[Points, ...]
    training: Points
    bad: Mapping[Bad, Points]

    def of_model(self) -> list[Comparison]:
        """Each sampling seed's samples with the real examples."""
        return [Comparison(self.context.real, fake, self.context) for fake in self.fakes]

    def of_floor(self, kind: Floor) -> Comparison:
        """Real examples in the samples' place: `training` ones, `halves` of the reference with each other, or all of it."""
        real = self.context.real
        if kind == "held-out":
            return Comparison(real, real, self.context)
        if kind == "training":
            return Comparison(real, self.training, self.context)
        middle = len(real) // 2
        return Comparison(real.take(slice(middle, None)), real.take(slice(middle)), self.context)

    def of_bad(self, kind: Bad) -> Comparison:
        return Comparison(self.context.real, self.bad[kind], self.context)


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
    sides: Sides, metrics: Mapping[str, Metric], resamples: int, advance: Callable[[str], None]
) -> tuple[dict[str, Score], list[Skipped]]:
    """Scores by key, and those that these points could not be given, with what the metric said of them.

    advance: told the title of each metric whose turn it is, once for every metric.
    """
    with _unconverged():
        return _scored(sides, metrics, resamples, advance)


@contextlib.contextmanager
def _unconverged() -> Iterator[None]:
    """Without scikit-learn's warnings of k-means on duplicate points, which leave a cell empty that then counts as equal,
    and of classifiers that were stopped, which are weaker as a test but as valid."""
    from sklearn.exceptions import ConvergenceWarning

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        yield


def _scored(
    sides: Sides, metrics: Mapping[str, Metric], resamples: int, advance: Callable[[str], None]
) -> tuple[dict[str, Score], list[Skipped]]:
    scores: dict[str, Score] = {}
    skipped: list[Skipped] = []
    for measure in dict.fromkeys(metric.measure for metric in metrics.values()):
        group = {key: metric for key, metric in metrics.items() if metric.measure is measure}
        for metric in group.values():
            advance(title(metric, sides.name))
        comparisons = sides.of_model()
        try:
            values = _columns([measure(c) for c in comparisons])
        except UNFIT as error:
            skipped += [Skipped(key, title(metric, sides.name), _sentence(error)) for key, metric in group.items()]
            continue
        drawn, why = _resampled(measure, comparisons, group, resamples)
        floors = {kind: _floor(sides, measure, kind, group, resamples) for kind in {m.floor for m in group.values()}}
        bad = {kind: _bad(sides, measure, kind) for kind in {kind for m in group.values() for kind in m.worst}}
        for key, metric in group.items():
            bounds = _bounds(metric, comparisons, values[key], drawn.get(key, ()))
            halves: Pairing = "halves" if metric.interval == "halves" and drawn else "none"
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
                bounds=metric.bounds,
                floor=floors[metric.floor].get(key),
                ceiling=_worst(metric, [bad[kind][key] for kind in metric.worst if key in bad[kind]]),
                repeats=tuple(values[key]),
                resamples=tuple(drawn.get(key, ())) if halves == "halves" else (),
                pairing=halves,
                notes=tuple(notes),
                meaning=metric.meaning,
            )
    return scores, skipped


def _floor(
    sides: Sides, measure: Measure, kind: Floor, group: Mapping[str, Metric], resamples: int
) -> Mapping[str, Bounds]:
    comparison = sides.of_floor(kind)
    try:
        values = _columns([measure(comparison)])
    except UNFIT:
        return {}
    drawn, _ = _resampled(measure, [comparison], group, resamples)
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
        trials = sum(min(len(c.real), len(c.fake)) for c in comparisons)
        share = of_share(value, error, trials, degrees=len(drawn) - 1)
        return Bounds(value, share.low, share.high)
    found = normal(value, error, degrees=len(drawn) - 1)
    low, high = metric.bounds
    return Bounds(
        value,
        found.low if low is None else min(max(found.low, low), value),
        found.high if high is None else max(min(found.high, high), value),
    )


def _resampled(
    measure: Measure, comparisons: Sequence[Comparison], group: Mapping[str, Metric], resamples: int
) -> tuple[Columns, str]:
    """The mean over sampling seeds on random halves of all sets, {key: one value a draw}; or why there are none.

    As `intervals.half_sampling`, for several scores and several sets of samples at once: the halves of the real examples
    are shared by all sets, and by every model that is measured with the same seed, so that draws can be paired.
    """
    if all(metric.interval != "halves" for metric in group.values()):
        return {}, ""
    context = comparisons[0].context
    generator = context.generator()
    drawn = []
    try:
        for _ in range(resamples):
            real = comparisons[0].real.take(_half(len(comparisons[0].real), generator))
            halves = [
                Comparison(real, c.fake.take(_half(len(c.fake), generator)), context, share=0.5) for c in comparisons
            ]
            columns = _columns([measure(half) for half in halves])
            drawn.append({key: sum(values) / len(values) for key, values in columns.items()})
    except UNFIT as error:
        return {}, f"half of the points are too few ({_sentence(error)})"
    return _columns(drawn), ""


def _half(n: int, generator: torch.Generator) -> Tensor:
    return torch.randperm(n, generator=generator)[: n // 2]


def _columns(rows: Sequence[Mapping[str, float]]) -> Columns:
    return {key: [row[key] for row in rows] for key in rows[0]}


def _sentence(error: Exception) -> str:
    text = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
    return text if text.endswith(".") else f"{text}."
