"""Our Adam takes torch's steps, bit for bit, and its state travels to torch's and back."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import Tensor

from saddlepoint.training import fused_adam
from saddlepoint.training.fused_adam import Adam, AdamW

PAIRS = {"adam": (Adam, torch.optim.Adam), "adamw": (AdamW, torch.optim.AdamW)}
SETTINGS = {"lr": 1e-2, "betas": (0.5, 0.9), "eps": 1e-6, "weight_decay": 0.1, "fused": True}


def parameters(dtype: torch.dtype = torch.float32) -> list[Tensor]:
    return [torch.linspace(-1, 1, n, dtype=dtype).requires_grad_() for n in (5, 1, 12)]


def give_gradients(weights: list[Tensor], step: int) -> None:
    for at, weight in enumerate(weights):
        weight.grad = torch.cos(weight.detach() * (step + 1) + at)


def advance(weights: list[Tensor], optimiser: torch.optim.Optimizer, steps: range) -> None:
    for step in steps:
        give_gradients(weights, step)
        optimiser.step()


def equal(first: list[Tensor], second: list[Tensor]) -> bool:
    return all(torch.equal(a, b) for a, b in zip(first, second, strict=True))


@pytest.mark.parametrize("name", PAIRS)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("fused", [True, False])
def test_every_step_is_torchs(name, dtype, fused):
    ours, theirs = (parameters(dtype), parameters(dtype))
    optimisers = [kind(w, **SETTINGS | {"fused": fused}) for kind, w in zip(PAIRS[name], (ours, theirs), strict=True)]
    for step in range(6):
        for weights, optimiser in zip((ours, theirs), optimisers, strict=True):
            optimiser.param_groups[0]["lr"] = 1e-2 / (step + 1)
            advance(weights, optimiser, range(step, step + 1))
        assert equal(ours, theirs)


@pytest.mark.parametrize("name", PAIRS)
def test_a_state_goes_to_torchs_and_back(name):
    ours, theirs = parameters(), parameters()
    mine, other = (kind(w, **SETTINGS) for kind, w in zip(PAIRS[name], (ours, theirs), strict=True))
    advance(ours, mine, range(4))
    advance(theirs, other, range(2))
    other.load_state_dict(copy.deepcopy(mine.state_dict()))
    with torch.no_grad():
        for a, b in zip(ours, theirs, strict=True):
            b.copy_(a)
    advance(ours, mine, range(4, 7))
    advance(theirs, other, range(4, 7))
    assert equal(ours, theirs)
    mine.load_state_dict(copy.deepcopy(other.state_dict()))
    advance(ours, mine, range(7, 9))
    advance(theirs, other, range(7, 9))
    assert equal(ours, theirs)


@pytest.mark.parametrize("name", PAIRS)
def test_a_parameter_without_a_gradient_does_not_move_as_in_torch(name):
    ours, theirs = parameters(), parameters()
    optimisers = [kind(w, **SETTINGS) for kind, w in zip(PAIRS[name], (ours, theirs), strict=True)]
    for step in range(8):
        for weights, optimiser in zip((ours, theirs), optimisers, strict=True):
            give_gradients(weights, step)
            if step in (3, 4):
                weights[1].grad = None
            optimiser.step()
        assert equal(ours, theirs)
    counters = [state["step"].item() for state in optimisers[0].state_dict()["state"].values()]
    assert counters == [8, 6, 8]


@pytest.mark.parametrize("name", PAIRS)
def test_a_parameter_that_never_has_a_gradient_has_no_state_as_in_torchs(name):
    states = []
    for kind in PAIRS[name]:
        weights = parameters()
        optimiser = kind(weights, **SETTINGS)
        for step in range(2):
            give_gradients(weights, step)
            weights[1].grad = None
            optimiser.step()
        states.append(optimiser.state_dict()["state"])
    assert states[0].keys() == states[1].keys() == {0, 2}


def test_a_copy_continues_like_the_original():
    weights = parameters()
    optimiser = Adam(weights, **SETTINGS)
    advance(weights, optimiser, range(4))
    its_weights, its_optimiser = copy.deepcopy((weights, optimiser))
    advance(weights, optimiser, range(4, 7))
    advance(its_weights, its_optimiser, range(4, 7))
    assert equal(weights, its_weights)


def test_a_group_that_joins_later_is_trained_too():
    ours, theirs = parameters(), parameters()
    for kind, weights in zip(PAIRS["adam"], (ours, theirs), strict=True):
        optimiser = kind(weights[:2], **SETTINGS)
        advance(weights, optimiser, range(3))
        optimiser.add_param_group({"params": weights[2:]})
        advance(weights, optimiser, range(3, 6))
    assert equal(ours, theirs)


@pytest.mark.parametrize("name", PAIRS)
def test_without_the_kernel_torchs_own_step_is_taken(name, monkeypatch):
    monkeypatch.setattr(fused_adam, "_KERNELS", {False: None, True: None})
    ours, theirs = parameters(), parameters()
    for kind, weights in zip(PAIRS[name], (ours, theirs), strict=True):
        optimiser = kind(weights, **SETTINGS)
        advance(weights, optimiser, range(4))
        assert getattr(optimiser, "_kept", None) is None
    assert equal(ours, theirs)
