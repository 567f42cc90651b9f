"""From a model to scores that it gives about itself and about held-out examples, each with its interval or a reason."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial

from saddlepoint.errors import SaddlepointError
from saddlepoint.evaluation.scorecard.best_effort import not_measured
from saddlepoint.evaluation.scorecard.metric_types import Measurement, ModelMetric
from saddlepoint.evaluation.scorecard.needs import Available, missing
from saddlepoint.evaluation.scorecard.score import Score, Skipped
from saddlepoint.evaluation.scorecard.subject import Subject
from saddlepoint.progress import Tally

LEAST_WORK = 0.1  # seconds, of a measure that does not apply

Group = Mapping[str, ModelMetric]


def score_model(
    subject: Subject, metrics: Mapping[str, ModelMetric], tally: Tally
) -> tuple[list[Score], list[Skipped]]:
    """The scores that apply, and the others with their reasons, in the order of the metrics; `work_on` of the tally."""
    scores: list[Score] = []
    skipped: list[Skipped] = []
    for group in _groups(metrics):
        first = next(iter(group.values()))
        available = Available(subject.dataset, subject.model, subject.likelihood)
        reason, work = missing(first, available), _work(group, available)
        tally.start(first.title)
        found: Mapping[str, Measurement] = {}
        if not reason:
            telling = replace(subject, progress=partial(tally.within(work), first.title))
            found, reason = _measurements(first.measure, telling)
        scores += [_score(key, group[key], found[key]) for key in found]
        skipped += [
            Skipped(key, metric.title, reason or missing(metric, available))
            for key, metric in group.items()
            if key not in found
        ]
        tally.advance(work)
    return scores, skipped


def work_on(metrics: Mapping[str, ModelMetric], available: Available) -> float:
    """About how many seconds `score_model` takes on two cores."""
    return sum(_work(group, available) for group in _groups(metrics))


def _groups(metrics: Mapping[str, ModelMetric]) -> list[Group]:
    """Metrics that share a measure."""
    return [
        {key: metric for key, metric in metrics.items() if metric.measure is measure}
        for measure in dict.fromkeys(metric.measure for metric in metrics.values())
    ]


def _work(group: Group, available: Available) -> float:
    declared = sum(metric.work for metric in group.values())
    applies = not missing(next(iter(group.values())), available)
    return max(declared, LEAST_WORK) if applies else LEAST_WORK


def _measurements(
    measure: Callable[[Subject], Mapping[str, Measurement]], subject: Subject
) -> tuple[Mapping[str, Measurement], str]:
    """What a measure finds; or nothing, and the reason. A foreign exception costs this score alone."""
    try:
        return measure(subject), ""
    except (SaddlepointError, ValueError) as error:
        return {}, str(error)
    except Exception as error:
        return {}, not_measured(error)


def _score(key: str, metric: ModelMetric, found: Measurement) -> Score:
    return Score(
        metric=key,
        title=f"{metric.title} ({found.detail})" if found.detail else metric.title,
        value=found.estimate.value,
        low=found.estimate.low,
        high=found.estimate.high,
        better=metric.better,
        unit=metric.unit if found.unit is None else found.unit,
        bounds=metric.bounds if found.bounds is None else found.bounds,
        baseline=found.baseline,
        worst_case=found.worst_case,
        repeats=(found.estimate.value,),
        resamples=found.groups,
        pairing="groups" if found.groups else "none",
        notes=tuple(filter(None, (*found.notes, *metric.notes))),
        meaning=metric.meaning,
    )
