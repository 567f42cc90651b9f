import math

import pytest
import torch
from scipy.linalg import sqrtm

from saddlepoint.errors import DataError
from saddlepoint.evaluation.metrics import frechet
from saddlepoint.evaluation.metrics.frechet import frechet_between_gaussians, frechet_distance, frechet_infinity


def normal(n, d, seed, scale=1.0, shift=0.0):
    return torch.randn(n, d, generator=torch.Generator().manual_seed(seed), dtype=torch.float64) * scale + shift


def covariance(d, seed, rank=None):
    factor = normal(rank or 2 * d, d, seed)
    return factor.T @ factor / len(factor)


def test_diagonal_gaussians_have_a_closed_form():
    mean, other = torch.tensor([1.0, 2.0, 3.0]), torch.tensor([0.0, 2.0, 5.0])
    std, second = torch.tensor([1.0, 2.0, 0.0]).double(), torch.tensor([3.0, 2.0, 1.0]).double()
    expected = float((mean - other).square().sum() + (std - second).square().sum())
    found = frechet_between_gaussians(mean, std.square().diag(), other, second.square().diag())
    assert found == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("rank", [None, 3])
def test_it_agrees_with_the_root_of_the_product(rank):
    first, second = covariance(8, 0, rank), covariance(8, 1)
    mean = torch.zeros(8, dtype=torch.float64)
    root = sqrtm((first @ second + 1e-14 * torch.eye(8)).numpy()).real
    expected = float(first.trace() + second.trace()) - 2 * root.trace()
    # The matrix square root of a nearly singular product is itself good to about the root of rounding only.
    assert frechet_between_gaussians(mean, first, mean, second) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize(("n", "m"), [(500, 400), (12, 500), (12, 9), (21, 20)])
def test_points_and_their_moments_agree_on_both_sides_of_n_equals_d(n, m):
    x, y = normal(n, 20, 0), normal(m, 20, 1, 1.5, 0.3)
    moments = frechet_between_gaussians(x.mean(0), torch.cov(x.T), y.mean(0), torch.cov(y.T))
    # Roots of eigenvalues that ought to be 0 are wrong by the root of rounding.
    assert frechet_distance(x, y) == pytest.approx(moments, rel=1e-6)


@pytest.mark.parametrize("rows", [1, 7, 64])
def test_chunks_of_rows_change_nothing(rows, monkeypatch):
    """Any size, with a last chunk of fewer rows than features, and single precision as it is."""
    x, y = normal(201, 5, 0).float(), normal(150, 5, 1, 1.5, 0.3).float()
    whole = frechet_distance(x, y)
    monkeypatch.setattr(frechet, "_chunks", lambda points: (part.double() for part in points.split(rows)))
    assert frechet_distance(x, y) == pytest.approx(whole, rel=1e-12)
    assert frechet_distance(x.double(), y.double()) == pytest.approx(whole, rel=1e-12)


@pytest.mark.parametrize("n", [10, 100])
def test_identity_symmetry_shift_and_scale(n):
    x, y = normal(n, 20, 0), normal(n, 20, 1, 1.5, 0.3)
    assert frechet_distance(x, x) == pytest.approx(0, abs=1e-9)
    assert frechet_distance(x, y) == pytest.approx(frechet_distance(y, x), rel=1e-12)
    assert frechet_distance(x, x + 2) == pytest.approx(4 * 20, rel=1e-12)
    assert frechet_distance(3 * x, 3 * y) == pytest.approx(9 * frechet_distance(x, y), rel=1e-12)


def test_rotations_do_not_matter():
    x, y = normal(100, 6, 0), normal(80, 6, 1, 1.5, 0.3)
    turn = torch.linalg.qr(normal(6, 6, 2)).Q
    assert frechet_distance(x @ turn, y @ turn) == pytest.approx(frechet_distance(x, y), rel=1e-12)


def test_a_constant_feature_counts_by_its_difference_alone():
    x, y = normal(100, 3, 0), normal(100, 3, 1)
    wider = [torch.cat([part, torch.full((100, 1), c).double()], 1) for part, c in ((x, 2.0), (y, 5.0))]
    assert frechet_distance(*wider) == pytest.approx(frechet_distance(x, y) + 9, rel=1e-9)


@pytest.mark.slow
def test_the_bias_falls_as_one_over_n_and_extrapolation_removes_it():
    """Equal distributions: the truth is 0, the plug-in is biased, and its product with n is about constant."""
    d = 8
    scores = {
        n: torch.tensor([frechet_distance(normal(n, d, s), normal(n, d, 10_000 + s)) for s in range(40)]).mean()
        for n in (200, 800)
    }
    assert scores[200] > 0.1
    assert 3.4 < scores[200] / scores[800] < 4.8
    free = [
        frechet_infinity(
            normal(800, d, s), normal(800, d, 10_000 + s), generator=torch.Generator().manual_seed(s)
        ).value
        for s in range(40)
    ]
    free = torch.tensor(free)
    assert free.mean().abs() < scores[800] / 10
    assert (free.mean().abs() - 3 * free.std() / 40**0.5) < 0


def test_extrapolation_finds_a_true_difference():
    d, shift = 8, 0.5
    free = [
        frechet_infinity(
            normal(800, d, s), normal(1_000, d, 10_000 + s, 1.2, shift), generator=torch.Generator().manual_seed(s)
        )
        for s in range(20)
    ]
    values = torch.tensor([one.value for one in free])
    truth = d * (shift**2 + 0.2**2)
    assert abs(values.mean() - truth) < 4 * values.std() / 20**0.5
    assert free[0].sizes[0] == pytest.approx(2 / (1 / 800 + 1 / 1_000))
    assert free[0].value + free[0].slope / free[0].sizes[0] == pytest.approx(free[0].scores[0], rel=0.05)
    assert list(free[0].scores) == sorted(free[0].scores)


def test_too_few_points_to_extrapolate_are_refused_and_another_metric_named():
    with pytest.raises(DataError, match="kernel distance"):
        frechet_infinity(normal(100, 20, 0), normal(100, 20, 1), generator=torch.Generator())


@pytest.mark.parametrize("fault", ["asymmetric", "negative", "shape", "NaN"])
def test_invalid_covariances_are_refused(fault):
    mean, good = torch.zeros(3).double(), torch.eye(3).double()
    bad = {
        "asymmetric": good + torch.tensor([[0.0, 1, 0], [0, 0, 0], [0, 0, 0]]),
        "negative": torch.diag(torch.tensor([1.0, 1.0, -0.1])),
        "shape": torch.eye(2),
        "NaN": good * math.nan,
    }[fault]
    with pytest.raises(DataError, match="second covariance"):
        frechet_between_gaussians(mean, good, mean, bad)


def test_torch_fidelity_agrees():
    metric_fid = pytest.importorskip("torch_fidelity.metric_fid", reason="torch-fidelity is not installed")
    x, y = normal(300, 40, 0), normal(250, 40, 1, 1.2, 0.1)
    theirs = metric_fid.fid_statistics_to_metric(*map(metric_fid.fid_features_to_statistics, (x, y)), verbose=False)
    assert frechet_distance(x, y) == pytest.approx(theirs["frechet_inception_distance"], rel=1e-7)
