"""Optimisers follow their formulas; clipping bounds the norm and nothing else."""

from __future__ import annotations

import math
from typing import get_args

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from saddlepoint.training.optimiser import (
    FOREACH_ALONE,
    OPTIMISERS,
    build_optimiser,
    clip_,
    fastest_form,
    gradient_norm,
)
from saddlepoint.training.settings import OptimiserName, OptimiserSettings

ROUNDING = 1e-12  # the norm of a dozen float64 entries and a scaling by it are off by less than 1e-15


def test_every_name_of_the_settings_is_built():
    assert set(OPTIMISERS) == set(get_args(OptimiserName))


def test_gradient_descent_on_a_quadratic_is_a_geometric_sequence():
    """w <- w - rate * a w, so w_t = (1 - rate * a)^t w_0."""
    curvature = torch.tensor([0.5, 1.0, 3.0], dtype=torch.float64)
    w = torch.ones(3, dtype=torch.float64, requires_grad=True)
    optimiser = build_optimiser([w], OptimiserSettings(name="sgd", learning_rate=0.1))
    for _ in range(20):
        optimiser.zero_grad()
        (0.5 * curvature * w**2).sum().backward()
        optimiser.step()
    torch.testing.assert_close(w.detach(), (1 - 0.1 * curvature) ** 20)


@pytest.mark.parametrize("name", OPTIMISERS)
def test_every_setting_reaches_the_optimiser(name):
    values = {"learning_rate": 0.3, "betas": (0.4, 0.5), "epsilon": 1e-3, "momentum": 0.6, "weight_decay": 0.7}
    group = build_optimiser([torch.zeros(2, requires_grad=True)], OptimiserSettings(name=name, **values)).param_groups[
        0
    ]
    names = {"learning_rate": "lr", "epsilon": "eps"}
    for key, value in values.items():
        assert group.get(names.get(key, key), value) == value
    moments = {"betas", "eps"}
    own = {"sgd": {"momentum"}, "rmsprop": {"momentum", "eps"}, "optimistic-sgd": set()}
    assert {"lr", "weight_decay"} | own.get(name, moments) <= group.keys()


@pytest.mark.parametrize("name", sorted(set(OPTIMISERS) - FOREACH_ALONE))
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_the_fastest_form_takes_the_step_of_the_plain_one(name, dtype):
    own = OptimiserSettings(name=name, momentum=0.9, weight_decay=0.01)
    fast, plain = (torch.linspace(-1, 1, 7, dtype=dtype).requires_grad_() for _ in range(2))
    optimisers = [
        build_optimiser([fast], own),
        build_optimiser([plain], own, {"foreach": False}),
    ]
    for step in range(5):
        for w, optimiser in zip((fast, plain), optimisers, strict=True):
            w.grad = torch.cos(w.detach() * (step + 1))
            optimiser.step()
    torch.testing.assert_close(fast, plain)


def test_fused_where_there_is_a_fused_form():
    w = [torch.zeros(2)]
    assert fastest_form(w, "adam") == {"fused": True}
    assert fastest_form(w, "rmsprop") == {"foreach": True}
    assert fastest_form(w, "extra-adam") == {}


@pytest.mark.parametrize("name", OPTIMISERS)
def test_lookahead_interpolates_back_to_the_start_of_the_round_by_its_factor(name):
    """Share 1 keeps all of the way: the optimiser alone. A smaller share is that share of the first round's way."""
    paths = {}
    for lookahead, share in ((0, 0.5), (3, 1.0), (3, 0.25)):
        own = OptimiserSettings(name=name, learning_rate=0.1, lookahead=lookahead, lookahead_share=share)
        w = torch.linspace(-1, 1, 5, dtype=torch.float64).requires_grad_()
        optimiser = build_optimiser([w], own)
        path = paths[lookahead, share] = [w.detach().clone()]
        for step in range(7):
            w.grad = torch.cos(w.detach() * (step + 1))
            optimiser.step()
            path.append(w.detach().clone())
    alone, whole, quarter = paths.values()
    torch.testing.assert_close(whole, alone)
    torch.testing.assert_close(quarter[:3], alone[:3])
    torch.testing.assert_close(quarter[3], torch.lerp(alone[0], alone[3], 0.25))


def test_lookahead_names_what_it_wraps():
    """A checkpoint distinguishes the kinds of optimisers by the names of their classes."""
    w = [torch.zeros(2, requires_grad=True)]
    kinds = [type(build_optimiser(w, OptimiserSettings(name=name, lookahead=2))).__name__ for name in OPTIMISERS]
    assert len(set(kinds)) == len(OPTIMISERS)
    assert all(kind.startswith("Lookahead") for kind in kinds)


@given(st.lists(st.floats(-1e3, 1e3), min_size=2, max_size=12), st.floats(1e-3, 1e4))
def test_clipping_bounds_the_norm_and_keeps_the_direction(entries, largest):
    whole = torch.tensor(entries, dtype=torch.float64)
    parts = [part.clone() for part in whole.split([1, len(entries) - 1])]
    expected = math.hypot(*entries)
    norm = clip_(parts, largest)
    assert norm.item() == pytest.approx(expected, rel=ROUNDING)
    clipped = torch.cat(parts)
    if expected <= largest * (1 - ROUNDING):
        assert torch.equal(clipped, whole)
    else:
        assert gradient_norm(parts).item() == pytest.approx(min(expected, largest), rel=ROUNDING)
        # The absolute part is for entries so small that they have few digits.
        torch.testing.assert_close(clipped * max(1.0, expected / largest), whole, rtol=ROUNDING, atol=1e-300)


def test_clipping_does_not_hide_a_gradient_that_is_not_finite():
    parts = [torch.tensor([1.0, float("nan")]), torch.tensor([2.0])]
    assert clip_(parts, 1.0).isnan()
    assert parts[1].isnan().all()


@pytest.mark.parametrize(
    ("changes", "arrives"),
    [
        ({"name": "sgd"}, False),
        ({"name": "optimistic-sgd"}, True),
        ({"name": "sgd", "lookahead": 10}, True),
    ],
    ids=["sgd", "optimistic-sgd", "lookahead"],
)
def test_players_that_take_turns_arrive_with_optimisers_made_for_games(changes, arrives):
    """x y, which x minimises and y maximises, y moving first, as the training loop plays: plain descent circles."""
    x, y = (torch.ones(1, dtype=torch.float64, requires_grad=True) for _ in range(2))
    own = OptimiserSettings(learning_rate=0.1, **changes)
    optimisers = {player: build_optimiser([player], own) for player in (y, x)}
    for _ in range(1_000):
        for player, optimiser in optimisers.items():
            player.grad = x.detach().neg() if player is y else y.detach().clone()
            optimiser.step()
    distance = math.hypot(x.item(), y.item())
    assert distance < 1e-2 if arrives else distance > 1
