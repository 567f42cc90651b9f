"""Trains one group: its runs together as replicas if possible, otherwise one after another.

All runs are measured in the same way.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache, partial
from typing import Any, cast

import torch
from torch import Tensor

from saddlepoint import data as data_package
from saddlepoint.data.dataset import Dataset
from saddlepoint.data.settings import DataSettings
from saddlepoint.errors import DataError, SettingError
from saddlepoint.lanes import Replica, ReplicaRecord, Replicas
from saddlepoint.studies.convergence import Convergence
from saddlepoint.studies.outcomes import Outcomes, measure_outcomes
from saddlepoint.studies.plan import Group, Run
from saddlepoint.studies.settings import MeasureSettings
from saddlepoint.studies.single_run import SingleRun

ReportShare = Callable[[float], None]  # called with the share of the group's work that is done


@dataclass(frozen=True)
class RunResult:
    """The result of one run.

    Attributes:
        key: key of the run, see `Run`.
        trained: "lanes" for runs trained together as replicas, or "alone".
        steps: number of training steps.
        frozen_at: step after which its numbers became non-finite; None if they never did.
        converged_at: step of convergence; None if it did not converge, or convergence was not checked.
        outcomes: outcomes by name.
        schedule: steps at which series were recorded.
        series: by name, the values at these steps.
    """

    key: str
    trained: str
    steps: int
    frozen_at: int | None
    converged_at: int | None
    outcomes: dict[str, float]
    schedule: tuple[int, ...] = ()
    series: dict[str, tuple[float, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class GroupResult:
    """The results of a group.

    Attributes:
        key: key of the group.
        runs: the results of its runs.
        notes: why runs were trained one at a time.
        seconds: duration of training and measuring, in seconds.
    """

    key: str
    runs: tuple[RunResult, ...]
    notes: tuple[str, ...]
    seconds: float

    def to_json(self) -> dict[str, Any]:
        """The results as JSON values."""
        return {
            "key": self.key,
            "notes": list(self.notes),
            "seconds": self.seconds,
            "runs": [vars(run) for run in self.runs],
        }

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> GroupResult:
        """Read the results that `to_json` wrote, also if non-finite numbers were written as text.

        Args:
            content: the JSON values.

        Raises:
            KeyError: a key is missing.
            TypeError: the content is not the result of a group.
        """
        runs = []
        for run in content["runs"]:
            outcomes = {name: float(value) for name, value in run["outcomes"].items()}
            series = {name: tuple(map(float, values)) for name, values in run["series"].items()}
            runs.append(RunResult(**run | {"outcomes": outcomes, "series": series, "schedule": tuple(run["schedule"])}))
        return cls(content["key"], tuple(runs), tuple(content["notes"]), content["seconds"])


def train_group(group: Group, report: ReportShare = lambda share: None) -> GroupResult:
    """Train and measure all runs of a group.

    Args:
        group: what to train.
        report: called with the share of the work that is done, in [0, 1].

    Returns:
        The results, one per run, in the group's order.

    Raises:
        SettingError: runs cannot be trained at all.
        DataError: the data have changed since the study was planned.
    """
    started = time.perf_counter()
    notes: list[str] = []
    results = {result.key: result for result in _train_parts(group.runs, group.measure, group.together, notes, report)}
    seconds = time.perf_counter() - started
    return GroupResult(group.key, tuple(results[run.key] for run in group.runs), tuple(notes), seconds)


def _train_parts(
    runs: Sequence[Run], measure: MeasureSettings, together: bool, notes: list[str], report: ReportShare
) -> Iterator[RunResult]:
    """Train the runs in as few parts as replicas allow. The reason for more than one part is added to `notes`.

    Some incompatibilities are found only when the first step is traced: a setting that a game branches on must be equal
    in all replicas, and a game that branches on its samples cannot be trained as replicas at all.
    """
    if together:
        try:
            yield from _train(runs, measure, True, report)
            return
        except SettingError as refused:
            notes.append(str(refused))
    by_model: dict[str, list[Run]] = {}
    for run in runs:
        by_model.setdefault(run.model.model_dump_json(), []).append(run)
    together = together and len(by_model) > 1
    parts = list(by_model.values()) if together else [[run] for run in runs]
    for number, part in enumerate(parts):

        def report_part(share: float, before: int = number) -> None:
            report((before + share) / len(parts))

        if together:
            yield from _train_parts(part, measure, True, notes, report_part)
        else:
            yield from _train(part, measure, False, report_part)


def _train(runs: Sequence[Run], measure: MeasureSettings, together: bool, report: ReportShare) -> list[RunResult]:
    replicas = [Replica(run.model, run.training, dataset(run)) for run in runs]
    trained: Replicas | SingleRun = (
        Replicas(replicas, device=runs[0].training.device) if together else SingleRun(replicas)
    )
    data = [replica.dataset for replica in replicas]
    measures = [_outcomes_of(run.data.model_dump_json(), measure) for run in runs]
    asked = measure.convergence
    convergence = None
    if asked is not None:
        convergence = Convergence(data, len(replicas), every=asked.every, points=asked.samples, row=asked.in_a_row)
    schedule = _Schedule(measure, [_outcomes_of(run.data.model_dump_json(), measure, True) for run in runs])
    steps = runs[0].training.steps
    reported = time.perf_counter()
    watch = None if convergence is None else partial(convergence.check, cast(Replicas, trained))
    for record in trained.play(watch):
        schedule.take(trained, record, last=record.step == steps)
        if time.perf_counter() - reported > 0.2:
            reported = time.perf_counter()
            report(record.step / steps)
    frozen = trained.frozen.tolist()
    times = [math.nan] * len(runs) if convergence is None else convergence.steps.tolist()
    outcomes = measure_outcomes(trained, measures)
    return [
        RunResult(
            key=run.key,
            trained="lanes" if together else "alone",
            steps=steps,
            frozen_at=None if frozen[replica] < 0 else int(frozen[replica]),
            converged_at=None if math.isnan(times[replica]) else int(times[replica]),
            outcomes=outcomes[replica],
            schedule=tuple(schedule.steps),
            series={name: tuple(column[replica].tolist()) for name, column in schedule.columns().items()},
        )
        for replica, run in enumerate(runs)
    ]


class _Schedule:
    """Collects the rows of series.csv: means of the records since the last row, and outcomes at the row's step."""

    def __init__(self, measure: MeasureSettings, measures: Sequence[Outcomes]) -> None:
        self._measure, self._measures = measure, measures
        self.steps: list[int] = []
        self._rows: list[dict[str, Tensor]] = []
        self._pending: list[ReplicaRecord] = []

    def take(self, replicas: Replicas | SingleRun, record: ReplicaRecord, *, last: bool) -> None:
        every = self._measure.every
        if every is None:
            return
        self._pending.append(record)
        if record.step % every and not last:
            return
        row: dict[str, Tensor] = {}
        for name in record.values:
            if not name.startswith("time/") and (self._measure.series == ("all",) or name in self._measure.series):
                row[name] = torch.stack([own.values[name] for own in self._pending if name in own.values]).mean(0)
        if self._measure.scheduled:
            found = measure_outcomes(replicas, self._measures)
            for name in dict.fromkeys(name for own in found for name in own):
                row[name] = torch.tensor([own.get(name, math.nan) for own in found], dtype=torch.float64)
        self.steps.append(record.step)
        self._rows.append(row)
        self._pending = []

    def columns(self) -> dict[str, Tensor]:
        """The values of each series, each (S, rows)."""
        names = dict.fromkeys(name for row in self._rows for name in row)
        size = len(self._measures)
        missing = torch.full((size,), math.nan, dtype=torch.float64)
        return {name: torch.stack([row.get(name, missing) for row in self._rows], 1) for name in names}


def dataset(run: Run) -> Dataset:
    """Load the run's data, once per process.

    Raises:
        DataError: the data have changed since the study was planned.
    """
    found = _loaded(run.data.model_dump_json())
    if found.fingerprint != run.fingerprint:
        raise DataError(f"{found.name}: the data here are not those that the study was planned with.")
    return found


@lru_cache(maxsize=64)
def _loaded(settings: str) -> Dataset:
    return data_package.load(DataSettings.model_validate_json(settings))


@lru_cache(maxsize=64)
def _outcomes_of(data: str, measure: MeasureSettings, scheduled: bool = False) -> Outcomes:
    names = measure.scheduled if scheduled else measure.outcomes
    return Outcomes(_loaded(data), names, measure.samples, measure.seed)
