import pytest
import torch

from saddlepoint.errors import DataError
from saddlepoint.evaluation.metrics.kernel import (
    gaussian_kernel,
    kernel_distance,
    kernel_distance_by_subsets,
    median_width,
    polynomial_kernel,
)

KERNELS = {"polynomial": polynomial_kernel, "gaussian": gaussian_kernel(2.0)}


def normal(n, d, seed, scale=1.0, shift=0.0, dtype=torch.float64):
    return torch.randn(n, d, generator=torch.Generator().manual_seed(seed), dtype=dtype) * scale + shift


def plain(x, y, kernel):
    """The definition, pair by pair."""
    n, m = len(x), len(y)
    within = [
        sum(float(k[i, j]) for i in range(len(k)) for j in range(len(k)) if i != j)
        for k in (kernel(x, x), kernel(y, y))
    ]
    return within[0] / (n * (n - 1)) + within[1] / (m * (m - 1)) - 2 * float(kernel(x, y).mean())


@pytest.mark.parametrize("name", KERNELS)
def test_kernels_are_what_they_say(name):
    x, y = normal(3, 4, 0), normal(2, 4, 1)
    inner, squares = x @ y.T, torch.cdist(x, y).square()
    expected = {"polynomial": (inner / 4 + 1) ** 3, "gaussian": (-squares / 8).exp()}[name]
    torch.testing.assert_close(KERNELS[name](x, y), expected)


@pytest.mark.parametrize("block", [3, 7, 100])
@pytest.mark.parametrize("name", KERNELS)
def test_it_is_the_definition_whatever_the_block(name, block):
    x, y = normal(12, 3, 0), normal(17, 3, 1, 1.2, 0.3)
    found = kernel_distance(x, y, kernel=KERNELS[name], block=block)
    assert found.value == pytest.approx(plain(x, y, KERNELS[name]), rel=1e-10)
    assert found.standard_error == pytest.approx(kernel_distance(x, y, kernel=KERNELS[name]).standard_error, rel=1e-9)


def test_the_gaussian_kernel_has_a_closed_form_between_gaussians():
    """MMD^2 of N(0, 1) and N(a, 1) in d dimensions: 2 (w^2 / (w^2 + 2))^(d/2) (1 - exp(-|a|^2 / 2(w^2 + 2)))."""
    d, width, a = 3, 1.5, 0.7
    spread = width**2 + 2
    truth = 2 * (width**2 / spread) ** (d / 2) * (1 - torch.tensor(-d * a**2 / (2 * spread)).exp())
    found = kernel_distance(normal(3_000, d, 0), normal(2_000, d, 1, shift=a), kernel=gaussian_kernel(width))
    assert abs(found.value - truth) < 4 * found.standard_error
    assert found.standard_error < 0.1 * truth


@pytest.mark.slow
@pytest.mark.parametrize("n", [10, 40])
def test_it_is_unbiased_at_any_size(n):
    """Equal distributions, fewer points than features: the mean over many draws is 0 within its error."""
    values = torch.tensor([kernel_distance(normal(n, 50, s), normal(n, 50, 9_000 + s)).value for s in range(400)])
    assert values.mean().abs() < 3.5 * values.std() / 20


def test_symmetry():
    x, y = normal(30, 3, 0), normal(20, 3, 1)
    first, second = kernel_distance(x, y), kernel_distance(y, x)
    assert first.value == pytest.approx(second.value, rel=1e-12)
    assert first.standard_error == pytest.approx(second.standard_error, rel=1e-9)


@pytest.mark.slow
@pytest.mark.parametrize("shift", [0.0, 0.1, 1.0])
def test_the_standard_error_is_the_scatter_over_draws(shift):
    """Where the distributions are equal (second order alone), nearly equal (both), and apart (first order)."""
    draws = [
        kernel_distance(normal(100, 4, s), normal(120, 4, 9_000 + s, shift=shift), kernel=gaussian_kernel(2.0))
        for s in range(400)
    ]
    scatter = torch.tensor([one.value for one in draws]).std()
    claimed = torch.tensor([one.standard_error for one in draws]).square().mean().sqrt()
    too_wide = 1.2 if shift == 0 else 1.0  # as documented; between the two extremes it is in between
    assert 0.88 < claimed / scatter < 1.15 * too_wide  # the scatter of 400 draws is itself known to 4 %


@pytest.mark.slow
@pytest.mark.parametrize("shift", [0.0, 0.05, 0.1, 0.2, 0.3, 1.0])
@pytest.mark.parametrize("name", KERNELS)
def test_the_interval_covers(name, shift):
    """From equal distributions, over hardly distinguishable ones (the hard case), to different ones."""
    n, d, repeats = 200, 4, 500
    draws = [
        kernel_distance(normal(n, d, s), normal(n, d, 9_000 + s, shift=shift), kernel=KERNELS[name])
        for s in range(repeats)
    ]
    # Unbiased, so the mean is the truth to within a 500th of one draw's variance.
    truth = sum(one.value for one in draws) / repeats if shift else 0.0
    covered = sum(truth in one.interval for one in draws)
    assert 0.92 <= covered / repeats <= 0.98


@pytest.mark.parametrize("name", KERNELS)
def test_the_interval_holds_the_estimate_even_below_0(name):
    found = [kernel_distance(normal(40, 4, s), normal(40, 4, 900 + s), kernel=KERNELS[name]) for s in range(30)]
    assert min(one.value for one in found) < 0
    assert all(one.value == one.interval.value and one.value in one.interval for one in found)


@pytest.mark.parametrize("size", [20, 60])
def test_subsets_computed_at_once_are_the_subsets(size):
    """With few small subsets each has its own products; with many, all share one. Both draw the same points."""
    x, y = normal(100, 5, 0), normal(70, 5, 1, 1.2, 0.3)
    draw = lambda subsets: kernel_distance_by_subsets(  # noqa: E731
        x, y, generator=torch.Generator().manual_seed(0), subsets=subsets, size=size
    )
    generator = torch.Generator().manual_seed(0)
    values = []
    for _ in range(40):
        a, b = (part[torch.randperm(len(part), generator=generator)[:size]] for part in (x, y))
        values.append(kernel_distance(a, b).value)
    values = torch.tensor(values, dtype=torch.float64)
    for subsets in (1, 2, 40):
        mean, deviation = draw(subsets)
        assert mean == pytest.approx(float(values[:subsets].mean()), rel=1e-9)
        assert deviation == pytest.approx(float(values[:subsets].std(correction=0)), rel=1e-6, abs=1e-12)


def test_single_precision_is_enough():
    x, y = normal(400, 256, 0), normal(400, 256, 1, 1.1)
    double, single = kernel_distance(x, y), kernel_distance(x.float(), y.float())
    assert abs(single.value - double.value) < 0.01 * double.standard_error


def test_too_few_points_for_a_subset_are_refused():
    with pytest.raises(DataError, match="need 50 points or more, got 20"):
        kernel_distance_by_subsets(normal(100, 3, 0), normal(20, 3, 1), generator=torch.Generator(), size=50)


def test_the_median_width_is_the_median_distance():
    x, y = torch.tensor([[0.0], [1.0]]), torch.tensor([[3.0], [7.0]])
    assert median_width(x, y) == 3  # of 1 2 3 4 6 7, the lower of the middle two
    with pytest.raises(DataError, match="constant"):
        median_width(torch.ones(9, 2), torch.ones(9, 2))


def test_torch_fidelity_agrees():
    metric_kid = pytest.importorskip("torch_fidelity.metric_kid", reason="torch-fidelity is not installed")
    x, y = normal(200, 40, 0), normal(200, 40, 1, 1.2, 0.1)
    theirs = metric_kid.kid_features_to_metric(x, y, kid_subsets=1, kid_subset_size=200, verbose=False)
    assert kernel_distance(x, y).value == pytest.approx(theirs["kernel_inception_distance_mean"], rel=1e-9)
