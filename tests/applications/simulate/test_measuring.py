"""Open-loop errors and coverage, against baselines that are exact where the task is linear."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from saddlepoint.applications.simulate.disagreement import disagreement_of
from saddlepoint.applications.simulate.evaluated import evaluate_world
from saddlepoint.applications.simulate.measuring import fit_linear, inside_interval, predict_futures
from saddlepoint.applications.simulate.settings import LEVELS, MODELS
from saddlepoint.applications.simulate.world import World
from tests.applications.simulate.runs import trajectories


def test_the_linear_model_is_exact_for_a_linear_task() -> None:
    known = trajectories(seed=1)
    episode = known.episodes[0]
    actions = known.action.encode(known.actions[episode])[None]
    predicted = fit_linear(trajectories())(known.states[episode][:1], actions)
    np.testing.assert_allclose(predicted[0], known.next_states[episode][-1], atol=1e-4)


@pytest.mark.parametrize("name", MODELS)
def test_futures_have_the_same_start_and_more_noise_later(name: str, worlds: dict[str, World]) -> None:
    world = worlds[name]
    actions = torch.from_numpy(world.action.encode(np.zeros(6, np.int64)))[None]
    futures = predict_futures(world, torch.zeros(1, 2), actions, 40, 0)
    assert futures.shape[1:] == (1, 6, 2)
    assert len(futures) >= 40
    assert futures[:, 0, 5].std(0).sum() > futures[:, 0, 0].std(0).sum() > 0


@pytest.mark.parametrize("level", LEVELS)
def test_intervals_of_few_futures_are_calibrated(level: float) -> None:
    rng = np.random.default_rng(0)
    cases = 20_000
    inside = inside_interval(rng.standard_normal((40, cases, 1)), rng.standard_normal((cases, 1)), level)
    error = np.sqrt(level * (1 - level) / cases)
    assert abs(inside.mean() - level) < 5 * error


def test_members_agree_where_they_were_trained_and_not_far_away(worlds: dict[str, World]) -> None:
    found = disagreement_of(worlds["ensemble"])
    assert found is not None
    held_out = worlds["ensemble"].held_out
    assert held_out is not None
    states, actions = torch.from_numpy(held_out.states), torch.from_numpy(held_out.action.encode(held_out.actions))
    assert float(found.unusual(states, actions).double().mean()) == pytest.approx(0.05, abs=2 / len(states))
    assert found.measure(states + 20, actions).mean() > 2 * found.measure(states, actions).mean()
    assert disagreement_of(worlds["vae"]) is None


def test_an_evaluation_compares_with_both_baselines(worlds: dict[str, World]) -> None:
    found = evaluate_world(worlds["ensemble"], "ensemble", (1, 3, 500))
    assert [one.steps for one in found.horizons] == [1, 3], "no held-out episode lasts 500 steps"
    for one in found.horizons:
        assert set(one.errors) == {"model", "persistence", "linear"}
        for name, interval in one.advantages.items():
            assert interval.value == pytest.approx(one.errors[name].value - one.errors["model"].value)
        assert one.errors["linear"].value < 1e-3
        shares = [one.coverage[level].value for level in (0.5, 0.8, 0.95)]
        assert shares == sorted(shares)
        assert all(interval.low <= interval.value <= interval.high for interval in one.errors.values())
    assert found.best_until == 0
    assert len(found.headline.split()) <= 12
    assert len(found.rollout["truth"]) == len(found.rollout["low"])
