"""A simulator of a task from 10,000 real steps: returns by planning in it, and of a policy that was trained in it alone.

    python benchmarks/simulate.py [--keep DIR] [--seeds N] [--rows NAME ...] [--minutes M] [--part I/N] [--quick]

A trial records the task (the mixed policies), learns it with an ensemble, and plays five episodes of the real task: by planning, or with a
policy of PPO (stable-baselines3) that was trained in the learnt task only. A finished trial is in outcomes/simulate.jsonl and not measured
again. With five seeds of all rows, the section of RESULTS.md is written. --quick plays one short trial of each row and writes nothing.

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
from pathlib import Path
from typing import Any

if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np

import results
import saddlepoint as sp
from saddlepoint.applications.simulate.playing import play
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


@dataclass(frozen=True)
class Row:
    """A row of the table.

    Attributes:
        task: the real task.
        how: a planner, or PPO.
        goal: the return that the mean over episodes must reach.
    """

    task: str
    how: str
    goal: float

    @property
    def name(self) -> str:
        return f"{self.task} {self.how}"


ROWS = {
    row.name: row
    for row in (
        *(Row("CartPole-v1", how, 475.0) for how in ("mppi", "cem", "shooting", PPO)),
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
            f"{self.row.name}, {self.seed}", STEPS, TRAINING, EPISODES, vars(SEARCH), PPO_STEPS, self.quick
        )


@dataclass(frozen=True)
class Outcome:
    """What a trial found.

    Attributes:
        returns: of the real episodes.
        promised, obtained: what the planner's model promised over the horizon, and what came; None for a policy.
        recorded: mean return of the recorded episodes.
        training_seconds, seconds: of training the model, and of the whole trial.
    """

    returns: list[float]
    promised: float | None
    obtained: float | None
    recorded: float
    training_seconds: float
    seconds: float

    @property
    def mean(self) -> float:
        """The mean return of the real episodes."""
        return float(np.mean(self.returns))


def run(trial: Trial) -> Outcome:
    """Record, learn, and play the real task."""
    began = time.perf_counter()
    steps, training, episodes = (500, 50, 1) if trial.quick else (STEPS, TRAINING, EPISODES)
    recorded = sp.simulate.record(trial.row.task, steps=steps, policy="mixed", seed=trial.seed, progress=False)
    with tempfile.TemporaryDirectory() as folder:
        learnt = sp.simulate.train(
            recorded, run=Path(folder) / "run", steps=training, seed=trial.seed, pictures=False,
            settings={"evaluation.watch_every": 10**6, "evaluation.samples": 50},
        )  # fmt: skip
        trained = time.perf_counter() - began
        world = load_world(learnt.folder.path)
        promised = obtained = None
        if trial.row.how == PPO:
            returns = train_policy(world, trial.row.task, trial.seed, episodes, 512 if trial.quick else PPO_STEPS)
        else:
            tasks = [make_task(trial.row.task) for _ in range(episodes)]
            search = Search(5, 4, 1, 5) if trial.quick else SEARCH
            played = play(tasks, world, trial.row.how, search, 1_000 * (trial.seed + 1))
            returns = played.returns.tolist()
            promised, obtained = float(played.promised.mean()), float(played.obtained.mean())
    recorded_return = float(recorded.returns.mean())
    return Outcome(returns, promised, obtained, recorded_return, trained, time.perf_counter() - began)


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
        rows.append(
            [row.task, row.how, f"{np.mean([one.recorded for one in several]):.0f}", f"{np.mean(means):.1f}", f"{min(means):.1f}",
             f"{max(means):.1f}", gap, f"{row.goal:g}", f"{reached} of {len(means)}", f"{np.mean([one.seconds for one in several]):.0f}"]
        )  # fmt: skip
    return (
        f"Each seed records {STEPS:,} steps of the real task (random actions, held ones and random linear policies in turn), trains an "
        f"ensemble for {TRAINING:,} steps, and plays {EPISODES} episodes of the real task: by planning in the learnt task (horizon "
        f"{SEARCH.horizon}, {SEARCH.candidates} candidates, {SEARCH.iterations} iterations, {SEARCH.particles} particles), or with a policy "
        f"of PPO that saw only the learnt task ({PPO_STEPS:,} steps). Returns are means over a seed's episodes. Gap: what the model promised "
        "over the horizon minus what came.\n\n"
        + results.table(
            [
                "task",
                "by",
                "recorded",
                "mean return",
                "lowest seed",
                "highest seed",
                "gap",
                "goal",
                "seeds that reach it",
                "seconds",
            ],
            rows,
        )
        + "\n"
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
