from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from saddlepoint.figures.curves import panel_curves, training_curves
from saddlepoint.figures.interactive import LIMIT, panel_plot
from saddlepoint.figures.panels import panels
from saddlepoint.figures.style import write_png

STEPS = np.arange(100) * 10


def ordinary() -> np.ndarray:
    return 1.0 + 0.1 * np.random.default_rng(0).normal(size=100)


def with_values(**at: float) -> np.ndarray:
    values = ordinary()
    for i, value in enumerate(at.values()):
        values[20 + 10 * i] = value
    return values


HARD = {
    "nan and infinities": with_values(a=np.nan, b=np.inf, c=-np.inf),
    "all nan": np.full(100, np.nan),
    "all zero": np.zeros(100),
    "constant": np.ones(100),
    "negative": -ordinary(),
    "huge": with_values(a=1e308, b=-1e308),
    "tiny": ordinary() * 1e-320,
    "exploding": np.exp(np.linspace(0, 600, 100)),
}


@pytest.mark.parametrize("name", ["d/loss", "d/grad_norm"])
@pytest.mark.parametrize("case", HARD)
def test_hard_values_are_drawn_without_a_warning(name: str, case: str, tmp_path: Path) -> None:
    series = {name: (STEPS, HARD[case])}
    write_png(training_curves(series), tmp_path / "a.png")
    panel_plot(panels(series)[0], series)


@pytest.mark.parametrize("name", ["d/loss", "d/grad_norm"])
def test_every_value_that_is_not_finite_is_marked_at_its_step(name: str) -> None:
    series = {name: (STEPS, HARD["nan and infinities"])}
    (panel,) = panels(series)
    axes = panel_curves(panel, series).axes[0]
    (marks,) = [line for line in axes.lines if str(line.get_label()).startswith("not finite")]
    assert list(marks.get_xdata()) == [200, 300, 400]
    (living,) = [trace for trace in panel_plot(panel, series)["data"] if trace["name"].startswith("not finite")]
    assert living["x"] == [200, 300, 400]
    assert [words.rpartition(": ")[2] for words in living["text"]] == ["nan", "inf", "-inf"]


def test_zeros_on_a_log_scale_are_marked() -> None:
    values = ordinary()
    values[50:60] = 0.0
    series = {"d/grad_norm": (STEPS, values)}
    axes = training_curves(series).axes[0]
    assert axes.get_yscale() == "log"
    assert "zero or below (10)" in [str(line.get_label()) for line in axes.lines]


def test_smoothed_series_show_their_raw_values_too() -> None:
    axes = training_curves({"d/loss": (STEPS, ordinary())}).axes[0]
    raw, mean = axes.lines
    assert np.array_equal(raw.get_ydata(), ordinary())
    assert raw.get_alpha() < 0.5
    assert np.std(mean.get_ydata()) < np.std(raw.get_ydata())


def test_the_best_is_marked_in_its_panel_alone() -> None:
    series = {"quality/a": (STEPS, ordinary()), "quality/b": (STEPS, ordinary())}
    labels = [
        [str(line.get_label()) for line in axes.lines]
        for axes in training_curves(series, best=("quality/b", 300, 0.9)).axes
    ]
    assert ["best: 0.9 at step 300" in names for names in labels] == [False, True]


def test_no_series_at_all() -> None:
    assert training_curves({}).axes[0].get_title(loc="left") == "No series recorded yet"


def test_every_axis_is_named_and_several_lines_have_a_legend() -> None:
    series = {name: (STEPS, ordinary()) for name in ("d/real_score", "d/fake_score", "time/steps_per_second")}
    for axes in training_curves(series).axes:
        assert axes.get_xlabel()
        assert axes.get_ylabel()
        assert (axes.get_legend() is not None) == ("probability" in axes.get_ylabel())


def test_a_long_run_is_thinned_but_keeps_its_ends_and_its_broken_values() -> None:
    values = np.linspace(0, 1, 20_001)
    values[777] = np.nan
    series = {"d/loss": (np.arange(20_001), values)}
    plot = panel_plot(panels(series)[0], series)
    raw = plot["data"][0]
    assert len(raw["x"]) <= LIMIT
    assert (raw["x"][0], raw["x"][-1]) == (0, 20_000)
    assert plot["data"][-1]["x"] == [777]


def test_a_small_constant_stays_readable() -> None:
    series = {"d/learning_rate": (STEPS, np.full(100, 1e-3))}
    low, high = panel_plot(panels(series)[0], series)["layout"]["yaxis"]["range"]
    assert 0 < low < 1e-3 < high < 1e-2


def test_a_living_plot_holds_what_plotly_knows() -> None:
    from plotly.graph_objects import Figure

    series = {"d/loss": (STEPS, HARD["nan and infinities"]), "d/<b>loss": (STEPS, ordinary())}
    for panel in panels(series):
        Figure(panel_plot(panel, series, best=("d/loss", 10, 1.0)))
        assert all("<b>" not in trace["name"] for trace in panel_plot(panel, series)["data"])


@pytest.mark.slow
def test_no_legend_covers_a_line() -> None:
    names = ("d/real_score", "d/fake_score", "d/held_out_score", "d/grad_norm", "g/grad_norm", "quality/a")
    drawing = training_curves({name: (STEPS, ordinary()) for name in names}, best=("quality/a", 300, 0.9))
    drawing.canvas.draw()
    boxes = [axes.get_legend().get_window_extent() for axes in drawing.axes if axes.get_legend()]
    assert len(boxes) == 3
    assert not any(box.overlaps(axes.get_window_extent()) for box in boxes for axes in drawing.axes)
    assert all(drawing.bbox.y0 <= box.y0 for box in boxes)
