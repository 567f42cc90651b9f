from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from saddlepoint.figures.latent import head_histograms, heads_over_time, latent_plot, latent_scatter
from saddlepoint.figures.style import write_png

RANDOM = np.random.default_rng(0)


@pytest.mark.parametrize("dimensions", [1, 2, 3, 8])
@pytest.mark.parametrize("labelled", [True, False])
def test_codes_of_any_size_are_drawn(dimensions: int, labelled: bool, tmp_path: Path) -> None:
    codes = RANDOM.normal(size=(60, dimensions))
    labels = np.arange(60) % 4 if labelled else None
    write_png(latent_scatter(codes, labels, ["a", "b", "$", "<d>"] if labelled else None), tmp_path / "a.png")
    plot = latent_plot(codes, labels)
    assert len(plot["data"]) == (4 if labelled else 1)
    assert sum(len(trace["x"]) for trace in plot["data"]) == 60


def test_non_finite_codes_are_reported_and_left_out(tmp_path: Path) -> None:
    codes = RANDOM.normal(size=(10, 2))
    codes[3] = np.nan
    drawing = latent_scatter(codes, np.arange(10) % 2)
    assert "1 not finite" in drawing.axes[0].get_title(loc="left")
    assert sum(len(trace["x"]) for trace in latent_plot(codes, np.arange(10) % 2)["data"]) == 9
    write_png(latent_scatter(np.full((5, 8), np.inf)), tmp_path / "a.png")


def test_principal_components_keep_distances_when_nothing_is_lost() -> None:
    flat = RANDOM.normal(size=(30, 3)) @ np.linalg.qr(RANDOM.normal(size=(7, 3)))[0].T
    trace = latent_plot(flat)["data"][0]
    shown = np.column_stack([trace["x"], trace["y"], trace["z"]])

    def distances(points: np.ndarray) -> np.ndarray:
        return np.linalg.norm(points[:, None] - points[None], axis=-1)

    # Coordinates are written with four figures.
    assert distances(shown) == pytest.approx(distances(flat), abs=5e-3)


def test_a_class_keeps_its_colour_when_others_are_missing() -> None:
    codes, labels = RANDOM.normal(size=(40, 2)), np.arange(40) % 4
    every = {trace["name"]: trace["marker"]["color"] for trace in latent_plot(codes, labels, list("abcd"))["data"]}
    some = labels > 1
    for trace in latent_plot(codes[some], labels[some], list("abcd"))["data"]:
        assert trace["marker"]["color"] == every[trace["name"]]


def test_many_points_are_thinned() -> None:
    plot = latent_plot(RANDOM.normal(size=(10_000, 2)), np.arange(10_000) % 3, limit=500)
    assert 400 <= sum(len(trace["x"]) for trace in plot["data"]) <= 510


def test_a_living_scatter_holds_what_plotly_knows() -> None:
    from plotly.graph_objects import Figure

    for dimensions in (1, 2, 3):
        Figure(latent_plot(RANDOM.normal(size=(5, dimensions)), np.arange(5)))


@pytest.mark.slow
@pytest.mark.parametrize("values", [RANDOM.normal(size=(50, 4)), np.zeros((50, 1)), np.full((5, 2), np.nan)])
def test_heads_are_drawn(values: np.ndarray, tmp_path: Path) -> None:
    write_png(head_histograms(values, values - 1.0), tmp_path / "a.png")
    write_png(heads_over_time([(0, values, values), (500, values, values)]), tmp_path / "b.png")


def test_each_units_histogram_is_in_its_own_column() -> None:
    means = np.column_stack([np.full(20, -1.0), np.full(20, 2.0)])
    mesh = head_histograms(means, means).axes[0].collections[0]
    shares = mesh.get_array()
    edges = mesh.get_coordinates()[:, 0, 1]
    for column, value in enumerate((-1.0, 2.0)):
        (full,) = np.flatnonzero(shares[:, column])
        assert edges[full] <= value <= edges[full + 1]
