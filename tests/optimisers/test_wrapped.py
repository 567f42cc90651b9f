"""A wrapping optimiser keeps the inner optimiser's state unchanged, next to its own."""

import copy

import pytest
import torch

from saddlepoint.optimisers.averaging import historical_averaging
from saddlepoint.optimisers.lookahead import lookahead

WRAPPED = {
    "averaging": (lambda base: historical_averaging(base, 0.3), {"historical_mean", "historical_moves"}),
    "lookahead": (lambda base: lookahead(base, 3), {"lookahead_slow", "lookahead_moves"}),
}
BOTH = (lambda base: lookahead(historical_averaging(base, 0.3), 3), WRAPPED["averaging"][1] | WRAPPED["lookahead"][1])


def moved(wrap, steps):
    parameters = [torch.linspace(-1, 1, n, dtype=torch.float64).requires_grad_() for n in (2, 3)]
    optimiser = wrap(torch.optim.Adam(parameters, lr=0.1))
    move(optimiser, parameters, range(steps))
    return optimiser, parameters


def move(optimiser, parameters, steps):
    for step in steps:
        for p in parameters:
            p.grad = torch.cos(p.detach() * (step + 1))
        optimiser.step()


@pytest.mark.parametrize(("wrap", "names"), [*WRAPPED.values(), BOTH], ids=[*WRAPPED, "both"])
def test_the_state_has_the_names_that_checkpoints_have(wrap, names):
    alone, _ = moved(lambda base: base, 1)
    around, _ = moved(wrap, 1)
    kept = alone.state_dict()["state"]
    assert {i: set(entries) - names for i, entries in around.state_dict()["state"].items()} == {
        i: set(entries) for i, entries in kept.items()
    }
    assert all(names <= set(entries) for entries in around.state_dict()["state"].values())


@pytest.mark.parametrize("wrap", [*(wrap for wrap, _ in WRAPPED.values()), BOTH[0]], ids=[*WRAPPED, "both"])
@pytest.mark.parametrize("steps", [0, 4])
def test_a_saved_and_loaded_state_continues_identically(wrap, steps):
    whole, expected = moved(wrap, steps)
    state = copy.deepcopy(whole.state_dict())
    parameters = [p.detach().clone().requires_grad_() for p in expected]
    resumed = wrap(torch.optim.Adam(parameters, lr=0.7))
    resumed.load_state_dict(state)
    assert resumed.param_groups[0]["lr"] == 0.1
    move(whole, expected, range(steps, steps + 5))
    move(resumed, parameters, range(steps, steps + 5))
    assert all(torch.equal(a, b) for a, b in zip(parameters, expected, strict=True))
