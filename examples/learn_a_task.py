"""Learn a task from recorded steps, and act in it by planning in the learnt one.

A mass on a line is pushed to the left or to the right; it earns more the nearer it is to 0. The program records random pushes, learns what
a push does, plans in the learnt task, and compares the result with random pushes. Needs saddlepoint alone; Gymnasium's tasks are recorded
with `sp.simulate.record`, and `sp.simulate.plan` acts in them.

    python examples/learn_a_task.py
"""

import numpy as np
import torch

import saddlepoint as sp
from saddlepoint.applications.simulate.planners.planner import Planner
from saddlepoint.applications.simulate.settings import Search
from saddlepoint.applications.simulate.world import load_world

EPISODE = 30


def push(state: np.ndarray, action: int) -> tuple[np.ndarray, float]:
    """The real task: state is position and speed, the action 0 pushes to the left and 1 to the right."""
    position, speed = state
    speed = 0.95 * speed + (0.15 if action else -0.15)
    after = np.array([position + 0.2 * speed, speed])
    return after, -float(after[0] ** 2)


def record(rng: np.random.Generator, episodes: int) -> dict[str, np.ndarray]:
    """Trajectories of random pushes, as the arrays that `sp.simulate.train` takes."""
    rows = []
    for _ in range(episodes):
        state = rng.uniform(-1, 1, 2)
        for step in range(EPISODE):
            action = int(rng.integers(2))
            after, reward = push(state, action)
            rows.append((state, action, reward, after, False, step == 0))
            state = after
    names = ("states", "actions", "rewards", "next_states", "terminated", "episode_starts")
    return {name: np.array(column) for name, column in zip(names, zip(*rows, strict=True), strict=True)}


def main() -> None:
    """Record, learn, evaluate and plan."""
    rng = np.random.default_rng(0)
    run = sp.simulate.train(
        record(rng, 60), run="mass", steps=400, pictures=False, overwrite=True, settings={"evaluation.samples": 100}
    )
    found = sp.simulate.evaluate(run, horizons=(1, 5, 10), progress=False)
    for one in found.horizons:
        errors = ", ".join(f"{name} {interval.value:.4f}" for name, interval in one.errors.items())
        print(f"error after {one.steps} steps: {errors}")

    world = load_world(run.folder.path)
    planner = Planner(world, "mppi", Search(horizon=12, candidates=50, iterations=2), 1, 0)
    state = np.array([1.0, 0.5])
    planned = 0.0
    for _ in range(EPISODE):
        action, _ = planner.act(torch.from_numpy(state).float()[None])
        state, reward = push(state, int(action.argmax()))
        planned += reward
    state = np.array([1.0, 0.5])
    chance = 0.0
    for _ in range(EPISODE):
        state, reward = push(state, int(rng.integers(2)))
        chance += reward
    print(f"return by planning {planned:.2f}, by random pushes {chance:.2f}")


if __name__ == "__main__":
    main()
