"""Planners find good plans where the returns are known, and weights are shares."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
import torch

from saddlepoint.applications.simulate.planners.planner import Planner, predict_returns
from saddlepoint.applications.simulate.playing import compare_promises
from saddlepoint.applications.simulate.settings import PLANNERS, Search
from saddlepoint.data.spaces import Box, Discrete
from saddlepoint.errors import SettingError

every_planner = pytest.mark.parametrize("name", PLANNERS)


class Line:
    """A known task: the state moves by the action (choices: down or up), and earns minus its square; it ends with the probability `ends`."""

    members = 2

    def __init__(self, action: Any, ends: float = 0.0) -> None:
        self.action, self.ends = action, ends

    def draw_noise(self, n: int, generator: torch.Generator) -> torch.Tensor:
        return torch.zeros(self.members, n, 0)

    def step(self, states: torch.Tensor, actions: torch.Tensor, noise: torch.Tensor) -> Any:
        move = actions if isinstance(self.action, Box) else actions[..., 1:] - actions[..., :1]
        after = states + move
        return after, -after[..., 0].square(), torch.full(states.shape[:-1], self.ends)


SPACES = {"choices": Discrete(2), "real": Box((-1.0,), (1.0,))}


@pytest.mark.parametrize("space", SPACES)
@every_planner
def test_it_moves_towards_what_earns_most(name: str, space: str) -> None:
    line: Any = Line(SPACES[space])
    states = torch.tensor([[6.0], [-6.0], [7.0]])
    planner = Planner(line, name, Search(horizon=4, candidates=60, iterations=3, particles=2), 3, 0)
    actions, promised = planner.act(states)
    move = actions[:, 0] if space == "real" else actions[:, 1] - actions[:, 0]
    assert move[0] < 0 < move[1]
    assert (promised < 0).all()
    planner.keep(torch.tensor([True, False, True]))
    actions, _ = planner.act(states[[0, 2]])
    assert actions.shape == (2, SPACES[space].size)


@pytest.mark.parametrize("space", SPACES)
def test_random_shooting_forgets_its_last_plan(space: str) -> None:
    line: Any = Line(SPACES[space])
    search = Search(horizon=4, candidates=20, iterations=1, particles=2)
    used, new = (Planner(line, "shooting", search, 1, seed) for seed in (0, 1))
    used.act(torch.tensor([[6.0]]))
    for planner in (used, new):
        planner.generator.manual_seed(2)
    torch.testing.assert_close(used.act(torch.tensor([[-6.0]])), new.act(torch.tensor([[-6.0]])))


@every_planner
def test_weights_are_shares_that_prefer_high_returns(name: str) -> None:
    returns = torch.randn(5, 40, generator=torch.Generator().manual_seed(0))
    weights = PLANNERS[name].load()(returns)
    torch.testing.assert_close(weights.sum(1), torch.ones(5))
    assert ((weights * returns).sum(1) > returns.mean(1)).all()
    # Other units of rewards do not change the plan.
    torch.testing.assert_close(PLANNERS[name].load()(100 * returns + 7), weights, rtol=1e-3, atol=1e-5)


def test_rewards_count_as_long_as_the_task_has_not_ended() -> None:
    line: Any = Line(SPACES["real"], ends=0.5)
    actions = torch.zeros(1, 3, 4, 1)
    found = predict_returns(line, torch.tensor([[2.0]]), actions, 2, torch.Generator())
    torch.testing.assert_close(found, torch.full((1, 3), -4 * (1 + 0.5 + 0.25 + 0.125)))


def test_an_end_earns_nothing_and_steps_that_were_cut_off_are_not_compared() -> None:
    promised, rewards = [3.0, 3.0, 3.0, 3.0], [1.0, 1.0, 1.0, 1.0]
    assert compare_promises(promised, rewards, True, 3) == (3.0, (3 + 3 + 2 + 1) / 4)
    assert compare_promises([3.0, 3.0, 9.0, 9.0], rewards, False, 3) == (3.0, 3.0)
    assert compare_promises(promised, rewards, True, 6) == (3.0, (4 + 3 + 2 + 1) / 4)


def test_an_unknown_planner_is_refused() -> None:
    with pytest.raises(SettingError, match=r'no planner cme\. Did you mean "cem"'):
        Planner(SimpleNamespace(), "cme", Search(), 1, 0)  # type: ignore[arg-type]
