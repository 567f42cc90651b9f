"""Precision, recall, density and coverage: they agree with their definitions and with `prdc`, and do not depend on units."""

import math

import pytest
import torch

from saddlepoint.evaluation.metrics.neighbours import smallest_squares
from saddlepoint.evaluation.metrics.precision_recall import neighbourhoods


def normal(n, d, seed, scale=1.0, shift=0.0, dtype=torch.float64):
    return torch.randn(n, d, generator=torch.Generator().manual_seed(seed), dtype=dtype) * scale + shift


def direct_scores(real, fake, k, density_k):
    """All four scores by their definitions, from full distance matrices."""
    between = torch.cdist(real, fake, compute_mode="donot_use_mm_for_euclid_dist")
    within = [torch.cdist(x, x, compute_mode="donot_use_mm_for_euclid_dist").sort(dim=1).values for x in (real, fake)]
    narrow, wide, fakes = within[0][:, k], within[0][:, density_k], within[1][:, k]
    return (
        (between < narrow[:, None]).any(0).double().mean(),
        (between < fakes).any(1).double().mean(),
        (between < wide[:, None]).double().sum(0).mean() / density_k,
        (between < wide[:, None]).any(1).double().mean(),
    )


def four_scores(found):
    return found.precision, found.recall, found.density, found.coverage


@pytest.mark.parametrize("block", [7, 64, 1_000])
@pytest.mark.parametrize(("k", "density_k"), [(3, 5), (5, 5), (4, 1)])
def test_it_is_the_definition_whatever_the_block(k, density_k, block):
    real, fake = normal(150, 4, 0), normal(131, 4, 1, 0.9, 0.2)
    found = neighbourhoods(real, fake, k=k, density_k=density_k, block=block)
    assert four_scores(found) == pytest.approx(
        [float(score) for score in direct_scores(real, fake, k, density_k)], abs=1e-12
    )


def test_every_score_is_the_mean_of_what_it_is_made_of():
    real, fake = normal(60, 2, 0), normal(70, 2, 1, 2.0)
    found = neighbourhoods(real, fake)
    assert found.precise.shape == found.density_by_sample.shape == (70,)
    assert found.recalled.shape == found.covered.shape == (60,)
    # Each half of the samples against the same real points: the two halves' means make the whole's.
    halves = [neighbourhoods(real, part) for part in fake.split(35)]
    assert found.precision == pytest.approx(sum(half.precision for half in halves) / 2)
    assert found.density == pytest.approx(sum(half.density for half in halves) / 2)


def test_precision_and_recall_change_places():
    x, y = normal(100, 3, 0), normal(80, 3, 1, 0.5)
    assert neighbourhoods(x, y).precision == neighbourhoods(y, x).recall


def test_equal_sets_score_one():
    x = normal(100, 3, 0)
    # Each ball's edge is a point of the other set too, which rounding may put inside.
    assert four_scores(neighbourhoods(x, x)) == (1, 1, pytest.approx(1, abs=1 / 5), 1)


def test_sets_far_apart_score_zero():
    assert four_scores(neighbourhoods(normal(100, 3, 0), normal(100, 3, 1, shift=50))) == (0, 0, 0, 0)


@pytest.mark.parametrize("shift", [0.0, 1e3, -1e3])
def test_radii_known_already_are_those_that_are_computed(shift):
    """At any offset: the caller need not move the points to the origin first."""
    real, fake = (normal(400, 5, seed, scale, shift, torch.float32) for seed, scale in ((0, 1.0), (1, 0.8)))
    known = neighbourhoods(real, fake, real_radii=smallest_squares(real, 5))
    assert four_scores(known) == pytest.approx(four_scores(neighbourhoods(real, fake)), abs=0.005)
    # In double precision the same points at the origin, but for those at a ball's very edge.
    centred = [x.double() - shift for x in (real, fake)]
    assert four_scores(known) == pytest.approx(four_scores(neighbourhoods(*centred)), abs=0.01)


@pytest.mark.parametrize("scale", [1e-3, 1e3])
def test_units_and_the_origin_do_not_matter(scale):
    real, fake = normal(200, 5, 0, dtype=torch.float32), normal(200, 5, 1, dtype=torch.float32)
    found, moved = neighbourhoods(real, fake), neighbourhoods(real * scale + 10 * scale, fake * scale + 10 * scale)
    # In single precision a pair at its ball's edge may change sides.
    assert four_scores(found) == pytest.approx(four_scores(moved), abs=0.011)


def test_coverage_of_equal_distributions_is_what_the_docstring_says():
    """The k nearest of 2N - 1 exchangeable points are all real with probability about 2^-k."""
    found = [neighbourhoods(normal(300, 2, s), normal(300, 2, 900 + s)).coverage for s in range(40)]
    found = torch.tensor(found, dtype=torch.float64)
    exact = 1 - math.prod((300 - i) / (600 - i) for i in range(1, 6))
    assert abs(found.mean() - exact) < 3.5 * found.std() / 40**0.5
    assert exact == pytest.approx(1 - 2**-5, abs=0.001)


def test_crowded_copies_have_empty_balls():
    real = torch.cat([torch.zeros(10, 2), normal(50, 2, 0).float() + 20])
    found = neighbourhoods(real, torch.zeros(8, 2))
    assert found.precision == found.density == found.coverage == 0


def test_prdc_agrees():
    prdc = pytest.importorskip("prdc", reason="prdc is not installed")
    real, fake = normal(300, 16, 0, dtype=torch.float32), normal(300, 16, 1, 1.1, dtype=torch.float32)
    theirs = prdc.compute_prdc(real.numpy(), fake.numpy(), nearest_k=5)
    assert four_scores(neighbourhoods(real, fake, k=5)) == pytest.approx(
        [theirs[name] for name in ("precision", "recall", "density", "coverage")], abs=1e-9
    )


@pytest.mark.slow
def test_the_published_values_of_equal_gaussians_in_a_thousand_dimensions():
    """The example of `prdc`, 10,000 points a side and k = 5, drawn without a seed: its four numbers are one draw's.

    A thousand dimensions have hubs, points near to very many, on which density and coverage hang: between draws density
    scatters by about .05 and coverage by .007, precision and recall by .006. Four of that each way.
    """
    real, fake = (normal(10_000, 1_000, seed, dtype=torch.float32) for seed in (0, 1))
    found = neighbourhoods(real, fake, k=5)
    assert found.precision == pytest.approx(0.4772, abs=0.025)
    assert found.recall == pytest.approx(0.4705, abs=0.025)
    assert found.density == pytest.approx(1.0555, abs=0.2)
    assert found.coverage == pytest.approx(0.9735, abs=0.03)
