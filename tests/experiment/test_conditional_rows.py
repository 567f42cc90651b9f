"""Rows given rare conditions follow the model's own conditional distribution."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

pd = pytest.importorskip("pandas")

from saddlepoint.data.dataset import Event  # noqa: E402
from saddlepoint.data.tabular.codec import TableCodec  # noqa: E402
from saddlepoint.data.tabular.conditions import Conditions  # noqa: E402
from saddlepoint.data.tabular.infer import infer_schema  # noqa: E402
from saddlepoint.data.tabular.reading import read_frame  # noqa: E402
from saddlepoint.experiment.conditional_rows import ROWS, draw_given  # noqa: E402
from saddlepoint.experiment.rows import draw_rows  # noqa: E402


class Normal:
    """A bivariate normal distribution with a correlation, which completes in closed form."""

    event = Event((2,), "vector")

    def __init__(self, correlation: float) -> None:
        self.correlation = correlation
        self.drawn = 0

    def sample(self, n: int, *, labels: Any = None, generator: torch.Generator | None = None) -> Tensor:
        self.drawn += n
        return self.complete(torch.zeros(n, 2), torch.zeros(n, 2, dtype=torch.bool), generator=generator)

    def complete(self, x: Tensor, known: Tensor, *, generator: torch.Generator | None = None) -> Tensor:
        noise, r = torch.randn(len(x), 2, generator=generator), self.correlation
        first = torch.where(
            known[:, 0], x[:, 0], torch.where(known[:, 1], r * x[:, 1] + (1 - r**2) ** 0.5 * noise[:, 0], noise[:, 0])
        )
        second = torch.where(known[:, 1], x[:, 1], r * first + (1 - r**2) ** 0.5 * noise[:, 1])
        return torch.stack([first, second], 1)


@pytest.fixture(scope="module")
def codec() -> TableCodec:
    x = np.random.default_rng(0).normal(size=(4000, 2))
    frame = read_frame({"a": x[:, 0], "b": x[:, 1]})
    return TableCodec(infer_schema(frame), "copula").fit(frame)


@pytest.mark.parametrize("text", ["a>1", "a>1,b<0.5", "b<0.5,a>1"])
def test_they_follow_the_conditional_distribution(codec: TableCodec, text: str) -> None:
    model = Normal(0.8)
    conditions = Conditions.parse(text, codec.schema)
    generator, rng = torch.Generator().manual_seed(0), np.random.default_rng(0)
    parts = [draw_given(model, codec, conditions, generator, rng) for _ in range(4)]
    given = torch.cat([part for part in parts if part is not None])
    assert len(given) == 4 * ROWS
    assert conditions.holds(codec.decode(given)).all()
    exact = model.sample(400_000, generator=generator)
    exact = exact[torch.from_numpy(conditions.holds(codec.decode(exact)))]
    # Rows share candidates, so that there are fewer independent ones than rows.
    error = exact.std(0) / np.sqrt(len(given) / 10) + exact.std(0) / np.sqrt(len(exact))
    assert bool(((given.mean(0) - exact.mean(0)).abs() < 4 * error).all())


def test_rare_rows_are_not_searched_for(codec: TableCodec) -> None:
    model = Normal(0.5)
    conditions = Conditions.parse("a>3,b>2.5", codec.schema)
    rows = pd.concat(list(draw_rows(model, codec, 3000, conditions=conditions)))
    assert len(rows) == 3000
    assert conditions.holds(rows).all()
    assert model.drawn <= 1 << 16
