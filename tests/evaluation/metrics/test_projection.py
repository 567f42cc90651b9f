"""Projections of columns: their units do not matter, and constant ones have no part."""

from __future__ import annotations

import pytest
import torch

from saddlepoint.evaluation.metrics.projection import principal_components


def columns() -> torch.Tensor:
    return torch.randn(200, 3, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("value", [7.0, 7.1, 0.0, -1e6])
def test_a_constant_column_changes_nothing(value: float) -> None:
    x = columns()
    constant = torch.full((200, 1), value)
    plain = principal_components(x, most=3, seed=0, standardised=True)
    wider = principal_components(torch.cat([x, constant], 1), most=3, seed=0, standardised=True)
    elsewhere = torch.full((200, 1), value + 1e-4 * abs(value) + 1e-3)
    torch.testing.assert_close(wider(torch.cat([x, elsewhere], 1)).abs(), plain(x).abs(), atol=1e-4, rtol=1e-4)


def test_units_of_a_column_change_nothing() -> None:
    x = columns()
    units = torch.tensor([1.0, 1e6, 1e-6])
    plain = principal_components(x, most=3, seed=0, standardised=True)
    scaled = principal_components(x * units, most=3, seed=0, standardised=True)
    torch.testing.assert_close(scaled(x * units).abs(), plain(x).abs(), atol=1e-3, rtol=1e-3)


def test_examples_that_are_all_alike_have_components_without_variance_and_no_warning():
    projection = principal_components(torch.ones(20, 3), most=2, seed=0, standardised=True)
    assert projection.share == 0.0
    assert torch.isfinite(projection.mean).all()
