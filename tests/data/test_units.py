"""Units: columns and channels with their own units are scaled separately; constant ones stay unchanged."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch

from saddlepoint.data import DataSettings, from_array, load
from saddlepoint.data.event import Event
from saddlepoint.data.split import statistics

WHOLE = DataSettings(held_out=0.0)
KINDS = ("none", "unit", "symmetric", "standard")


def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def data_in_units(kind: str) -> torch.Tensor:
    """Two channels: 100 +- 5 and 1,300,000 +- 400,000."""
    shape = {"vector": (2,), "series": (24, 2), "image": (2, 8, 8), "volume": (2, 5, 5, 5)}[kind]
    x = rng().normal(size=(500, *shape))
    axis = -1 if kind == "series" else 1
    scaled = np.moveaxis(np.moveaxis(x, axis, -1) * [5, 4e5] + [100, 1.3e6], -1, axis)
    return torch.from_numpy(scaled.astype(np.float32))


@pytest.mark.parametrize("kind", ["vector", "series", "image", "volume"])
def test_channels_in_different_units_have_mean_0_and_deviation_1_each(kind):
    dataset = from_array(data_in_units(kind), settings=WHOLE)
    event = dataset.event
    assert event.kind == kind
    assert not event.bounded
    z = event.scaling("standard").to_model(dataset.x).movedim(event.channel_axis + 1, -1).reshape(-1, 2).double()
    torch.testing.assert_close(z.mean(0), torch.zeros(2, dtype=torch.float64), atol=1e-3, rtol=0)
    torch.testing.assert_close(z.std(0, correction=0), torch.ones(2, dtype=torch.float64), atol=1e-3, rtol=0)
    back = event.scaling("standard").to_data(event.scaling("standard").to_model(dataset.x))
    # Four roundings of float32, of numbers as large as the largest.
    torch.testing.assert_close(back, dataset.x, rtol=0, atol=4 * 1.2e-7 * float(dataset.x.abs().max()))


def test_images_in_different_units_are_named():
    assert "Channels differ in their units" in from_array(data_in_units("image"), settings=WHOLE).notes[-1]


@pytest.mark.parametrize("scale", [1.0, 1e-4, 1e6])
def test_standardised_rows_do_not_depend_on_units(scale):
    x = data_in_units("vector")
    one, other = from_array(x, settings=WHOLE), from_array(x * torch.tensor([1.0, scale]), settings=WHOLE)
    torch.testing.assert_close(one.event.standardised(one.x), other.event.standardised(other.x), atol=2e-4, rtol=1e-4)


@pytest.mark.parametrize("values", [(0, 255), (0.0, 1.0), (-1.0, 1.0), (0.0, 250.0), (0.0, 16.0)])
def test_pictures_keep_one_range(values):
    x = rng().uniform(*values, (50, 3, 8, 8))
    x = x.astype(np.uint8) if isinstance(values[1], int) else x
    event = from_array(x, settings=WHOLE).event
    assert event.bounded
    assert len(event.scaling("symmetric").scale) == len(event.mean) == 1


def test_built_in_data_are_described_as_they_always_were():
    digits, ring = load("digits").event, load("ring").event
    assert (digits.low, digits.high, len(digits.mean), digits.constants) == (0.0, 16.0, 1, ())
    assert (ring.low, ring.high, len(ring.mean), ring.constants) == (None, None, 2, ())
    assert digits.mean == statistics(load("digits").x)[0]


def test_files_of_an_earlier_version_still_load():
    old = Event((2,), "vector", mean=(1.0, 2.0), std=(3.0, 4.0)).to_json()
    del old["constants"]
    assert Event.from_json(json.loads(json.dumps(old))) == Event((2,), "vector", mean=(1.0, 2.0), std=(3.0, 4.0))


CONSTANT = (7.1, 0.1, -1e9, 0.0, 3e-8)


@pytest.mark.parametrize("scaling", KINDS)
@pytest.mark.parametrize("value", CONSTANT)
def test_a_constant_column_is_restored_exactly_for_any_model_output(value, scaling):
    x = np.column_stack([rng().normal(size=300), np.full(300, value)])
    dataset = from_array(x, settings=WHOLE)
    event = dataset.event
    assert event.constants == ((1, float(np.float32(value))),)
    units = event.scaling(scaling)
    made = units.to_data(torch.randn(100, 2, generator=torch.Generator().manual_seed(0)) * 5)
    assert torch.equal(made[:, 1], dataset.x[:100, 1])
    held = event.with_constants(torch.zeros(300, 2), units.constants)
    assert torch.equal(held[:, 1], units.to_model(dataset.x)[:, 1]), "a discriminator could tell them apart"
    assert units.to_model(dataset.x)[:, 0].isfinite().all()
    assert event.standardised(dataset.x).shape == (300, 1)
    assert Event.from_json(json.loads(json.dumps(event.to_json()))) == event


@pytest.mark.parametrize("kind", ["series", "image", "volume"])
def test_constant_channels_are_found(kind):
    x = data_in_units(kind)
    (x[..., 1] if kind == "series" else x[:, 1])[:] = 2.5
    dataset = from_array(x, settings=WHOLE, kind=kind, layout="auto" if kind == "series" else "channels-first")
    assert dataset.event.constants == ((1, 2.5),)


def test_one_example_has_no_constants():
    assert from_array(rng().normal(size=(1, 3)), settings=WHOLE).event.constants == ()
