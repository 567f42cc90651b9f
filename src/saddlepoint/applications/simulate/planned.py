"""Play the real task and the learnt one by planning in the model, and compare the returns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from saddlepoint.applications.simulate.planners.planner import check_planner
from saddlepoint.applications.simulate.playing import Played, play
from saddlepoint.applications.simulate.registration import make_environment
from saddlepoint.applications.simulate.settings import PLANNERS, Search
from saddlepoint.applications.simulate.tasks import make_task, task_spaces
from saddlepoint.applications.simulate.world import World, check_task
from saddlepoint.errors import SettingError
from saddlepoint.evaluation.statistics.intervals import Interval, mean_interval, normal_interval
from saddlepoint.progress.protocol import Report

UNSEEN = 1_000_000  # added to seeds: the real task would otherwise begin as it did in the recording with the same seed


@dataclass(frozen=True)
class PlannerResult:
    """One planner.

    Attributes:
        planner: its name.
        real: the return of the real task, mean over episodes.
        learnt: the return of the learnt task, by the same planner.
        return_gap: learnt minus real: above 0 where the planner exploits errors of the model.
        promised: the return over the horizon that the model promised, at the steps of real episodes.
        obtained: the return that was obtained in these steps.
        promise_gap: promised minus obtained.
        unusual: share of the steps of real episodes about which the members of the model disagree more than about 95 % of the held-out
            steps; None for a model of a single network.
        returns: of each real episode.
        learnt_returns: of each episode in the learnt task.
    """

    planner: str
    real: Interval
    learnt: Interval
    return_gap: Interval
    promised: Interval
    obtained: Interval
    promise_gap: Interval
    unusual: Interval | None
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
        return f"{best.planner} earns {amount(best.real.value)} in {self.task}; recorded episodes earned {amount(self.recorded)}"

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
        check_planner(name)
    if not planners:
        raise SettingError(f"simulate: there is no planner; name at least one of {', '.join(PLANNERS)}.")
    name = task or world.trained.task
    if not name:
        raise SettingError("simulate: the trajectories do not name their task; give it with --task.")
    real = [make_task(name) for _ in range(episodes)]
    observation, action = task_spaces(real[0])
    check_task(world, name, observation, action)
    limit = getattr(real[0].spec, "max_episode_steps", None)
    if limit is not None and search.horizon > limit:
        raise SettingError(
            f"simulate: the horizon is {search.horizon} steps, and episodes of {name} last {limit} at most; give at most {limit}."
        )
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

            played.append(play(tasks, world, planner, search, UNSEEN + seed, say))
        results.append(compare_played(planner, *played))
    for one in real:
        one.close()
    return Planned(tuple(results), name, search, float(world.trained.returns.mean()))


def compare_played(planner: str, real: Played, learnt: Played) -> PlannerResult:
    """Compare episodes that a planner played in the real task and in the learnt one, as many in each."""
    return PlannerResult(
        planner,
        _interval(real.returns),
        _interval(learnt.returns),
        _difference(learnt.returns, real.returns),
        _interval(real.promised),
        _interval(real.obtained),
        _interval(real.promised - real.obtained),
        None if real.unusual is None else _interval(real.unusual),
        tuple(real.returns.tolist()),
        tuple(learnt.returns.tolist()),
    )


def amount(value: float) -> str:
    """A return in words: whole numbers where it is large."""
    return f"{value:,.0f}" if abs(value) >= 10 else f"{value:.2g}"


def _difference(first: npt.NDArray[np.float64], second: npt.NDArray[np.float64]) -> Interval:
    """The difference of the means of two groups of as many episodes, with Welch's interval."""
    value = float(first.mean() - second.mean())
    n = len(first)
    variances = np.array([first.var(ddof=1), second.var(ddof=1)]) / n if n > 1 else np.zeros(2)
    if not variances.any():
        return Interval(value, value, value, 0.95)
    degrees = (n - 1) * variances.sum() ** 2 / np.square(variances).sum()
    return normal_interval(value, float(np.sqrt(variances.sum())), degrees=float(degrees))


def _interval(values: npt.NDArray[np.float64]) -> Interval:
    """The mean with its interval; of one episode without a width, which is said beside it."""
    if len(values) < 2:
        return Interval(float(values[0]), float(values[0]), float(values[0]), 0.95)
    return mean_interval(torch.from_numpy(values))
