import math

import pytest
import torch
from scipy import integrate, stats

from saddlepoint.data import DataSettings, load
from saddlepoint.data.mixtures import EqualGaussians, mixture

MODES = [("gaussian", 1), ("gaussian", 2), ("gaussian", 3), ("gaussian", 15), ("ring", 8), ("ring", 5), ("grid", 25)]
PLANE = ["ring", "grid", "moons", "spirals", "checkerboard", "swiss-roll"]


def truth_of(name, **settings):
    return load(DataSettings(source=name, points=200, **settings)).truth


@pytest.mark.parametrize(("name", "modes"), MODES)
def test_every_mode_is_distinct_and_gets_equally_many_points(name, modes):
    dataset = load(DataSettings(source=name, modes=modes, points=20 * modes + 3))
    centres = dataset.truth.modes
    assert len(centres) == modes
    if modes > 1:
        assert torch.pdist(centres).min() >= 8 * dataset.truth.mode_std
        counts = torch.bincount(dataset.y)
        assert counts.max() - counts.min() <= 1
        nearest = torch.cdist(dataset.x.double(), centres).argmin(1)
        assert (nearest == dataset.y).float().mean() > 0.999


def test_the_line_of_one_mode_is_the_usual_example():
    truth = truth_of("gaussian")
    x = torch.linspace(-1, 9, 101, dtype=torch.float64)[:, None]
    expected = torch.from_numpy(stats.norm(4, 0.5).logpdf(x[:, 0].numpy()))
    torch.testing.assert_close(truth.log_prob(x), expected)


def test_the_ring_of_eight_lies_on_its_circle():
    truth = truth_of("ring", radius=3.0)
    torch.testing.assert_close(truth.modes.norm(dim=1), torch.full((8,), 3.0, dtype=torch.float64))
    assert len(truth.modes.mul(1e6).round().unique(dim=0)) == 8


def test_the_density_is_the_weighted_sum_of_gaussians():
    truth = truth_of("grid", scale=0.7)
    x = torch.randn(50, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(0)) * 3
    normals = [stats.multivariate_normal(c.numpy(), 0.7**2) for c in truth.modes]
    expected = sum(normal.pdf(x.numpy()) for normal in normals) / 25
    torch.testing.assert_close(truth.log_prob(x).exp(), torch.from_numpy(expected))


@pytest.mark.parametrize("modes", [1, 3])
def test_a_line_of_gaussians_has_mass_one(modes):
    truth = truth_of("gaussian", modes=modes)
    density = lambda x: truth.log_prob(torch.tensor([[x]], dtype=torch.float64)).exp().item()  # noqa: E731
    mass, _ = integrate.quad(density, -10, 18, points=truth.modes.flatten().tolist(), limit=200)
    assert math.isclose(mass, 1.0, abs_tol=1e-8)


@pytest.mark.parametrize("name", PLANE)
def test_a_density_in_the_plane_has_mass_one(name):
    # The midpoint rule converges faster than any power for Gaussians once its step is below their deviation, and is
    # exact for the checkerboard, whose edges are at whole numbers.
    truth = truth_of(name, **({} if name == "checkerboard" else {"scale": 0.15}))
    step = 0.1
    axis = torch.arange(-6, 6, step, dtype=torch.float64) + step / 2
    assert math.isclose(
        truth.log_prob(torch.cartesian_prod(axis, axis)).exp().sum().item() * step**2, 1.0, abs_tol=1e-6
    )


@pytest.mark.parametrize("name", PLANE)
def test_samples_follow_the_density(name):
    # Shares of the samples in cells of the plane against the density's mass there: a chi-squared test.
    truth = truth_of(name, **({} if name == "checkerboard" else {"scale": 0.15}))
    n, step, cell = 20_000, 0.1, 10
    axis = torch.arange(-6, 6, step, dtype=torch.float64) + step / 2
    mass = truth.log_prob(torch.cartesian_prod(axis, axis)).exp().view(len(axis), -1) * step**2
    mass = mass.view(12, cell, 12, cell).sum((1, 3)).flatten()
    x, _ = truth.sample(n, torch.Generator().manual_seed(1))
    index = ((x + 6).floor().long() * torch.tensor([12, 1])).sum(1)
    counts = torch.bincount(index, minlength=144).double()
    enough = mass * n > 5
    observed = torch.cat([counts[enough], counts[~enough].sum()[None]])
    expected = torch.cat([mass[enough], mass[~enough].sum()[None]]) * n
    kept = expected > 0.5
    statistic = ((observed - expected).square() / expected)[kept].sum().item()
    # Equal points a mode make the counts vary less than independent draws would, never more.
    assert stats.chi2(int(kept.sum()) - 1).sf(statistic) > 1e-4


@pytest.mark.parametrize("name", ["gaussian", *PLANE])
@pytest.mark.parametrize("n", [0, 1, 7, 1000])
def test_any_number_can_be_drawn(name, n):
    truth = truth_of(name)
    x, labels = truth.sample(n, torch.Generator().manual_seed(0))
    again, _ = truth.sample(n, torch.Generator().manual_seed(0))
    assert len(x) == len(labels) == n
    assert x.dtype == torch.float32
    assert torch.equal(x, again)
    assert truth.log_prob(x).isfinite().all()


def test_log_prob_does_not_depend_on_the_batch_size(monkeypatch):
    import saddlepoint.data.mixtures as module

    truth = mixture(torch.randn(10, 3, dtype=torch.float64), 0.5)
    x = torch.randn(37, 3)
    whole = truth.log_prob(x)
    monkeypatch.setattr(module, "PAIRS", 60)
    torch.testing.assert_close(truth.log_prob(x), whole)


def test_a_shape_has_no_modes():
    truth = truth_of("moons")
    assert isinstance(truth, EqualGaussians)
    assert truth.modes is None
    assert truth.mode_std is None


@pytest.mark.parametrize("name", ["moons", "spirals", "swiss-roll"])
def test_a_curve_is_smooth(name):
    # A curve made of points reads as a curve where its density along the middle hardly ripples.
    truth = truth_of(name)
    arm = truth.centres[truth.groups == 0]
    inner = arm[len(arm) // 4 : 3 * len(arm) // 4]
    between = (inner[1:] + inner[:-1]) / 2
    on, off = truth.log_prob(inner[1:]), truth.log_prob(between)
    assert (on - off).abs().max() < 1e-2
    assert (inner[1:] - inner[:-1]).norm(dim=1).max() <= truth.std / 3 * 1.001


def test_the_checkerboard_is_nowhere_on_light_squares():
    truth = truth_of("checkerboard")
    squares = torch.cartesian_prod(torch.arange(-3.0, 4, 2), torch.arange(-3.0, 4, 2))
    dark = truth.log_prob(squares).isfinite().view(4, 4)
    assert dark.sum() == 8
    assert (dark[:, 1:] != dark[:, :-1]).all()
    assert (dark[1:] != dark[:-1]).all()
    x, square = truth.sample(801, torch.Generator().manual_seed(0))
    assert torch.bincount(square).tolist().count(100) == 7
    assert len({tuple(corner) for corner in (x[square == 3] / 2).floor().tolist()}) == 1
