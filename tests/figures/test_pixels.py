from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from saddlepoint.figures.pixels import NOT_A_NUMBER, add_labels, match_channels, tile, to_image, to_pixels


@given(st.floats(-1e6, 1e6), st.floats(1e-3, 1e6))
def test_range_maps_exactly_at_its_ends_and_clamps_beyond(low: float, width: float) -> None:
    high = low + width
    values = np.array([low, high, low - width, high + width]).reshape(1, 1, 2, 2)
    assert to_pixels(values, low=low, high=high).ravel().tolist() == [0, 255, 0, 255]


def test_the_map_is_linear() -> None:
    values = np.linspace(-1.0, 1.0, 256).reshape(1, 1, 16, 16)
    assert to_pixels(values, low=-1.0, high=1.0).ravel().tolist() == list(range(256))


def test_bytes_pass_unchanged_unless_their_range_is_another() -> None:
    values = np.arange(16, dtype=np.uint8).reshape(1, 1, 4, 4)
    assert np.array_equal(to_pixels(values).ravel(), values.ravel())
    assert np.array_equal(to_pixels(values, low=0, high=255).ravel(), values.ravel())
    assert to_pixels(values, low=0, high=15).ravel().tolist() == [17 * i for i in range(16)]


def test_without_a_range_all_images_share_one() -> None:
    values = np.array([0.0, 1.0, 2.0, 4.0]).reshape(2, 1, 1, 2)
    assert to_pixels(values).ravel().tolist() == [0, 64, 128, 255]


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_nan_pixels_are_magenta_and_their_neighbours_are_not(channels: int) -> None:
    values = np.zeros((1, channels, 2, 2))
    values[0, 0, 0, 0] = np.nan
    values[0, -1, 1, 1] = np.inf
    pixels = to_pixels(values, low=0.0, high=1.0)
    assert tuple(pixels[0, 0, 0, :3]) == tuple(pixels[0, 1, 1, :3]) == NOT_A_NUMBER
    assert tuple(pixels[0, 0, 1, :3]) == (0, 0, 0)


def test_other_channel_counts_are_shown_side_by_side() -> None:
    values = np.random.default_rng(0).integers(0, 256, (2, 5, 3, 4)).astype(np.uint8)
    pixels = to_pixels(values)
    assert pixels.shape == (2, 3, 20, 1)
    for channel in range(5):
        assert np.array_equal(pixels[:, :, 4 * channel : 4 * channel + 4, 0], values[:, channel])


def test_wrong_shape_is_named() -> None:
    with pytest.raises(ValueError, match=r"\(N, C, H, W\).*\(3, 4\)"):
        to_pixels(np.zeros((3, 4)))


def test_a_labelled_grid_still_holds_the_grid() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (6, 5, 7, 3)).astype(np.uint8)
    grid = to_image(tile(pixels, 3, scale=4, gap=2))
    framed = add_labels(
        grid, title="A title much longer than the grid is wide", rows=[(12, "row")], columns=[(14, "c")]
    )
    corner = (framed.width - grid.width, framed.height - grid.height, framed.width, framed.height)
    assert np.array_equal(np.asarray(framed.crop(corner)), np.asarray(grid))


def test_groups_of_any_form_meet_in_the_richest() -> None:
    grey, rgba = np.full((2, 3, 3, 1), 7, np.uint8), np.zeros((2, 3, 3, 4), np.uint8)
    first, second = match_channels([grey, rgba])
    assert first.shape == second.shape
    assert first[0, 0, 0].tolist() == [7, 7, 7, 255]
