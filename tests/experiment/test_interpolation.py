"""The arc between codes."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from saddlepoint.experiment.interpolation import spherical

seeds = st.integers(0, 10_000)


def pair(seed: int, dimensions: int = 5) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    start, end = torch.randn(2, dimensions, generator=generator, dtype=torch.float64)
    return start, end


@given(seeds, st.integers(2, 12))
def test_the_arc_has_its_ends_and_can_be_walked_back(seed: int, points: int) -> None:
    start, end = pair(seed)
    path = spherical(start, end, points)
    assert path.shape == (points, 5)
    torch.testing.assert_close(path[0], start)
    torch.testing.assert_close(path[-1], end)
    torch.testing.assert_close(spherical(end, start, points).flip(0), path)


@given(seeds)
def test_on_a_sphere_the_arc_stays_on_it_and_its_steps_are_equal(seed: int) -> None:
    start, end = (code / code.norm() for code in pair(seed))
    path = spherical(3 * start, 3 * end, 9)
    torch.testing.assert_close(path.norm(dim=1), torch.full((9,), 3.0, dtype=torch.float64))
    cosines = (path[1:] * path[:-1]).sum(1) / 9
    torch.testing.assert_close(cosines, torch.full((8,), math.cos(float(torch.dot(start, end).acos()) / 8)).double())


@given(seeds)
def test_the_middle_of_perpendicular_codes_keeps_their_norms_law(seed: int) -> None:
    start, end = pair(seed)
    end = end - torch.dot(start, end) / start.square().sum() * start
    middle = spherical(start, end, 3)[1]
    # |sin(pi/4) (a + b)|^2 = (|a|^2 + |b|^2) / 2 for perpendicular a, b.
    torch.testing.assert_close(middle.square().sum(), (start.square().sum() + end.square().sum()) / 2)


@pytest.mark.parametrize("factor", [1.0, 2.0, -1.0, 0.0])
def test_codes_without_an_arc_are_interpolated_linearly(factor: float) -> None:
    # Equal, parallel, opposite and zero codes span no plane.
    start = torch.tensor([1.0, -2.0, 0.5], dtype=torch.float64)
    path = spherical(start, factor * start, 5)
    share = torch.linspace(0, 1, 5, dtype=torch.float64)[:, None]
    torch.testing.assert_close(path, (1 - share) * start + share * factor * start)


def test_two_zero_codes() -> None:
    assert torch.equal(spherical(torch.zeros(2), torch.zeros(2), 3), torch.zeros(3, 2))
