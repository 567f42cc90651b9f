"""A learnt task is an environment that Gymnasium's own check accepts, and a vector environment that agrees with it."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pytest

from saddlepoint.applications.simulate.registration import make_environment, register_run
from saddlepoint.applications.simulate.settings import MODELS
from saddlepoint.applications.simulate.world import World
from saddlepoint.errors import SettingError

gymnasium = pytest.importorskip("gymnasium")

every_world = pytest.mark.parametrize("name", [*MODELS, "real actions"])


@every_world
def test_gymnasium_accepts_it(name: str, worlds: dict[str, World]) -> None:
    from gymnasium.utils.env_checker import check_env

    environment = make_environment(worlds[name])
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*(infinity|symmetric and normalized).*")
        check_env(environment.unwrapped, skip_render_check=True)
    assert environment.observation_space.contains(environment.reset(seed=0)[0])


@every_world
def test_a_seed_decides_everything(name: str, worlds: dict[str, World]) -> None:
    def play(seed: int) -> list[np.ndarray]:
        environment = make_environment(worlds[name])
        states = [environment.reset(seed=seed)[0]]
        environment.action_space.seed(0)
        for _ in range(5):
            states.append(environment.step(environment.action_space.sample())[0])
        return states

    assert all(np.array_equal(one, two) for one, two in zip(play(3), play(3), strict=True))
    assert not np.array_equal(play(3)[0], play(4)[0])


@every_world
def test_many_episodes_stay_inside_the_space_and_begin_again(name: str, worlds: dict[str, World]) -> None:
    environment = make_environment(worlds[name], num_envs=3)
    environment.limit = 4
    states, _ = environment.reset(seed=0)
    environment.action_space.seed(0)
    cut = []
    for _ in range(10):
        assert environment.observation_space.contains(states)
        states, rewards, terminated, truncated, _ = environment.step(environment.action_space.sample())
        assert not (terminated & truncated).any()
        assert np.isfinite(rewards).all()
        cut.append(terminated | truncated)
    assert np.array(cut).any(0).all()
    after = np.array(cut)[:-1]
    assert not (after & np.array(cut)[1:]).any(), "an episode that has ended begins again at the next step"


def test_gymnasium_finds_it(run: Path) -> None:
    identifier = register_run(run, "mass on a line")
    assert identifier == "saddlepoint/mass-on-a-line"
    alone = gymnasium.make(register_run(run))
    assert alone.spec.id == "saddlepoint/mass"
    assert alone.reset(seed=1)[0].shape == (2,)
    environment = gymnasium.make_vec(identifier, num_envs=4, vectorization_mode="vector_entry_point")
    assert environment.reset(seed=1)[0].shape == (4, 2)


@pytest.mark.slow
@pytest.mark.parametrize("model", ["PPO", "SAC"])
def test_stable_baselines3_trains_in_it(model: str, worlds: dict[str, World]) -> None:
    algorithms = pytest.importorskip("stable_baselines3", reason="stable-baselines3 is not installed")
    learnt = worlds["ensemble" if model == "PPO" else "real actions"]
    environment = gymnasium.wrappers.TimeLimit(make_environment(learnt).unwrapped, 20)
    settings = {"n_steps": 32, "batch_size": 16} if model == "PPO" else {"learning_starts": 20, "buffer_size": 100}
    policy = getattr(algorithms, model)("MlpPolicy", environment, seed=0, device="cpu", **settings).learn(64)
    assert policy.num_timesteps >= 64
    state, _ = environment.reset(seed=0)
    for _ in range(10):
        action, _ = policy.predict(state, deterministic=True)
        state, _, terminated, truncated, _ = environment.step(action)
        assert environment.observation_space.contains(state)
        if terminated or truncated:
            state, _ = environment.reset()


def test_real_actions_may_be_float64(worlds: dict[str, World]) -> None:
    one, many = make_environment(worlds["real actions"]), make_environment(worlds["real actions"], num_envs=2)
    one.reset(seed=0)
    many.reset(seed=0)
    assert one.step(np.array([0.5]))[0].dtype == np.float32
    assert many.step(np.array([[0.5], [-0.5]]))[0].shape == (2, 2)


def test_actions_outside_the_space_are_refused(worlds: dict[str, World]) -> None:
    one, many = make_environment(worlds["ensemble"]).unwrapped, make_environment(worlds["ensemble"], num_envs=2)
    with pytest.raises(SettingError, match="reset"):
        one.step(0)
    one.reset(seed=0)
    many.reset(seed=0)
    with pytest.raises(SettingError, match="the action 2 is not in the space of actions"):
        one.step(2)
    with pytest.raises(SettingError, match="actions outside the space"):
        many.step(np.array([0, 5]))
