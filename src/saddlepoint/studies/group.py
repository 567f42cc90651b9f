"""Training one group: its runs at once where lanes can, one after another where they cannot, all measured alike."""

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
from saddlepoint.lanes import Lane, LaneRecord, Lanes
from saddlepoint.studies.convergence import Convergence
from saddlepoint.studies.outcomes import Outcomes, measured
from saddlepoint.studies.plan import Group, Run
from saddlepoint.studies.settings import MeasureSettings
from saddlepoint.studies.single_run import Alone

Tell = Callable[[float], None]  # the share of the group's work that is done


@dataclass(frozen=True)
class RunResult:
    """What came of one run.

    trained: "lanes" or "alone". steps: it was asked to make. frozen_at: steps it had made when it ceased to be finite.
    converged_at: step of convergence; None where it did not converge, or that was not asked.
    outcomes: by name. series: by name, its values at the scheduled steps of the group.
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
    """What came of a group. notes: sentences on why runs were trained alone. seconds: that it took."""

    key: str
    runs: tuple[RunResult, ...]
    notes: tuple[str, ...]
    seconds: float

    def to_json(self) -> dict[str, Any]:
        """All of it as values that JSON can hold."""
        return {
            "key": self.key,
            "notes": list(self.notes),
            "seconds": self.seconds,
            "runs": [vars(run) for run in self.runs],
        }

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> GroupResult:
        """Undo `to_json` (and what JSON does to numbers that are not finite); KeyError or TypeError for other content."""
        runs = []
        for run in content["runs"]:
            outcomes = {name: float(value) for name, value in run["outcomes"].items()}
            series = {name: tuple(map(float, values)) for name, values in run["series"].items()}
            runs.append(RunResult(**run | {"outcomes": outcomes, "series": series, "schedule": tuple(run["schedule"])}))
        return cls(content["key"], tuple(runs), tuple(content["notes"]), content["seconds"])


def train_group(group: Group, tell: Tell = lambda share: None) -> GroupResult:
    """Train and measure all runs of a group.

    Raises SettingError or DataError for runs that cannot be trained at all, and for data that have changed.
    """
    started = time.perf_counter()
    notes: list[str] = []
    found = {result.key: result for result in _results(group.runs, group.measure, group.together, notes, tell)}
    seconds = time.perf_counter() - started
    return GroupResult(group.key, tuple(found[run.key] for run in group.runs), tuple(notes), seconds)


def _results(
    runs: Sequence[Run], measure: MeasureSettings, together: bool, notes: list[str], tell: Tell
) -> Iterator[RunResult]:
    """In as few parts as lanes allow; adds to `notes` why it is not one.

    What lanes refuse may show only when their first step is traced: a number that decides something must then be the same
    in all of them, and a game that decides by its samples is none for lanes at all.
    """
    if together:
        try:
            yield from _trained(runs, measure, True, tell)
            return
        except SettingError as refused:
            notes.append(str(refused))
    by_model: dict[str, list[Run]] = {}
    for run in runs:
        by_model.setdefault(run.model.model_dump_json(), []).append(run)
    together = together and len(by_model) > 1
    parts = list(by_model.values()) if together else [[run] for run in runs]
    for number, part in enumerate(parts):

        def told(share: float, before: int = number) -> None:
            tell((before + share) / len(parts))

        if together:
            yield from _results(part, measure, True, notes, told)
        else:
            yield from _trained(part, measure, False, told)


def _trained(runs: Sequence[Run], measure: MeasureSettings, together: bool, tell: Tell) -> list[RunResult]:
    lanes = [Lane(run.model, run.training, dataset(run)) for run in runs]
    trained: Lanes | Alone = Lanes(lanes, device=runs[0].training.device) if together else Alone(lanes)
    data = [lane.dataset for lane in lanes]
    judges = [_judge(run.data.model_dump_json(), measure) for run in runs]
    looking = measure.convergence
    convergence = None
    if looking is not None:
        convergence = Convergence(data, len(lanes), every=looking.every, points=looking.samples, row=looking.in_a_row)
    schedule = _Schedule(measure, [_judge(run.data.model_dump_json(), measure, True) for run in runs])
    steps = runs[0].training.steps
    told = time.perf_counter()
    watch = None if convergence is None else partial(convergence.check, cast(Lanes, trained))
    for record in trained.play(watch):
        schedule.take(trained, record, last=record.step == steps)
        if time.perf_counter() - told > 0.2:
            told = time.perf_counter()
            tell(record.step / steps)
    frozen = trained.frozen.tolist()
    times = [math.nan] * len(runs) if convergence is None else convergence.steps.tolist()
    found = measured(trained, judges)
    return [
        RunResult(
            key=run.key,
            trained="lanes" if together else "alone",
            steps=steps,
            frozen_at=None if frozen[lane] < 0 else int(frozen[lane]),
            converged_at=None if math.isnan(times[lane]) else int(times[lane]),
            outcomes=found[lane],
            schedule=tuple(schedule.steps),
            series={name: tuple(column[lane].tolist()) for name, column in schedule.columns().items()},
        )
        for lane, run in enumerate(runs)
    ]


class _Schedule:
    """The rows of series.csv: means of the records since the last row, and what is measured at the row's step."""

    def __init__(self, measure: MeasureSettings, judges: Sequence[Outcomes]) -> None:
        self._measure, self._judges = measure, judges
        self.steps: list[int] = []
        self._rows: list[dict[str, Tensor]] = []
        self._pending: list[LaneRecord] = []

    def take(self, lanes: Lanes | Alone, record: LaneRecord, *, last: bool) -> None:
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
            found = measured(lanes, self._judges)
            for name in dict.fromkeys(name for own in found for name in own):
                row[name] = torch.tensor([own.get(name, math.nan) for own in found], dtype=torch.float64)
        self.steps.append(record.step)
        self._rows.append(row)
        self._pending = []

    def columns(self) -> dict[str, Tensor]:
        """By name, (S, rows)."""
        names = dict.fromkeys(name for row in self._rows for name in row)
        size = len(self._judges)
        missing = torch.full((size,), math.nan, dtype=torch.float64)
        return {name: torch.stack([row.get(name, missing) for row in self._rows], 1) for name in names}


def dataset(run: Run) -> Dataset:
    """The run's data, loaded once a process. Raises DataError where they have changed since the study was planned."""
    found = _loaded(run.data.model_dump_json())
    if found.fingerprint != run.fingerprint:
        raise DataError(f"{found.name}: the data here are not those that the study was planned with.")
    return found


@lru_cache(maxsize=64)
def _loaded(settings: str) -> Dataset:
    return data_package.load(DataSettings.model_validate_json(settings))


@lru_cache(maxsize=64)
def _judge(data: str, measure: MeasureSettings, scheduled: bool = False) -> Outcomes:
    names = measure.scheduled if scheduled else measure.outcomes
    return Outcomes(_loaded(data), names, measure.samples, measure.seed)
