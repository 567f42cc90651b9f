"""Plans a study: lists its runs, and the groups of runs that are trained together.

A run's key is the hash of everything that its numbers depend on: settings, data and measures. Results are stored by
key, so a study that is resumed, or extended by more seeds, trains only the missing runs.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from saddlepoint import data as data_package
from saddlepoint.data.dataset import Dataset
from saddlepoint.data.settings import DataSettings
from saddlepoint.errors import DataError, SettingError
from saddlepoint.lanes.game import StackedGame
from saddlepoint.lanes.replica import Replica, compatible_groups
from saddlepoint.models import build
from saddlepoint.models.settings import ModelSettings
from saddlepoint.studies.convergence import Convergence
from saddlepoint.studies.series_names import check_series
from saddlepoint.studies.settings import MeasureSettings, Point, StudySettings
from saddlepoint.training.settings import TrainingSettings

LONGEST_TICK = 250  # steps
FORMAT = 1  # of the measures; a change invalidates all results
# Training settings that do not change a run's numbers.
FREE = {"device", "threads", "stop_on", "checkpoint_every", "keep", "sample_every", "samples", "tick"}
SMALLEST_PART = 8  # runs of a divided group; with fewer, two workers are hardly faster than one
# Work per step in arbitrary units: of a group, per run in it, and of a single run (measured: benchmarks/RESULTS.md).
GROUP_COST, REPLICA_COST, SINGLE_COST = 0.2, 0.0016, 0.5


@dataclass(frozen=True)
class Run:
    """One run of a study.

    Attributes:
        point: index of its point in the plan.
        model: settings of the model.
        training: settings of training, with the run's seed.
        data: settings of the data.
        fingerprint: fingerprint of the data.
        key: hash of everything that the run's numbers depend on.
    """

    point: int
    model: ModelSettings
    training: TrainingSettings
    data: DataSettings
    fingerprint: str
    key: str

    @property
    def seed(self) -> int:
        """The seed of training."""
        return self.training.seed


@dataclass(frozen=True)
class Group:
    """Runs that one worker trains.

    Attributes:
        key: hash of the runs' keys.
        runs: the runs.
        measure: what is measured.
        together: whether they are trained together as replicas; otherwise they are trained one after another.
    """

    key: str
    runs: tuple[Run, ...]
    measure: MeasureSettings
    together: bool

    @property
    def steps(self) -> int:
        """Number of training steps of each run."""
        return self.runs[0].training.steps

    @property
    def work(self) -> float:
        """Training time relative to other groups, in arbitrary units."""
        count = len(self.runs)
        per_step = GROUP_COST + REPLICA_COST * count if self.together else SINGLE_COST * count
        return self.steps * per_step


@dataclass(frozen=True)
class Plan:
    """All runs of a study.

    Attributes:
        study: the settings of the study.
        points: combinations of the axes' values.
        runs: all runs, in the order of the results.
        compatible: indexes of runs that can be trained together.
        alone: by key of a run, the reason why it is trained alone.
    """

    study: StudySettings
    points: tuple[Point, ...]
    runs: tuple[Run, ...]
    compatible: tuple[tuple[int, ...], ...]
    alone: dict[str, str]

    @classmethod
    def of(cls, study: StudySettings, points: Sequence[Point]) -> Plan:
        """Plan a study. Each dataset is loaded once.

        Args:
            study: the settings of the study.
            points: combinations of the axes' values.

        Raises:
            SettingError: modes are asked for, but the data have none; a model cannot be built; or no run records a
                series.
            DataError: data cannot be read, or have fewer examples than a batch.
        """
        datasets: dict[str, Dataset] = {}
        runs: list[Run] = []
        replicas: list[Replica] = []
        for position, point in enumerate(points):
            name = point.data.model_dump_json()
            if name not in datasets:
                datasets[name] = data_package.load(point.data)
                _check(study.measure, datasets[name])
            dataset = datasets[name]
            if len(dataset) < point.model.batch_size(point.training.batch_size, len(dataset)):
                raise DataError(
                    f"{dataset.name} has {len(dataset):,} training examples, fewer than training.batch_size "
                    f"{point.training.batch_size}: lower it."
                )
            for seed in range(study.seeds.first, study.seeds.first + study.seeds.count):
                training = point.training.model_copy(update={"seed": seed} | _ticks(point.training, study.measure))
                key = _key(point.model, training, dataset.fingerprint, study.measure)
                runs.append(Run(position, point.model, training, point.data, dataset.fingerprint, key))
                replicas.append(Replica(point.model, training, dataset))
        compatible = compatible_groups(replicas)
        alone: dict[str, str] = {}
        for members in compatible:
            why_not = _refusal(replicas[members[0]])
            alone |= {runs[index].key: why_not for index in members if why_not}
        check_series(
            study.measure.series, ((replicas[members[0]], runs[members[0]].key in alone) for members in compatible)
        )
        return cls(study, tuple(points), tuple(runs), tuple(map(tuple, compatible)), alone)

    def groups(self, known: Collection[str] = (), workers: int = 1) -> list[Group]:
        """The groups that must be trained, in descending order of work.

        Args:
            known: keys of runs that already have results.
            workers: number of processes; large groups are divided if there are fewer groups than processes.
        """
        found: list[Group] = []
        taken = set(known)
        for members in self.compatible:
            waiting: list[Run] = []
            for index in members:
                run = self.runs[index]
                if run.key not in taken:  # two points may be the same
                    taken.add(run.key)
                    waiting.append(run)
            together = not waiting or waiting[0].key not in self.alone
            size = self.study.lanes if together else 1
            found += [self._group(waiting[at : at + size], together) for at in range(0, len(waiting), size)]
        return sorted(self._divided(found, workers), key=lambda group: -group.work)

    def _divided(self, groups: list[Group], workers: int) -> list[Group]:
        """Divide large groups until there is one for every worker, or the parts would be too small."""
        groups = list(groups)
        while len(groups) < workers:
            large = [group for group in groups if group.together and len(group.runs) >= 2 * SMALLEST_PART]
            if not large:
                break
            longest = max(large, key=lambda group: group.work)
            half = -(-len(longest.runs) // 2)
            at = groups.index(longest)
            groups[at : at + 1] = [self._group(runs, True) for runs in (longest.runs[:half], longest.runs[half:])]
        return groups

    def _group(self, runs: Sequence[Run], together: bool) -> Group:
        return Group(_digest([run.key for run in runs]), tuple(runs), self.study.measure, together)


def _check(measure: MeasureSettings, dataset: Dataset) -> None:
    """Check that the data have the outcomes that the study measures.

    Raises:
        SettingError: the data do not have an outcome.
    """
    asked = {*(measure.outcomes or ()), *measure.scheduled}
    modes = sorted(asked - {"wasserstein", "quality", "held_out"})
    if modes and (dataset.truth is None or dataset.truth.modes is None):
        raise SettingError(
            f"measure.outcomes: {', '.join(modes)} need data with known modes (gaussian, ring, grid), which {dataset.name} "
            "has not: leave them out."
        )
    if measure.convergence is not None:
        Convergence(dataset, 1)


def _ticks(training: TrainingSettings, measure: MeasureSettings) -> dict[str, int]:
    """Frequent ticks if series.csv has rows, otherwise few."""
    tick = min(measure.every or max(1, min(training.steps // 20, LONGEST_TICK)), training.steps)
    return {"tick": tick, "observe_every": min(tick, training.observe_every)}


def _refusal(replica: Replica) -> str:
    """The reason why this run cannot be trained as a replica, or an empty text.

    Raises:
        SettingError: the model cannot be built at all.
    """
    try:
        StackedGame([replica])
    except SettingError as error:
        build(replica.model, replica.dataset.event, seed=replica.training.seed)
        return str(error)
    return ""


def _key(model: ModelSettings, training: TrainingSettings, fingerprint: str, measure: MeasureSettings) -> str:
    return _digest(
        [
            FORMAT,
            model.model_dump(mode="json"),
            training.model_dump(mode="json", exclude=FREE),
            fingerprint,
            measure.model_dump(mode="json"),
        ]
    )


def _digest(facts: Any) -> str:
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:24]
