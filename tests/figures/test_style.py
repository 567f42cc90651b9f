from __future__ import annotations

import threading
import warnings
from pathlib import Path

import numpy as np
import pytest

from saddlepoint.figures.grids import sample_grid
from saddlepoint.figures.style import PALETTE, colours, figure, format_axes, style_axes, text, write_png


def drawing(words: str = "title"):
    made, axes = figure(width=3, height=2)
    axes[0, 0].plot([0, 1], [1, 2])
    style_axes(axes[0, 0], title=words, x="step", y="nats")
    return made


@pytest.mark.parametrize("n", [0, 1, 8, 10, 11, 100])
def test_every_class_has_a_colour_of_its_own(n: int) -> None:
    found = colours(n)
    assert len(found) == len(set(found)) == n


def test_few_classes_keep_their_colours_when_more_come() -> None:
    assert colours(10)[:4] == colours(4) == list(PALETTE[:4])


@pytest.mark.parametrize("words", ["costs $5 or $6", "日本", "a_b^{c", r"\frac", "", "two\nlines"])
def test_any_words_can_be_drawn(words: str, tmp_path: Path) -> None:
    write_png(drawing(words), tmp_path / "a.png")


def test_words_the_font_has_are_kept() -> None:
    assert text("Größe λ ≤ 3") == "Größe λ ≤ 3"


def test_the_same_figure_gives_the_same_bytes(tmp_path: Path) -> None:
    first, second = (write_png(drawing(), tmp_path / name).read_bytes() for name in ("a.png", "b.png"))
    assert first == second


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    class Broken:
        def save(self, path: Path, format: str) -> None:
            path.write_bytes(b"half")
            raise OSError("disk full")

    path = write_png(sample_grid(np.zeros((1, 1, 2, 2), np.uint8)), tmp_path / "deep" / "a.png")
    before = path.read_bytes()
    with pytest.raises(OSError, match="disk full"):
        write_png(Broken(), path)
    assert path.read_bytes() == before
    assert [entry.name for entry in path.parent.iterdir()] == ["a.png"]


@pytest.mark.slow
def test_threads_draw_without_disturbing_each_other(tmp_path: Path) -> None:
    expected = write_png(drawing(), tmp_path / "expected.png").read_bytes()
    errors: list[BaseException] = []

    def draw(i: int) -> None:
        try:
            with warnings.catch_warnings():
                assert write_png(drawing(), tmp_path / f"{i}.png").read_bytes() == expected
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=draw, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors


def test_no_figure_of_ours_reaches_pyplot() -> None:
    from matplotlib import _pylab_helpers

    before = len(_pylab_helpers.Gcf.figs)
    drawing()
    assert len(_pylab_helpers.Gcf.figs) == before


def test_no_axis_counts_from_an_offset_or_stretches_what_is_nothing(tmp_path: Path) -> None:
    drawing, grid = figure()
    axes = grid[0, 0]
    style_axes(axes, title="t", x="x", y="y")
    axes.plot([0, 1], [8.0, 8.0 - 1e-9])
    format_axes(drawing)
    drawing.canvas.draw()
    assert axes.yaxis.get_offset_text().get_text() == ""
    low, high = axes.get_ylim()
    assert low < 7.7 < 8.3 < high
    labels = [label.get_text() for label in axes.get_yticklabels()]
    assert "8.0" in labels


@pytest.mark.parametrize("values", [[0.4, 3.0], [1e-4, 3e-4, 0.5], [2.0, 2.0], [1e-90, 1e90]])
def test_a_log_axis_has_round_ticks_that_enclose_its_values(values: list[float]) -> None:
    drawing, grid = figure()
    axes = grid[0, 0]
    axes.plot(range(len(values)), values)
    axes.set_yscale("log")
    format_axes(drawing)
    format_axes(drawing)  # a second time changes nothing
    ticks = list(axes.get_yticks())
    assert len(ticks) >= 3
    assert axes.get_ylim() == pytest.approx((ticks[0], ticks[-1]))
    assert ticks[0] <= min(values) <= max(values) <= ticks[-1]


@pytest.mark.slow
def test_long_names_of_axes_are_wrapped_instead_of_cut_off() -> None:
    drawing, grid = figure(2, 2, width=7.0, height=5.0)
    for axes in grid.flat:
        style_axes(
            axes,
            title="A title that is much too long for a small panel " * 2,
            x="step",
            y="a long name of an axis " * 4,
        )
    drawing.canvas.draw()
    for axes in grid.flat:
        for words in (axes.yaxis.label, axes.xaxis.label):
            box = words.get_window_extent()
            assert drawing.bbox.x0 <= box.x0
            assert box.x1 <= drawing.bbox.x1
            assert drawing.bbox.y0 <= box.y0
            assert box.y1 <= drawing.bbox.y1


def test_equal_scores_look_equal_in_a_comparison() -> None:
    from saddlepoint.figures.comparison import comparison_figure

    scores = [[8.0, 8.0 - 1e-9]]
    drawing = comparison_figure(["Modes"], ["a", "b"], scores, scores, scores, [8.0], [2.0], ["higher"])
    low, high = drawing.axes[0].get_xlim()
    assert high - low >= 0.05 * 6.0
