"""Simulators for reinforcement learning: `sp.simulate`.

    import saddlepoint as sp
    trajectories = sp.simulate.record("CartPole-v1", steps=10_000, policy="mixed")
    run = sp.simulate.train(trajectories, run="runs/cartpole")
    environment = sp.simulate.environment(run)                   # for gymnasium's users
    sp.simulate.evaluate(run)                                    # how well it predicts
    sp.simulate.plan(run, planner="cem", episodes=10)            # plan in it, act in the real task

`register` makes the learnt task known to `gymnasium.make`.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from saddlepoint.applications.simulate.evaluated import Evaluated, evaluate_world
from saddlepoint.applications.simulate.planned import Planned, plan_task
from saddlepoint.applications.simulate.recording import record_trajectories
from saddlepoint.applications.simulate.registration import make_environment, register_run
from saddlepoint.applications.simulate.settings import CEM, ENSEMBLE, EPISODES, HORIZONS, RANDOM, STEPS, Search
from saddlepoint.applications.simulate.training import model_name, recipe_for
from saddlepoint.applications.simulate.world import load_world
from saddlepoint.arguments import check_count
from saddlepoint.data.trajectories import Trajectories, merge
from saddlepoint.data.trajectory_files import from_arrays, read_trajectories
from saddlepoint.errors import SettingError
from saddlepoint.experiment.run import Run
from saddlepoint.experiment.start import train as train_recipe
from saddlepoint.progress import report_for
from saddlepoint.progress.protocol import Report

__all__ = ["Search", "Trajectories", "environment", "evaluate", "plan", "record", "register", "train"]

MOST_SEED = 2**32 - 1
Source = str | Path | Trajectories | Mapping[str, Any]


def record(
    task: str,
    *,
    steps: int = STEPS,
    policy: str = RANDOM,
    seed: int = 0,
    run: str | Path | Run | None = None,
    out: str | Path | None = None,
    progress: Report | bool = True,
) -> Trajectories:
    """Record trajectories of a task of Gymnasium.

    Args:
        task: its name, such as "CartPole-v1".
        steps: how many.
        policy: "random", "held" (random actions that are held for some steps), "linear" (random linear functions of the state) or "mixed"
            (the three in turn, which visits more states).
        seed: of the task and the policy.
        run: a run of a learnt task, or its folder: actions are chosen by planning in it, instead of by a policy.
        out: an .npz file to write as well; it is replaced if it exists.
        progress: a function that receives the progress, or whether to show it on a terminal or in a notebook.

    Raises:
        MissingExtraError: Gymnasium is not installed.
        SettingError: there is no such task or policy, both a run and a policy are given, or the task's spaces are not supported.
    """
    steps = check_count("simulate", "steps", steps, 1)
    seed = check_count("simulate", "seed", seed, 0, MOST_SEED)
    if run is not None and policy != RANDOM:
        raise SettingError(
            f"simulate: actions are chosen by planning in {_folder(run)} or by {policy}; give run or policy."
        )
    world = None if run is None else load_world(_folder(run))
    if out is not None:
        Path(out).parent.mkdir(parents=True, exist_ok=True)
    with report_for(progress) as report:
        found = record_trajectories(task, steps, policy, seed, report, world)
    if out is not None:
        found.write(Path(out))
    return found


def read_sources(source: Source | Sequence[Source]) -> Trajectories:
    """Trajectories of one source or of several of one task: files, mappings of arrays, or what `record` returned.

    Raises:
        DataError: they cannot be read, or are of different tasks.
    """
    several: list[Source] = [source] if isinstance(source, str | Path | Trajectories | Mapping) else list(source)
    parts: list[Trajectories] = []
    names: list[str] = []
    for number, one in enumerate(several, 1):
        names.append(str(one) if isinstance(one, str | Path) else f"trajectories {number}")
        if isinstance(one, Trajectories):
            parts.append(one)
        else:
            parts.append(from_arrays(one, names[-1]) if isinstance(one, Mapping) else read_trajectories(one))
    return parts[0] if len(parts) == 1 else merge(parts, names)


def train(
    source: Source | Sequence[Source],
    *,
    model: str = ENSEMBLE,
    run: str | Path | None = None,
    steps: int | None = None,
    seed: int = 0,
    settings: Mapping[str, Any] | None = None,
    overwrite: bool = False,
    pictures: bool = True,
    listener: Any = None,
) -> Run:
    """Learn a task from trajectories: the next state, the reward and the end given a state and an action.

    Args:
        source: an .npz file, a mapping of arrays, what `record` returned, or a list of these.
        model: "ensemble", "vae" or "gan".
        run: the folder to write; by default runs/simulate-MODEL-N.
        steps: of training.
        seed: of training.
        settings: of the recipe to change, by dotted name: `{"model.members": 7}`.
        overwrite: whether an existing run may be replaced.
        pictures: whether the report and its pictures are made at the end.
        listener: gets callbacks during training.

    Returns:
        The run. Its folder holds a copy of the trajectories, as data.npz.

    Raises:
        DataError: the trajectories cannot be read, or their shapes do not fit together.
        SettingError: there is no such model or setting.
        RunError: the folder of the run is taken.
    """
    found = read_sources(source)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "trajectories.npz"
        found.write(path)
        recipe = recipe_for(found, model, steps, seed, str(path))
        if settings:
            recipe = recipe.override(settings, "simulate")
        return train_recipe(recipe, run=run, overwrite=overwrite, pictures=pictures, listener=listener)


def environment(run: str | Path | Run, num_envs: int | None = None) -> Any:
    """A learnt task as an environment of Gymnasium.

    Args:
        run: the run, or its folder.
        num_envs: None for `gymnasium.Env`; a number for a `gymnasium.vector.VectorEnv` of so many episodes, predicted together.

    Raises:
        MissingExtraError: Gymnasium is not installed.
        RunError: the folder is no run of trajectories.
    """
    if num_envs is not None:
        num_envs = check_count("simulate", "num_envs", num_envs, 1)
    return make_environment(_folder(run), num_envs)


def register(run: str | Path | Run, name: str | None = None) -> str:
    """Register a learnt task with Gymnasium, and return its identifier: `gymnasium.make(sp.simulate.register("runs/cartpole"))`.

    Args:
        run: the run, or its folder.
        name: after "saddlepoint/"; None takes the folder's name.

    Raises:
        MissingExtraError: Gymnasium is not installed.
        RunError: the folder is no run of trajectories.
    """
    return register_run(_folder(run), name)


def evaluate(
    run: str | Path | Run, *, horizons: Sequence[int] = HORIZONS, seed: int = 0, progress: Report | bool = True
) -> Evaluated:
    """Measure how well a learnt task predicts its held-out episodes: open-loop errors over k steps against persistence and a linear model, and
    the coverage of predictive intervals.

    Args:
        run: the run, or its folder.
        horizons: numbers of steps; those that no two held-out episodes last are left out.
        seed: of the starts and the futures.
        progress: as in `record`.

    Raises:
        RunError: the folder is no run of trajectories.
        DataError: there are too few held-out episodes.
        SettingError: an argument is out of range.
    """
    horizons = sorted({check_count("simulate", "horizons", steps, 1) for steps in horizons})
    if not horizons:
        raise SettingError("simulate: horizons are empty; give at least one number of steps.")
    seed = check_count("simulate", "seed", seed, 0, MOST_SEED)
    world = load_world(_folder(run))
    with report_for(progress) as report:
        return evaluate_world(world, model_name(world.folder), horizons, seed, report)


def plan(
    run: str | Path | Run,
    *,
    planner: str | Sequence[str] = CEM,
    episodes: int = EPISODES,
    search: Search | None = None,
    task: str | None = None,
    seed: int = 0,
    progress: Report | bool = True,
) -> Planned:
    """Play the real task by planning in the learnt one, and the learnt one by the same planner: the gap of their returns shows where errors of
    the model are exploited, and the members' disagreement where plans leave the recorded data.

    Args:
        run: the run, or its folder.
        planner: "shooting", "cem", "mppi", or several of them.
        episodes: of each planner in each task; all are played at once.
        search: horizon, candidates, iterations and particles; None for the defaults.
        task: the real task of Gymnasium; None takes the recorded one.
        seed: of the tasks and the planner.
        progress: as in `record`.

    Raises:
        MissingExtraError: Gymnasium is not installed.
        RunError: the folder is no run of trajectories.
        SettingError: a planner or the task does not exist, or the task has other spaces than the recorded one.
    """
    episodes = check_count("simulate", "episodes", episodes, 1)
    seed = check_count("simulate", "seed", seed, 0, MOST_SEED)
    chosen = search or Search()
    for name, value in asdict(chosen).items():
        check_count("simulate", name, value, 2 if name == "candidates" else 1)
    planners = [planner] if isinstance(planner, str) else list(dict.fromkeys(planner))
    world = load_world(_folder(run))
    with report_for(progress) as report:
        return plan_task(world, planners, episodes, chosen, seed, task, report)


def _folder(run: str | Path | Run) -> str | Path:
    return run.folder.path if isinstance(run, Run) else run
