"""The meaning of axes: certain shapes are read, likely readings are reported, ambiguous ones need a setting."""

from __future__ import annotations

import numpy as np
import pytest

from saddlepoint.data import DataSettings, from_array
from saddlepoint.data.layout import read_axes
from saddlepoint.errors import DataError

WHOLE = DataSettings(held_out=0.0)


@pytest.mark.parametrize(
    ("shape", "channels", "said"),
    [
        ((9, 3, 8, 8), "first", False),
        ((9, 8, 8, 3), "last", False),
        ((9, 1, 8, 5), "first", False),
        ((9, 3, 8, 5), "first", False),
        ((9, 8, 5, 4), "last", False),
        ((9, 16, 16, 8), "last", True),
        ((9, 8, 16, 16), "first", True),
        ((9, 32, 32, 2), "last", True),
        ((9, 2, 32, 32), "first", True),
        ((9, 24, 30, 2), "last", True),
        ((9, 5, 8, 9), "first", True),
        ((9, 128, 16, 16), "first", True),
        ((9, 1, 28, 3), "first", True),
        ((9, 8, 8, 5, 5), None, None),
        ((9, 8, 8, 8, 5), "last", True),
        ((9, 4, 8, 9, 1), "last", True),
        ((9, 3, 8, 3), None, None),
        ((9, 16, 16, 16), None, None),
        ((9, 3, 3, 8), None, None),
        ((9, 64, 4, 4), None, None),
    ],
)
def test_planes(shape, channels, said):
    if channels is None:
        with pytest.raises(DataError, match=r"mine: shape .* set data.layout to channels-first or channels-last"):
            read_axes(shape, "auto", "auto", "", "mine")
    else:
        reading = read_axes(shape, "auto", "auto", "", "mine")
        assert (reading.channels, bool(reading.note)) == (channels, said)
    for layout in ("first", "last"):
        reading = read_axes(shape, "auto", f"channels-{layout}", "", "mine")
        assert (reading.channels, reading.note) == (layout, "")


@pytest.mark.parametrize(
    ("shape", "pixels", "kind", "channels", "said"),
    [
        ((9, 28, 28), "bytes", "image", "none", False),
        ((9, 28, 28), "range", "image", "none", False),
        ((9, 28, 28), "", "image", "none", False),
        ((9, 20, 28), "bytes", "image", "none", False),
        ((9, 20, 28), "range", "image", "none", True),
        ((9, 24, 4), "bytes", "image", "none", True),
        ((9, 24, 4), "range", "series", "last", True),
        ((9, 24, 2), "", "series", "last", True),
        ((9, 2, 24), "", "series", "first", True),
        ((9, 50, 1), "", "series", "last", True),
        ((9, 20, 28), "", None, None, None),
    ],
)
def test_three_axes(shape, pixels, kind, channels, said):
    if kind is None:
        with pytest.raises(DataError, match=r"set data.kind to image or series \(--data.kind series"):
            read_axes(shape, "auto", "auto", pixels, "mine")
        return
    reading = read_axes(shape, "auto", "auto", pixels, "mine")
    assert (reading.kind, reading.channels, bool(reading.note)) == (kind, channels, said)


@pytest.mark.parametrize(
    ("kind", "layout", "given", "event"),
    [
        ("series", "auto", (30, 20), (30, 20)),
        ("series", "channels-first", (30, 20), (20, 30)),
        ("auto", "channels-last", (30, 20), (30, 20)),
        ("series", "auto", (30,), (30, 1)),
        ("sound", "channels-last", (30, 2), (2, 30)),
        ("sound", "auto", (30, 2), (2, 30)),
        ("image", "auto", (30, 2), (1, 30, 2)),
        ("volume", "auto", (5, 5, 5), (1, 5, 5, 5)),
        ("vector", "auto", (5, 5, 5), (125,)),
    ],
)
def test_the_reported_layout_gives_the_same_dataset(kind, layout, given, event):
    x = np.random.default_rng(0).normal(size=(7, *given))
    dataset = from_array(x, settings=WHOLE, kind=kind, layout=layout)
    assert dataset.event.shape == event
    said = from_array(x, settings=DataSettings(held_out=0.0, kind=kind, layout=layout))
    assert (said.event, said.fingerprint) == (dataset.event, dataset.fingerprint)


def test_images_have_no_channels_to_lay_out():
    with pytest.raises(DataError, match=r"no axis of channels; leave data.layout at auto"):
        from_array(np.zeros((5, 8, 8)), kind="image", layout="channels-last")


@pytest.mark.parametrize("kind", ["series", "image", "sound", "volume"])
def test_every_number_stays_where_it_was(kind):
    shape = {"series": (6, 4), "image": (6, 5, 4), "sound": (6, 4), "volume": (3, 6, 5, 4)}[kind]
    x = np.random.default_rng(0).normal(size=(1, *shape)).astype(np.float32)
    there = from_array(x, settings=WHOLE, kind=kind, layout="channels-last")
    first = np.moveaxis(x, -1, 1)
    here = from_array(first, settings=WHOLE, kind=kind, layout="channels-first")
    assert there.fingerprint == here.fingerprint
    assert np.array_equal(there.x.numpy(), x if kind == "series" else first)


def test_bands_last_are_read_as_bands_and_reported():
    dataset = from_array(np.zeros((9, 16, 16, 8), np.uint8), settings=WHOLE)
    assert dataset.event.shape == (8, 16, 16)
    assert "16x16 with 8 channels (channels last)" in dataset.notes[0]
