"""A simulator of a task from 10,000 real steps: returns by planning in it, and of a policy that was trained in it alone.

    python benchmarks/simulate.py [--keep DIR] [--seeds N] [--rows NAME ...] [--minutes M] [--part I/N] [--quick]

A trial records the task, learns it with an ensemble, and plays five episodes of the real task: by planning, or with a policy of PPO
(stable-baselines3) that was trained in the learnt task only. All 10,000 steps are of the mixed policies; or 5,000 are, and 5,000 more are
recorded by planning in the task that was learnt from these, after which it is learnt again from all. Rows of one task and one way of
recording share the learnt task of a seed. A finished trial is in outcomes/simulate.jsonl and not measured again. With five seeds of all rows,
the section of RESULTS.md is written. --quick plays one short trial of each row and writes nothing.

References:
    Deep Reinforcement Learning in a Handful of Trials using Probabilistic Dynamics Models (Kurtland Chua, Roberto Calandra, Rowan
        McAllister, Sergey Levine, 2018), https://arxiv.org/abs/1805.12114
    Proximal Policy Optimization Algorithms (John Schulman, Filip Wolski, Prafulla Dhariwal, Alec Radford, Oleg Klimov, 2017),
        https://arxiv.org/abs/1707.06347
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np

import results
import saddlepoint as sp
from saddlepoint.applications.simulate.playing import play
from saddlepoint.applications.simulate.policies.planning import RANDOM_SHARE
from saddlepoint.applications.simulate.policies.planning import SEARCH as SECOND
from saddlepoint.applications.simulate.settings import Search
from saddlepoint.applications.simulate.tasks import make_task
from saddlepoint.applications.simulate.world import World, load_world
from tables.outcomes import group_outcomes, hashed_key, origin, outcomes_file
from tables.trials import argument_parser, train_missing

SECTION = "Simulators: returns in the real task"
SEEDS, STEPS, TRAINING, EPISODES = 5, 10_000, 5_000, 5
SEARCH = Search(horizon=25, candidates=50, iterations=2, particles=5)
PPO_STEPS, PARALLEL = 100_000, 8
PPO = "PPO"
MIXED, AGAIN = (STEPS,), (STEPS // 2, STEPS // 2)  # real steps of each recording


@dataclass(frozen=True)
class Row:
    """A row of the table.

    Attributes:
        task: the real task.
        how: a planner, or PPO.
        goal: the return that the mean over episodes must reach.
        recordings: real steps of each recording; the second one acts by planning in what was learnt from the first.
    """

    task: str
    how: str
    goal: float
    recordings: tuple[int, ...] = MIXED

    @property
    def name(self) -> str:
        return f"{self.task} {self.how}" + (", recorded twice" if len(self.recordings) > 1 else "")


ROWS = {
    row.name: row
    for row in (
        # The mixed policies seldom meet the end of CartPole's track, which planning in the learnt task then leads to.
        *(Row("CartPole-v1", how, 475.0, AGAIN) for how in ("mppi", "cem", "shooting", PPO)),
        *(Row("CartPole-v1", how, 475.0) for how in ("mppi", PPO)),
        *(Row("Pendulum-v1", how, -170.0) for how in ("mppi", "cem", "shooting")),
    )
}


@dataclass(frozen=True)
class Trial:
    """One seed of a row."""

    row: Row
    seed: int
    quick: bool = False

    @property
    def key(self) -> str:
        """The key of its outcome."""
        return hashed_key(
            f"{self.row.name}, {self.seed}",
            self.row.recordings, TRAINING, EPISODES, vars(SEARCH), vars(SECOND), RANDOM_SHARE, PPO_STEPS, self.quick,
        )  # fmt: skip


@dataclass(frozen=True)
class Outcome:
    """What a trial found.

    Attributes:
        returns: of the real episodes.
        promised, obtained: the return over the horizon that the planner's model promised, and that was obtained; None for a policy.
        unusual: share of the real steps about which the members disagree more than about 95 % of the held-out steps; None for a policy.
        recorded: mean return of the recorded episodes.
        real_steps: that were recorded in all.
        training_seconds, seconds: of training the model, and of the whole trial.
    """

    returns: list[float]
    promised: float | None
    obtained: float | None
    unusual: float | None
    recorded: float
    real_steps: int
    training_seconds: float
    seconds: float

    @property
    def mean(self) -> float:
        """The mean return of the real episodes."""
        return float(np.mean(self.returns))


@dataclass(frozen=True)
class Learnt:
    """A learnt task.

    Attributes:
        world: the learnt task.
        recorded: mean return of the recorded episodes.
        real_steps: that were recorded.
        seconds: of recording and training.
    """

    world: World
    recorded: float
    real_steps: int
    seconds: float


@lru_cache(maxsize=2)  # trials of one seed follow each other
def learn(task: str, recordings: tuple[int, ...], seed: int, training: int) -> Learnt:
    """Record a task and learn it, after each recording from all steps so far."""
    began = time.perf_counter()
    parts: list[Any] = []
    with tempfile.TemporaryDirectory() as folder:
        learnt: Any = None
        for number, steps in enumerate(recordings):
            policy = {"policy": "mixed"} if learnt is None else {"run": learnt}
            # Seeds of a recording and of the episodes that are measured (from 1,000) are all different.
            parts.append(sp.simulate.record(task, steps=steps, seed=100 * seed + number, progress=False, **policy))
            learnt = sp.simulate.train(
                parts, run=Path(folder) / f"run-{number}", steps=training, seed=seed, pictures=False,
                settings={"evaluation.watch_every": 10**6, "evaluation.samples": 50},
            )  # fmt: skip
        world = load_world(learnt.folder.path)
    returns = np.concatenate([part.returns for part in parts])
    return Learnt(world, float(returns.mean()), sum(map(len, parts)), time.perf_counter() - began)


def run(trial: Trial) -> Outcome:
    """Record, learn, and play the real task."""
    recordings, training, episodes = trial.row.recordings, TRAINING, EPISODES
    if trial.quick:
        recordings, training, episodes = (500,) * len(recordings), 50, 1
    learnt = learn(trial.row.task, recordings, trial.seed, training)
    began = time.perf_counter()
    promised = obtained = unusual = None
    if trial.row.how == PPO:
        steps = 512 if trial.quick else PPO_STEPS
        returns = train_policy(learnt.world, trial.row.task, trial.seed, episodes, steps)
    else:
        tasks = [make_task(trial.row.task) for _ in range(episodes)]
        search = Search(5, 4, 1, 5) if trial.quick else SEARCH
        played = play(tasks, learnt.world, trial.row.how, search, 1_000 * (trial.seed + 1))
        returns = played.returns.tolist()
        promised, obtained = float(played.promised.mean()), float(played.obtained.mean())
        unusual = None if played.unusual is None else float(played.unusual.mean())
    seconds = learnt.seconds + time.perf_counter() - began
    return Outcome(returns, promised, obtained, unusual, learnt.recorded, learnt.real_steps, learnt.seconds, seconds)


def train_policy(world: World, task: str, seed: int, episodes: int, steps: int) -> list[float]:
    """Train PPO in the learnt task alone, with the settings of rl-zoo for CartPole, and return its returns in the real one."""
    import stable_baselines3
    from stable_baselines3.common.evaluation import evaluate_policy
    from stable_baselines3.common.vec_env import DummyVecEnv, VecMonitor

    from saddlepoint.applications.simulate.registration import make_environment

    learnt = VecMonitor(DummyVecEnv([lambda: make_environment(world)] * PARALLEL))
    policy = stable_baselines3.PPO(
        "MlpPolicy", learnt, seed=seed, n_steps=32, batch_size=256, n_epochs=20, gae_lambda=0.8, gamma=0.98, device="cpu",
        learning_rate=lambda left: 1e-3 * left, clip_range=lambda left: 0.2 * left,
    )  # fmt: skip
    policy.learn(steps)
    real: Any = DummyVecEnv([lambda: make_task(task)])
    real.seed(1_000 * (seed + 1))
    returns, _ = evaluate_policy(policy, VecMonitor(real), episodes, return_episode_rewards=True)
    return [float(one) for one in returns]


def describe(trial: Trial, outcome: Outcome) -> str:
    """One line about a finished trial."""
    return f"{trial.row.name}, seed {trial.seed}: {outcome.mean:.1f} (goal {trial.row.goal:g})"


def body(found: Mapping[str, Sequence[Outcome]]) -> str:
    """The section as Markdown."""
    rows = []
    for name, several in found.items():
        row, means = ROWS[name], [one.mean for one in several]
        reached = sum(mean >= row.goal for mean in means)
        gap = "" if several[0].promised is None else f"{np.mean([one.promised - one.obtained for one in several]):+.2f}"
        unusual = "" if several[0].unusual is None else f"{np.mean([one.unusual for one in several]):.0%}"
        rows.append(
            [row.task, row.how, " + ".join(f"{steps:,}" for steps in row.recordings),
             f"{np.mean([one.recorded for one in several]):.0f}", f"{np.mean(means):.1f}", f"{min(means):.1f}", f"{max(means):.1f}", gap,
             unusual, f"{row.goal:g}", f"{reached} of {len(means)}", f"{np.mean([one.seconds for one in several]):.0f}"]
        )  # fmt: skip
    columns = [
        "task", "by", "real steps", "recorded", "mean return", "lowest seed", "highest seed", "promised minus obtained", "unusual steps",
        "goal", "seeds that reach it", "seconds",
    ]  # fmt: skip
    return (
        f"Each seed takes {STEPS:,} steps of the real task and not more. The first recording is of random actions, held ones and random "
        f"linear policies in turn; an ensemble is trained for {TRAINING:,} steps. Where there are two recordings, the second one acts by "
        f"planning in this learnt task (mppi, horizon {SECOND.horizon}, {SECOND.candidates} candidates, {SECOND.iterations} iteration, "
        f"{RANDOM_SHARE:.0%} random actions), and a new ensemble is trained on all steps. Then {EPISODES} episodes of the real task are "
        f"played: by planning in the learnt task (horizon {SEARCH.horizon}, {SEARCH.candidates} candidates, {SEARCH.iterations} iterations, "
        f"{SEARCH.particles} particles), or with a policy of PPO that saw only the learnt task ({PPO_STEPS:,} steps). Returns are means over "
        "a seed's episodes. Promised minus obtained: return over the horizon. Unusual steps: share of the real steps about which the members "
        "of the ensemble disagree more than about 95 % of the held-out steps.\n\n" + results.table(columns, rows) + "\n"
    )


def main(argv: Sequence[str]) -> int:
    parser = argument_parser(__doc__, SEEDS)
    parser.add_argument("--rows", nargs="+", choices=list(ROWS), default=list(ROWS))
    arguments = parser.parse_args(argv)
    seeds = range(1 if arguments.quick else arguments.seeds)
    wanted = [Trial(ROWS[name], seed, arguments.quick) for seed in seeds for name in arguments.rows]
    with outcomes_file("simulate", arguments.keep, quick=arguments.quick) as file:
        train_missing(wanted[arguments.part], file, arguments.minutes, run, describe)
        found = group_outcomes(wanted, file, Outcome, lambda one: one.row.name)
        measured_at = origin(wanted, file)
    if not found or arguments.quick:
        return 0
    text = body(found)
    print(text)
    if len(found) == len(ROWS) and all(len(several) >= SEEDS for several in found.values()):
        results.write(SECTION, text, origin=measured_at)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
