"""How well a learnt task predicts held-out episodes: open-loop errors over k steps, and the calibration of predictive intervals.

From states of held-out episodes, the model predicts k steps under the recorded actions, without seeing anything in between. Many futures
are drawn: their mean is the prediction, and their quantiles are predictive intervals. Beside it are the state itself (persistence) and a
linear model of a step, fitted to the same training episodes by least squares. Numbers that are constant in the training episodes are left out.
Starts of one episode are alike, so that all intervals are of resampled episodes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from saddlepoint.applications.simulate.settings import HORIZONS, LEVELS
from saddlepoint.applications.simulate.world import World
from saddlepoint.data.trajectories import Trajectories
from saddlepoint.errors import DataError
from saddlepoint.evaluation.statistics.intervals import Interval
from saddlepoint.progress.protocol import Report

FUTURES = 40  # drawn for each start, at least one of each member
STARTS = 200  # of a horizon at most
REPEATS = 1_000  # of the bootstrap
MODEL, PERSISTENCE, LINEAR = "model", "persistence", "linear"

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class HorizonResult:
    """Predictions over one horizon.

    Attributes:
        steps: k.
        starts: states that were predicted from.
        episodes: held-out episodes that they are of.
        errors: root mean squared error in standard deviations of the training states, by model, persistence and linear model.
        advantages: error of persistence and of the linear model minus that of the model, of the same resampled episodes.
        coverage: share of numbers within the predictive interval, by its level.
    """

    steps: int
    starts: int
    episodes: int
    errors: dict[str, Interval]
    advantages: dict[str, Interval]
    coverage: dict[float, Interval]

    def to_json(self) -> dict[str, Any]:
        """The result as values that JSON can hold."""
        errors, advantages = (
            {name: asdict(interval) for name, interval in each.items()} for each in (self.errors, self.advantages)
        )
        coverage = {f"{level:g}": asdict(interval) for level, interval in self.coverage.items()}
        return {
            "steps": self.steps,
            "starts": self.starts,
            "episodes": self.episodes,
            "errors": errors,
            "advantages": advantages,
            "coverage": coverage,
        }


def measure_horizons(
    world: World, horizons: Sequence[int] = HORIZONS, seed: int = 0, report: Report | None = None
) -> list[HorizonResult]:
    """Measure predictions of held-out episodes.

    Args:
        world: the learnt task.
        horizons: numbers of steps; those that no two held-out episodes last are left out.
        seed: of the starts, the futures and the bootstrap.
        report: receives the progress.

    Raises:
        DataError: there are fewer than two held-out episodes.
    """
    held_out = world.held_out
    if held_out is None or len(held_out.episodes) < 2:
        raise DataError(
            f"simulate: {world.folder} has fewer than two held-out episodes, so its predictions cannot be measured; record more episodes."
        )
    linear = fit_linear(world.trained)
    scale = world.trained.states.std(0).astype(np.float64)
    varies = scale > 0
    if not varies.any():
        raise DataError(
            f"simulate: the training states of {world.folder} are all equal, so there is nothing to predict."
        )
    low, high = (bound.numpy() for bound in world.bounds)
    found = []
    for number, steps in enumerate(horizons):
        if report is not None:
            report(f"predicting {steps} step{'s' if steps > 1 else ''}", number / len(horizons))
        rng = np.random.default_rng([seed, steps])
        starts, groups = _starts(held_out, steps, rng)
        if len(set(groups.tolist())) < 2:
            continue
        index = starts[:, None] + np.arange(steps)
        truth = held_out.next_states[index[:, -1]].astype(np.float64)
        now, actions = (
            held_out.states[starts],
            world.action.encode(held_out.actions[index].reshape(-1, *held_out.actions.shape[1:])),
        )
        actions = actions.reshape(len(starts), steps, -1)
        futures = predict_futures(world, torch.from_numpy(now), torch.from_numpy(actions), FUTURES, seed)[
            :, :, -1
        ].numpy()
        # The linear model knows the bounds of states too: without them its errors would grow beyond all measure.
        guesses = {MODEL: futures.mean(0), PERSISTENCE: now, LINEAR: linear(now, actions).clip(low, high)}
        squares = {name: (((guess - truth)[:, varies] / scale[varies]) ** 2).mean(1) for name, guess in guesses.items()}
        inside = {level: inside_interval(futures, truth, level)[:, varies].mean(1) for level in LEVELS}
        resampled = EpisodeBootstrap(groups, rng)
        roots = {name: np.sqrt(resampled.means(values)) for name, values in squares.items()}
        errors = {name: _interval(root) for name, root in roots.items()}
        advantages = {name: _interval(roots[name] - roots[MODEL]) for name in (PERSISTENCE, LINEAR)}
        coverage = {level: _interval(resampled.means(values)) for level, values in inside.items()}
        found.append(HorizonResult(steps, len(starts), len(set(groups.tolist())), errors, advantages, coverage))
    if not found:
        raise DataError(f"simulate: the held-out episodes of {world.folder} are too short; record longer episodes.")
    return found


def predict_futures(world: World, states: Tensor, actions: Tensor, futures: int, seed: int) -> Tensor:
    """Draw futures; each is of one member of the ensemble.

    Args:
        world: the learnt task.
        states: (N, S).
        actions: (N, k, A), choices as one-hot codes.
        futures: how many at least.
        seed: of the noise.

    Returns:
        (futures, N, k, S) states; whether the task ends is not predicted here, since the recorded actions go on.
    """
    generator = torch.Generator().manual_seed(seed)
    each, n = -(-futures // world.members), len(states)
    rows = each * n
    now = states.expand(world.members, each, n, -1).reshape(world.members, rows, -1)
    path = []
    for step in range(actions.shape[1]):
        action = actions[:, step].expand(world.members, each, n, -1).reshape(world.members, rows, -1)
        now, _, _ = world.step(now, action, world.draw_noise(rows, generator))
        path.append(now.view(world.members * each, n, -1))
    return torch.stack(path, 2)


def fit_linear(trajectories: Trajectories) -> Callable[[npt.NDArray[Any], npt.NDArray[Any]], Array]:
    """A linear model of a step, fitted by least squares.

    Args:
        trajectories: training episodes.

    Returns:
        From states (N, S) and actions (N, k, A) to the states after k steps (N, S).
    """
    actions = trajectories.action.encode(trajectories.actions)
    inputs = np.concatenate([trajectories.states, actions, np.ones((len(actions), 1))], 1).astype(np.float64)
    weights = np.linalg.lstsq(inputs, trajectories.next_states.astype(np.float64), rcond=None)[0]

    def predict(states: npt.NDArray[Any], steps: npt.NDArray[Any]) -> Array:
        now: Array = states.astype(np.float64)
        for step in range(steps.shape[1]):
            now = np.concatenate([now, steps[:, step], np.ones((len(now), 1))], 1) @ weights
        return now

    return predict


def _starts(
    held_out: Trajectories, steps: int, rng: np.random.Generator
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """At most `STARTS` first steps of windows of this length, and the number of the episode of each."""
    pairs = [
        (start, number)
        for number, episode in enumerate(held_out.episodes)
        for start in range(episode.start, episode.stop - steps + 1)
    ]
    if not pairs:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    chosen = np.array(pairs)[np.sort(rng.permutation(len(pairs))[:STARTS])]
    return chosen[:, 0], chosen[:, 1]


def inside_interval(futures: npt.NDArray[Any], truth: Array, level: float) -> npt.NDArray[np.bool_]:
    """Whether the truth (N, S) lies in the central interval of futures (F, N, S).

    Quantiles are those of Weibull: between F draws and the truth of the same distribution, the share of truths inside is then the level.
    With numpy's default, intervals of 40 draws would hold 90 % at the level of 95 %.
    """
    low, high = np.quantile(futures, [(1 - level) / 2, (1 + level) / 2], axis=0, method="weibull")
    found: npt.NDArray[np.bool_] = (low <= truth) & (truth <= high)
    return found


class EpisodeBootstrap:
    """Resamples episodes with all their starts, the same ones for all that is measured.

    Args:
        groups: (N,) number of the episode of each start.
        rng: draws the episodes.
    """

    def __init__(self, groups: npt.NDArray[np.int64], rng: np.random.Generator) -> None:
        _, self.places = np.unique(groups, return_inverse=True)
        self.counts = np.bincount(self.places)
        self.drawn = rng.integers(len(self.counts), size=(REPEATS, len(self.counts)))

    def means(self, values: Array) -> Array:
        """Values (N,) -> their mean, followed by those of the resampled episodes (1 + REPEATS,)."""
        sums = np.bincount(self.places, values)
        means: Array = sums[self.drawn].sum(1) / self.counts[self.drawn].sum(1)
        return np.concatenate([[values.mean()], means])


def _interval(values: Array) -> Interval:
    """An estimate, followed by those of resampled episodes -> its 95 % interval."""
    low, high = np.quantile(values[1:], [0.025, 0.975])
    return Interval(float(values[0]), float(low), float(high), 0.95)
