from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from saddlepoint.figures.grids import (
    MOST_CLASSES,
    class_grid,
    grid_over_time,
    interpolation_grid,
    reconstruction_grid,
    sample_grid,
    traversal_grid,
    volume_grid,
)

if TYPE_CHECKING:
    from PIL.Image import Image


def random_images(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, shape).astype(np.uint8)


def image_at(grid: Image, row: int, column: int, height: int, width: int, scale: int, gap: int) -> np.ndarray:
    """The image at (row, column), read back by taking every `scale`-th pixel: (H, W, C)."""
    pixels = np.asarray(grid)
    pixels = pixels[..., None] if pixels.ndim == 2 else pixels
    top, left = gap + row * (height * scale + gap), gap + column * (width * scale + gap)
    block = pixels[top : top + height * scale, left : left + width * scale]
    small = block[::scale, ::scale]
    assert np.array_equal(block, small.repeat(scale, 0).repeat(scale, 1)), "an enlarged pixel is one colour"
    return small


@given(
    n=st.integers(1, 12),
    channels=st.sampled_from([1, 3, 4]),
    height=st.integers(1, 9),
    width=st.integers(1, 9),
    columns=st.integers(1, 5),
    scale=st.integers(1, 4),
    gap=st.integers(0, 3),
)
def test_a_grid_holds_every_image_exactly(
    n: int, channels: int, height: int, width: int, columns: int, scale: int, gap: int
) -> None:
    images = random_images(n, channels, height, width)
    grid = sample_grid(images, columns=columns, scale=scale, gap=gap)
    assert grid.mode == {1: "L", 3: "RGB", 4: "RGBA"}[channels]
    for i, image in enumerate(images):
        found = image_at(grid, i // columns, i % columns, height, width, scale, gap)
        assert np.array_equal(found, image.transpose(1, 2, 0))


def test_by_default_the_grid_is_square_and_small_images_are_enlarged() -> None:
    assert sample_grid(random_images(64, 1, 8, 8)).size == (8 * 64 + 9 * 2, 8 * 64 + 9 * 2)
    assert sample_grid(random_images(4, 3, 100, 100)).size == (2 * 100 + 3 * 2,) * 2


def test_no_images_is_an_error() -> None:
    with pytest.raises(ValueError, match="no image"):
        sample_grid(random_images(0, 1, 8, 8))


def lower_right(picture: Image, rows: int, columns: int, height: int, width: int, scale: int) -> Image:
    size = (2 + columns * (width * scale + 2), 2 + rows * (height * scale + 2))
    return picture.crop((picture.width - size[0], picture.height - size[1], picture.width, picture.height))


def test_reconstructions_are_shown_below_their_originals() -> None:
    originals, reconstructions = random_images(5, 3, 6, 6), random_images(5, 3, 6, 6)[::-1]
    grid = lower_right(reconstruction_grid(originals, reconstructions, columns=3, scale=2), 4, 3, 6, 6, 2)
    for i in range(5):
        row, column = 2 * (i // 3), i % 3
        assert np.array_equal(image_at(grid, row, column, 6, 6, 2, 2), originals[i].transpose(1, 2, 0))
        assert np.array_equal(image_at(grid, row + 1, column, 6, 6, 2, 2), reconstructions[i].transpose(1, 2, 0))


def test_reconstructions_are_drawn_in_the_originals_range() -> None:
    originals = np.array([0.0, 1.0]).reshape(1, 1, 1, 2)
    grid = lower_right(reconstruction_grid(originals, originals / 2, scale=20), 2, 1, 1, 2, 20)
    assert image_at(grid, 0, 0, 1, 2, 20, 2)[0, :, 0].tolist() == [0, 255]
    assert image_at(grid, 1, 0, 1, 2, 20, 2)[0, :, 0].tolist() == [0, 128]


def test_reconstructions_of_another_shape_are_refused() -> None:
    with pytest.raises(ValueError, match="differ in shape"):
        reconstruction_grid(random_images(3, 1, 4, 4), random_images(2, 1, 4, 4))


def test_moments_are_rows() -> None:
    first, second = random_images(2, 4, 1, 8, 8)
    grid = lower_right(grid_over_time([(0, first), (1200, second)], columns=4, scale=1), 2, 4, 8, 8, 1)
    for column in range(4):
        assert np.array_equal(image_at(grid, 0, column, 8, 8, 1, 2)[..., 0], first[column, 0])
        assert np.array_equal(image_at(grid, 1, column, 8, 8, 1, 2)[..., 0], second[column, 0])


@pytest.mark.parametrize("draw", [interpolation_grid, lambda x, **o: traversal_grid(x, [-2.0, -1.0, 0.0, 1.0], **o)])
def test_paths_and_traversals_keep_rows_and_columns(draw) -> None:
    images = random_images(3, 4, 3, 5, 5)
    grid = lower_right(draw(images, scale=3), 3, 4, 5, 5, 3)
    for row in range(3):
        for column in range(4):
            assert np.array_equal(image_at(grid, row, column, 5, 5, 3, 2), images[row, column].transpose(1, 2, 0))


def test_a_volume_shows_its_middle_slices_and_projections() -> None:
    volume = random_images(2, 1, 5, 5, 5)
    grid = lower_right(volume_grid(volume, low=0, high=255, scale=1), 2, 8, 5, 5, 1)  # behind two rendered views
    for row in range(2):
        for axis in range(3):
            assert np.array_equal(
                image_at(grid, row, 2 + axis, 5, 5, 1, 2)[..., 0], np.take(volume[row, 0], 2, axis=axis)
            )
            assert np.array_equal(image_at(grid, row, 5 + axis, 5, 5, 1, 2)[..., 0], volume[row, 0].max(axis=axis))


def test_volumes_of_unequal_sides_and_many_channels_are_drawn() -> None:
    assert volume_grid(np.random.default_rng(0).normal(size=(2, 2, 3, 8, 5))).width > 0


@pytest.mark.parametrize("wrapped", [False, True])
def test_a_grid_by_class_has_a_row_for_each_class_and_its_images_exactly(wrapped: bool) -> None:
    images, labels = random_images(30, 1, 5, 4), np.arange(30) % 4
    grid = class_grid(images, labels, ["a", "b", "c", "d"], columns=5, wrapped=wrapped, scale=2)
    lines = 2 if wrapped else 1  # seven or eight images of a class, five in a row
    width, height = 5 * (4 * 2 + 2) + 2, 4 * lines * (5 * 2 + 2) + 2
    cells = grid.crop((grid.width - width, grid.height - height, grid.width, grid.height)).convert("L")
    for label in range(4):
        own = images[labels == label]
        for place in range(len(own) if wrapped else 5):
            found = image_at(cells, label * lines + place // 5, place % 5, 5, 4, 2, 2)
            assert np.array_equal(found, own[place].transpose(1, 2, 0))


def test_a_grid_by_class_shows_a_limited_number_of_classes_and_says_so() -> None:
    many = MOST_CLASSES + 7
    names = ["x" * 300, *map(str, range(1, many))]
    all_of_them = class_grid(random_images(many, 1, 4, 4), np.arange(many), names, scale=1)
    few = class_grid(random_images(MOST_CLASSES, 1, 4, 4), np.arange(MOST_CLASSES), names, scale=1)
    assert all_of_them.height == few.height
    assert all_of_them.width < 600  # a long name is shortened


def test_a_grid_by_class_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="no image to show"):
        class_grid(random_images(0, 1, 4, 4), np.zeros(0, int), [])
