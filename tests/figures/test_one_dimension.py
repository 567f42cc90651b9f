"""The picture of the game on a line shows its input values."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from matplotlib.collections import LineCollection
from matplotlib.quiver import Quiver

from saddlepoint.figures.one_dimension import game_figure
from saddlepoint.figures.style import write_png

RANDOM = np.random.default_rng(0)
POINTS = RANDOM.normal(size=500)
BOUNDARY = 0.3


def score(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-4 * (x[:, 0] - BOUNDARY)))


def push(x: np.ndarray) -> np.ndarray:
    return 4 * (1 - score(x))[:, None]


def panels(**known: object) -> list:
    """The panels from above, without the axis of the probability."""
    drawing = game_figure(POINTS, POINTS, **known)
    return sorted((a for a in drawing.axes if "real" not in a.get_ylabel()), key=lambda a: -a.get_position().y0)


def test_the_boundary_is_where_the_discriminator_is_undecided() -> None:
    for axes in panels(discriminator=score, pushes=push):
        found = [
            line.get_xdata()[0] for line in axes.lines if line.get_linestyle() == ":" and len(line.get_xdata()) == 2
        ]
        assert found == pytest.approx([BOUNDARY], abs=1e-3)


@pytest.mark.parametrize("constant", [0.2, 0.5, 0.9])
def test_a_discriminator_that_never_changes_its_mind_has_no_boundary(constant: float) -> None:
    (axes,) = panels(discriminator=lambda x: np.full(len(x), constant))
    assert not [line for line in axes.lines if line.get_linestyle() == ":" and len(line.get_xdata()) == 2]


def test_arrows_point_where_the_loss_falls_and_are_as_long_as_it_does() -> None:
    for sign in (1.0, -1.0):
        axes = panels(pushes=lambda x, sign=sign: sign * push(x))[1]
        (arrows,) = [part for part in axes.collections if isinstance(part, Quiver)]
        strength = sign * push(arrows.XY[:, :1])[:, 0]
        assert arrows.XY[:, 1] == pytest.approx(strength)
        assert (np.sign(arrows.U) == sign).all()
        assert arrows.U / strength == pytest.approx(arrows.U[0] / strength[0])
        low, high = axes.get_ylim()
        assert ((low < strength) & (strength < high)).all()


def test_axes_hold_still_from_frame_to_frame() -> None:
    known = {"log_prob": lambda x: -0.5 * x[:, 0] ** 2 - 0.92, "discriminator": score, "latent": (POINTS, POINTS)}
    frames = [
        game_figure(factor * POINTS, POINTS, pushes=lambda x, f=factor: f * push(x), **known) for factor in (0.98, 1.0)
    ]
    ends = [[(axes.get_xlim(), axes.get_ylim()) for axes in drawing.axes] for drawing in frames]
    assert ends[0] == ends[1]


def test_lines_go_from_the_noise_to_what_is_made_of_it() -> None:
    z = np.linspace(-2.0, 2.0, 9)
    axes = panels(latent=(z, z / 2))[1]
    (lines,) = [part for part in axes.collections if isinstance(part, LineCollection)]
    below, above = (np.array([segment[end] for segment in lines.get_segments()]) for end in (0, 1))
    assert above[:, 0] == pytest.approx(z / 2)
    assert set(below[:, 1]) == {0.0}
    assert set(above[:, 1]) == {1.0}
    # The lower axis is the noise's: its ticks are where lines of those values start.
    ticks = dict(zip((float(t.get_text()) for t in axes.get_xticklabels()), axes.get_xticks(), strict=True))
    assert ticks[0.0] == pytest.approx(below[4, 0])
    assert ticks[2.0] == pytest.approx(below[8, 0])


HARD = {
    "one value": np.ones(50),
    "nothing finite": np.full(50, np.nan),
    "huge": np.full(50, 1e308),
    "one point": np.zeros(1),
}


@pytest.mark.parametrize("case", HARD)
@pytest.mark.parametrize("slope", [0.0, 1.0, np.nan])
def test_hard_points_are_drawn_without_a_warning(case: str, slope: float, tmp_path: Path) -> None:
    drawing = game_figure(
        HARD[case],
        POINTS,
        modes=np.zeros(1),
        discriminator=lambda x: 0.5 + slope * x[:, 0],
        pushes=lambda x: slope * x,
        latent=(np.zeros(3), np.resize(HARD[case], 3)),
    )
    write_png(drawing, tmp_path / "a.png")
