"""Rows given rare conditions follow the model's own conditional distribution."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

pd = pytest.importorskip("pandas")

from saddlepoint.data.event import Event  # noqa: E402
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


@pytest.mark.slow
@pytest.mark.parametrize("text", ["a>1", "a>1,b<0.5", "b<0.5,a>1"])
def test_they_follow_the_conditional_distribution(codec: TableCodec, text: str) -> None:
    model = Normal(0.8)
    conditions = Conditions.parse(text, codec.schema)
    generator, rng = torch.Generator().manual_seed(0), np.random.default_rng(0)
    parts = [draw_given(model, codec, conditions, generator, rng) for _ in range(4)]
    given = torch.cat([part[0] for part in parts if part is not None])
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


class TwoClasses(Normal):
    """Two classes with means of the first number 2 apart, each with the same correlation."""

    event = Event((2,), "vector", class_names=("no", "yes"), class_shares=(0.75, 0.25))
    classes = 2

    def sample(self, n: int, *, labels: Any = None, generator: torch.Generator | None = None) -> Tensor:
        self.drawn += n
        return self.complete_by_class(
            torch.zeros(n, 2), torch.zeros(n, 2, dtype=torch.bool), labels, generator=generator
        )

    def complete_by_class(
        self, x: Tensor, known: Tensor, labels: Tensor, *, generator: torch.Generator | None = None
    ) -> Tensor:
        shift = torch.stack([2.0 * labels - 0.5, torch.zeros(len(x))], 1)
        return self.complete(x - shift, known, generator=generator) + shift


def test_classes_follow_their_probabilities_given_the_conditions() -> None:
    model = TwoClasses(0.8)
    rng = np.random.default_rng(1)
    drawn = model.sample(
        4000, labels=torch.from_numpy(rng.choice(2, 4000, p=(0.75, 0.25))), generator=torch.Generator().manual_seed(0)
    )
    frame = read_frame({"a": drawn[:, 0].numpy(), "b": drawn[:, 1].numpy(), "y": ["no", "yes"] * 2000})
    codec = TableCodec(infer_schema(frame).model_copy(update={"target": "y"}), "scores").fit(frame)
    conditions = Conditions.parse("b>2.7,y=yes|no", codec.schema)
    model.drawn = 0
    rows = pd.concat(list(draw_rows(model, codec, 6_000, conditions=conditions)))
    assert model.drawn <= 1 << 16
    assert conditions.holds(rows).all()
    # The second number does not depend on the class, so that the classes keep their shares.
    assert abs((rows["y"] == "yes").mean() - 0.25) < 0.05
    low = pd.concat(list(draw_rows(model, codec, 6_000, conditions=Conditions.parse("a<-3.1", codec.schema))))
    assert (low["y"] == "yes").mean() < 0.02  # far below the mean of this class
