"""A heat map writes every number with its interval, and has colours for any range of them."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from saddlepoint.figures.heat_map import heat_map_figure
from saddlepoint.figures.style import write_png


@pytest.mark.parametrize("share", [True, False])
def test_every_field_of_the_heat_map_has_its_number_and_interval(share: bool, tmp_path: Path) -> None:
    value = np.array([[0.1, 0.9, math.nan], [1.0, math.inf, 0.0]])
    drawing = heat_map_figure(value, value - 0.1, value + 0.1, "abc", "de", x="x", y="y", title="t", share=share)
    said = [words.get_text() for words in drawing.axes[0].texts]
    assert said.count("-") == 1
    assert said.count("not reached") == 1
    assert ("0.90" if share else "0.9") in said
    assert ("[0.80, 1.00]" if share else "[0.8, 1]") in said
    assert len([words for words in said if words.startswith("[")]) == 4
    write_png(drawing, tmp_path / "h.png")


@pytest.mark.parametrize("numbers", [[[5.0]], [[1.0, 1e6]], [[math.nan]], [[-3.0, 4.0]]])
def test_any_range_of_numbers_has_colours(numbers: list[list[float]], tmp_path: Path) -> None:
    names = [str(i) for i in range(len(numbers[0]))]
    write_png(heat_map_figure(numbers, numbers, numbers, names, ["r"], x="x", y="y", title="t"), tmp_path / "h.png")


@pytest.mark.parametrize("columns", [1, 2, 6])
def test_a_long_title_stays_in_the_picture_and_off_the_map(columns: int) -> None:
    title = f"Mean {'Wasserstein-1 ' * 8}\n(16 to 32 runs each, pooled over {'many axes, ' * 6} without the 12 that diverged)"
    value = np.ones((2, columns))
    names = [str(i) for i in range(columns)]
    drawing = heat_map_figure(value, value, value, names, "ab", x="x", y="y", title=title)
    drawing.canvas.draw()
    (head,) = drawing.texts
    box = head.get_window_extent()
    assert 0 <= box.x0 < box.x1 <= drawing.bbox.x1
    assert drawing.axes[0].get_window_extent().y1 < box.y0 < box.y1 <= drawing.bbox.y1
    assert " ".join(head.get_text().split()) == f"{' '.join(title.split())} In brackets: 95 % intervals"


def test_a_bar_explains_its_colours() -> None:
    for value, ends in (([[0.2, 0.4]], (0.0, 1.0)), ([[math.nan, math.inf]], None)):
        drawing = heat_map_figure(value, value, value, "ab", "c", x="x", y="y", title="t", share=True)
        assert [axes.get_ylim() for axes in drawing.axes[1:]] == ([ends] if ends else [])


def test_a_map_of_another_size_is_refused() -> None:
    with pytest.raises(ValueError, match="2 rows and 1 columns"):
        heat_map_figure([[1.0]], [[1.0]], [[1.0]], ["a"], ["b", "c"], x="x", y="y", title="t")
