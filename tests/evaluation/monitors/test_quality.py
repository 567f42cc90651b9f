"""Laws of the quality series: the same model gives the same number, and real data are the baseline."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest
import torch
from torch import Tensor

import saddlepoint.evaluation.monitors.quality as module
from saddlepoint.data import Dataset, DataSettings, Event, load
from saddlepoint.errors import DataError
from saddlepoint.evaluation.monitors.quality import Quality
from saddlepoint.evaluation.settings import EvaluationSettings

SETTINGS = EvaluationSettings(samples=400)


@dataclass
class Source:
    """A "model" that draws from given examples and, in part, noise."""

    examples: Tensor
    event: Event
    noise: float = 0.0

    def sample(self, n: int, *, labels: Tensor | None = None, generator: torch.Generator | None = None) -> Tensor:
        index = torch.randint(len(self.examples), (n,), generator=generator)
        x = self.examples[index].float()
        return x + self.noise * torch.randn(x.shape, generator=generator)


@pytest.fixture(scope="module")
def digits() -> Dataset:
    return load(DataSettings(source="digits"))


def test_the_same_model_has_the_same_quality(digits: Dataset) -> None:
    quality, again = Quality(digits, SETTINGS), Quality(digits, SETTINGS)
    model = Source(digits.x, digits.event)
    torch.manual_seed(1)
    state = torch.get_rng_state()
    assert quality.measure(model) == quality.measure(model) == again.measure(model)
    assert torch.equal(torch.get_rng_state(), state)


def test_real_data_are_at_the_baseline_and_worse_is_further(digits: Dataset) -> None:
    quality = Quality(digits, SETTINGS)
    assert quality.baseline is not None
    assert abs(quality.baseline) < 0.02
    spread = digits.x.float().std().item()
    worse = [quality.measure(Source(digits.x, digits.event, share * spread)) for share in (0, 1, 2, 4)]
    assert worse == sorted(worse)
    assert worse[0] < 0.02
    assert worse[-1] > 0.1
    one_class = digits.x[digits.y == 3] if digits.y is not None else digits.x
    assert quality.measure(Source(one_class, digits.event)) > 0.1


def test_columns_count_equally_in_any_units() -> None:
    ring = load(DataSettings(source="ring", points=1000))
    units = torch.tensor([1.0, 1e4])
    assert ring.held_out is not None
    stretched = replace(ring, x=ring.x * units, held_out=replace(ring.held_out, x=ring.held_out.x * units))
    values = [Quality(data, SETTINGS).measure(Source(data.x[:200], data.event)) for data in (ring, stretched)]
    assert values[0] == pytest.approx(values[1], abs=1e-4)


def test_without_held_out_examples_there_is_no_baseline() -> None:
    data = load(DataSettings(source="gaussian", points=300, held_out=0.0))
    assert data.held_out is None or len(data.held_out) == 0
    quality = Quality(data, SETTINGS)
    assert quality.baseline is None
    assert quality.measure(Source(data.x, data.event)) < 0.05


def test_a_broken_model_measures_nan(digits: Dataset) -> None:
    broken = torch.full_like(digits.x, 0).float() * float("nan")
    assert Quality(digits, SETTINGS).measure(Source(broken, digits.event)) != 0
    assert torch.tensor(Quality(digits, SETTINGS).measure(Source(broken, digits.event))).isnan()


def test_one_example_has_no_distribution() -> None:
    data = load(DataSettings(source="gaussian", points=1, held_out=0.0))
    with pytest.raises(DataError, match="two or more"):
        Quality(data, SETTINGS)


def test_large_events_are_measured_on_fewer_examples(digits: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    """However large an event is, no more numbers than the bound are held at once."""
    monkeypatch.setattr(module, "_MOST_NUMBERS", 100 * digits.event.size)
    asked = []

    class Counting(Source):
        def sample(self, n: int, **how: object) -> Tensor:
            asked.append(n)
            return super().sample(n, **how)  # type: ignore[arg-type]

    assert Quality(digits, SETTINGS).measure(Counting(digits.x, digits.event)) < 0.1
    assert asked == [100]
    assert [module.affordable(1_000, size) for size in (1, 2 * digits.event.size, 10**12)] == [1_000, 50, 2]


@pytest.mark.parametrize("size", [1, 784, 20 * 64 * 64, 1 << 30])
def test_parts_hold_every_position_once_and_few_numbers(size: int) -> None:
    index = torch.randperm(5_000, generator=torch.Generator().manual_seed(0))
    split = module.parts(index, size)
    assert torch.equal(torch.cat(split), index)
    largest = max(map(len, split))
    assert largest == 1 or largest * size <= 1 << 24  # 64 MiB of float32
    assert len(split) > 1
