"""Laws of conditional batch normalisation."""

from __future__ import annotations

import copy
import gc
import weakref

import pytest
import torch
from torch import nn
from torch.nn.functional import batch_norm

from saddlepoint.networks.conditional_norm import WithConditionalNorms

X = torch.randn(6, 4, generator=torch.Generator().manual_seed(0))
LABELS = torch.tensor([0, 1, 2, 2, 1, 0])


def network() -> WithConditionalNorms:
    inner = nn.Sequential(nn.Linear(4, 3), nn.BatchNorm1d(3), nn.ReLU(), nn.Sequential(nn.BatchNorm1d(3)))
    return WithConditionalNorms(inner, 3)


def test_every_example_is_scaled_and_shifted_by_its_class() -> None:
    made = WithConditionalNorms(nn.Sequential(nn.BatchNorm1d(4)), 3)
    norm = made.network[0]
    nn.init.normal_(norm.shift)
    torch.testing.assert_close(
        made(X, LABELS), batch_norm(X, None, None, training=True) * norm.scale[LABELS] + norm.shift[LABELS]
    )


def test_a_copy_gets_its_own_classes() -> None:
    original = network()
    copied = copy.deepcopy(original)
    expected = original(X, LABELS)

    def run_original(*call: object) -> None:
        original(X, (LABELS + 1) % 3)

    copied.network[0].register_forward_hook(run_original)  # in the middle of the copy's forward pass
    torch.testing.assert_close(copied(X, LABELS), expected)


@pytest.mark.slow
def test_a_layer_that_was_replaced_is_not_kept() -> None:
    made = network()
    replaced = weakref.ref(made.network[1])
    made.network[1] = nn.Identity()
    gc.collect()
    assert replaced() is None
    assert made(X, LABELS).shape == (6, 3)
