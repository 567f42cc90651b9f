"""Laws of the choice of predictors: those before a column, the related ones where there are many; and trees see no others."""

from __future__ import annotations

import io

import numpy as np
import pytest
import torch
from rich.console import Console

from saddlepoint.data.event import Event
from saddlepoint.models.classical.predictors import Predictors
from saddlepoint.progress import Display
from tests.models.classical.fitted import fitted


def columns(n: int = 400) -> np.ndarray:
    """Columns (N, 6): noise, two causes, noise, an effect of the first cause and one of the second cause's square."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(n, 6))
    x[:, 4] = x[:, 1] + 0.1 * x[:, 4]
    x[:, 5] = x[:, 2] ** 2 + 0.1 * x[:, 5]
    return x.astype(np.float32)


def test_few_columns_have_all_before_them_as_predictors() -> None:
    found = Predictors(columns(), 5)
    assert [found.of(column).tolist() for column in range(6)] == [list(range(column)) for column in range(6)]


@pytest.mark.parametrize("most", [1, 2, 3])
def test_of_many_the_related_ones_are_chosen_whatever_units_and_order(most: int) -> None:
    x = columns()
    found = Predictors(x, most)
    for column in range(6):
        seen = found.of(column).tolist()
        assert len(seen) == min(column, most)
        assert seen == sorted(set(seen))
        assert all(other < column for other in seen)
    assert 1 in found.of(4)
    assert 2 in found.of(5)
    again = Predictors(-3 * x + 2, most)
    assert all((found.of(column) == again.of(column)).all() for column in range(6))


def test_constant_columns_are_predictors_last() -> None:
    x = columns()
    x[:, 0] = 1.0
    assert Predictors(x, 1).of(4).tolist() == [1]


def test_rows_of_trees_with_one_predictor_keep_its_relation() -> None:
    x = torch.from_numpy(columns())
    model = fitted(Event((6,), "vector", "float32"), x, distribution="trees", scaling="none", predictors=1)
    drawn = model.sample(4_000, generator=torch.Generator().manual_seed(0))
    assert float(torch.corrcoef(drawn[:, [1, 4]].T)[0, 1]) > 0.9
    assert float(torch.corrcoef(torch.stack([drawn[:, 2] ** 2, drawn[:, 5]]))[0, 1]) > 0.8
    assert torch.isfinite(model.log_prob(x)).all()


def test_growing_shows_its_progress_in_the_display_around_it() -> None:
    written = io.StringIO()
    with Display(Console(file=written), every=-1.0) as display:
        display.start()
        fitted(Event((6,), "vector", "float32"), torch.from_numpy(columns(60)), distribution="trees", scaling="none")
    lines = written.getvalue().splitlines()
    assert lines[0] == "growing trees 5%"
    assert lines[-1] == "growing trees 100%"
    assert Display.innermost() is None
