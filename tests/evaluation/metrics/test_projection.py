"""Projections of columns: their units do not matter, and constant ones have no part."""

from __future__ import annotations

import pytest
import torch

from saddlepoint.evaluation.metrics import projection
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
    found = principal_components(torch.ones(20, 3), most=2, seed=0, standardised=True)
    assert found.share == 0.0
    assert torch.isfinite(found.mean).all()


@pytest.mark.parametrize("shape", [(300, 5), (40, 5), (5, 40), (60, 60)])
def test_components_are_those_of_scikit_learn(shape: tuple[int, int]) -> None:
    from sklearn.decomposition import PCA

    x = torch.randn(shape, generator=torch.Generator().manual_seed(1)) * torch.linspace(3.0, 0.1, shape[1]) + 7
    ours = principal_components(x, most=4, seed=0, standardised=False)
    theirs = PCA(4, svd_solver="full").fit(x.double().numpy())
    assert ours.share == pytest.approx(theirs.explained_variance_ratio_.sum(), abs=1e-5)
    torch.testing.assert_close(ours.mean, x.mean(0), atol=1e-4, rtol=1e-4)
    alike = ours.directions.double().T @ torch.from_numpy(theirs.components_.T.copy())
    torch.testing.assert_close(alike.abs(), torch.eye(4, dtype=torch.float64), atol=1e-3, rtol=0)


def test_many_rows_of_many_columns_have_nearly_the_exact_components(monkeypatch: pytest.MonkeyPatch) -> None:
    x = torch.randn(200, 50, generator=torch.Generator().manual_seed(2)) * 0.5 ** torch.arange(50)
    exact = principal_components(x, most=3, seed=0, standardised=False)
    monkeypatch.setattr(projection, "_LARGEST", 10)
    near = principal_components(x, most=3, seed=0, standardised=False)
    assert near.share == pytest.approx(exact.share, abs=1e-3)
    torch.testing.assert_close((near.directions.T @ exact.directions).abs(), torch.eye(3), atol=1e-2, rtol=0)
    torch.testing.assert_close(near.mean, exact.mean)


def test_fewer_components_explain_a_share() -> None:
    x = torch.randn(500, 3, generator=torch.Generator().manual_seed(3)) * torch.tensor([10.0, 1.0, 0.1])
    assert principal_components(x, most=3, seed=0, standardised=False, share=0.95).directions.shape == (3, 1)
    assert principal_components(x, most=3, seed=0, standardised=False, share=0.999).directions.shape == (3, 2)
