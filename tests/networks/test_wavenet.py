"""A WaveNet knows the place of a number only if it is told, and its receptive field is what its docstring says."""

from __future__ import annotations

import pytest
import torch

from saddlepoint.networks.wavenet import WaveNet

LAYERS, CYCLE = 6, 3
FIELD = LAYERS // CYCLE * (2**CYCLE - 1) + 1


def build(**changes: object) -> WaveNet:
    torch.manual_seed(0)
    return WaveNet(40, 1, 3, width=8, layers=LAYERS, cycle=CYCLE, **changes).double()  # type: ignore[arg-type]


@pytest.mark.parametrize("positions", [True, False])
def test_places_with_the_same_past_differ_only_where_the_network_is_told_the_place(positions: bool) -> None:
    predicted = build(positions=positions)(torch.ones(1, 40, 1, dtype=torch.float64))[0]
    late = predicted[FIELD:]
    assert torch.allclose(late, late[:1].expand_as(late)) == (not positions)


def test_a_prediction_depends_on_as_many_numbers_as_the_receptive_field() -> None:
    x = torch.randn(1, 40, 1, dtype=torch.float64, requires_grad=True)
    (gradient,) = torch.autograd.grad(build()(x)[0, -1].sum(), x)
    touched = gradient[0, :, 0].nonzero()[:, 0]
    assert touched[-1] == 38, "the number itself is not among them"
    assert 39 - touched[0] == FIELD
