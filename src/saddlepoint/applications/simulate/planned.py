"""Play the real task and the learnt one by planning in the model, and compare the returns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch

from saddlepoint.applications.simulate.playing import Played, play
from saddlepoint.applications.simulate.registration import make_environment
from saddlepoint.applications.simulate.settings import PLANNERS, Search
from saddlepoint.applications.simulate.tasks import make_task, task_spaces
from saddlepoint.applications.simulate.world import World, check_task
from saddlepoint.errors import SettingError
from saddlepoint.evaluation.statistics.intervals import Interval, mean_interval
from saddlepoint.progress.protocol import Report


@dataclass(frozen=True)
class PlannerResult:
    """One planner.

    Attributes:
        planner: its name.
        real: the return of the real task, mean over episodes.
        learnt: the return of the learnt task, by the same planner.
        promised: what the model promised over the horizon, at the steps of real episodes.
        obtained: what came in these steps.
        gap: promised minus obtained.
        returns: of each real episode.
        learnt_returns: of each episode in the learnt task.
    """

    planner: str
    real: Interval
    learnt: Interval
    promised: Interval
    obtained: Interval
    gap: Interval
    returns: tuple[float, ...]
    learnt_returns: tuple[float, ...]


@dataclass(frozen=True)
class Planned:
    """All planners.

    Attributes:
        results: by planner, in their order.
        task: the real task's name.
        search: how plans were searched for.
        recorded: mean return of the recorded episodes.
    """

    results: tuple[PlannerResult, ...]
    task: str
    search: Search
    recorded: float

    @property
    def headline(self) -> str:
        """What was found, in at most twelve words."""
        best = max(self.results, key=lambda one: one.real.value)
        return (
            f"{best.planner} earns {best.real.value:,.0f} in {self.task}; recorded episodes earned {self.recorded:,.0f}"
        )

    def to_json(self) -> dict[str, Any]:
        """Everything as values that JSON can hold."""
        return {
            "headline": self.headline,
            "task": self.task,
            "search": asdict(self.search),
            "recorded": self.recorded,
            "planners": [asdict(one) for one in self.results],
        }


def plan_task(
    world: World,
    planners: Sequence[str],
    episodes: int,
    search: Search,
    seed: int,
    task: str | None,
    report: Report | None,
) -> Planned:
    """Play by planning.

    Args:
        world: the learnt task.
        planners: their names.
        episodes: of each planner in the real task, and as many in the learnt one.
        search: how plans are searched for.
        seed: of everything random.
        task: the real task; None takes the recorded one.
        report: receives the progress.

    Raises:
        SettingError: a planner or the task does not exist, or the task is not the recorded one.
    """
    for name in planners:
        if name not in PLANNERS:
            raise SettingError(f"simulate: there is no planner {name}. Known: {', '.join(PLANNERS)}.")
    name = task or world.trained.task
    if not name:
        raise SettingError("simulate: the trajectories do not name their task; give it with --task.")
    real = [make_task(name) for _ in range(episodes)]
    observation, action = task_spaces(real[0])
    check_task(world, name, observation, action)
    learnt = [make_environment(world) for _ in range(episodes)]
    results = []
    for number, planner in enumerate(planners):
        played = []
        for half, (tasks, where) in enumerate(((real, "the real task"), (learnt, "the learnt task"))):

            def say(
                words: str, share: float, place: float = number + half / 2, what: str = f"{planner} in {where}"
            ) -> None:
                if report is not None:
                    report(f"{what}: {words}", (place + share / 2) / len(planners))

            played.append(play(tasks, world, planner, search, seed, say))
        results.append(_result(planner, *played))
    for one in real:
        one.close()
    return Planned(tuple(results), name, search, float(world.trained.returns.mean()))


def _result(planner: str, real: Played, learnt: Played) -> PlannerResult:
    gap = real.promised - real.obtained
    return PlannerResult(
        planner,
        _interval(real.returns),
        _interval(learnt.returns),
        _interval(real.promised),
        _interval(real.obtained),
        _interval(gap),
        tuple(real.returns.tolist()),
        tuple(learnt.returns.tolist()),
    )


def _interval(values: np.ndarray[Any, np.dtype[np.float64]]) -> Interval:
    """The mean with its interval; of one episode without a width, which is said beside it."""
    if len(values) < 2:
        return Interval(float(values[0]), float(values[0]), float(values[0]), 0.95)
    return mean_interval(torch.from_numpy(values))
