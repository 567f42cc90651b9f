"""No score of neighbours depends on the last digits of a matrix product, which differ between processors."""

import pytest
import torch

from saddlepoint.evaluation.metrics.diversity import birthday_test, mean_distance
from saddlepoint.evaluation.metrics.memorisation import data_copying, find_copies
from saddlepoint.evaluation.metrics.neighbours import nearest, smallest_squares
from saddlepoint.evaluation.metrics.pairwise import mean_within
from saddlepoint.evaluation.metrics.precision_recall import neighbourhoods
from saddlepoint.evaluation.metrics.squared_distances import Centred, in_order, precise_squares
from saddlepoint.evaluation.metrics.two_sample import classifier_test
from saddlepoint.evaluation.monitors.copies import copying_beside_held_out
from saddlepoint.evaluation.monitors.neighbourhood import modes_covered, shares_at

DIMENSIONS = (2, 50)  # few features are multiplied in double precision throughout


def normal(n, d, seed):
    return torch.randn(n, d, generator=torch.Generator().manual_seed(seed))


def lattice(n, d, seed):
    """Bytes: most distances occur many times, many points too."""
    return torch.randint(0, 3, (n, d), generator=torch.Generator().manual_seed(seed)).float()


def crowded(n, d, seed):
    """A third of them are the same point, far from the others."""
    x = normal(n, d, seed)
    x[: n // 3] = 20.0
    return x


SETS = {"normal": normal, "lattice": lattice, "crowded": crowded}


@pytest.fixture
def other_processor(monkeypatch):
    """Products with other last digits: a few roundings of their terms' size, at random."""
    generator = torch.Generator().manual_seed(0)
    addmm = torch.addmm

    def perturbed(first, x, y, **options):
        result = addmm(first, x, y, **options)
        noise = torch.randn(result.shape, generator=generator, dtype=result.dtype)
        return result + 2 * torch.finfo(result.dtype).eps * x.norm(dim=1)[:, None] * y.norm(dim=0) * noise

    def use():
        monkeypatch.setattr(torch, "addmm", perturbed)
        monkeypatch.setattr(torch.Tensor, "addmm_", lambda self, *a, **o: self.copy_(perturbed(self, *a, **o)))

    return use


def neighbour_scores(real, fake, train):
    found = neighbourhoods(real, fake)
    near, far = nearest(fake, train, k=3), nearest(fake, fake, k=2, within=True)
    copy = find_copies(train, real, fake, level=0.05)
    return {
        "precise": found.precise,
        "recalled": found.recalled,
        "density": found.density_by_sample,
        "covered": found.covered,
        "radii": smallest_squares(real, 4).float(),
        "distance": near[0],
        "index": near[1],
        "distance within": far[0],
        "index within": far[1],
        "near copies": torch.tensor([copy.near.value, copy.exact]),
        "C_T": torch.tensor(data_copying(train, real, fake, cells=1).statistic),
        "birthday": torch.tensor(
            birthday_test(fake, real, size=20, generator=torch.Generator().manual_seed(0)).collisions
        ),
        "signals": torch.stack(copying_beside_held_out(fake, train, real)),
        "two-sample": torch.tensor(classifier_test(real, fake, classifier="neighbours").accuracy.value),
    }


@pytest.mark.parametrize("d", DIMENSIONS)
@pytest.mark.parametrize("kind", SETS)
def test_the_last_digits_of_products_change_no_score(kind, d, other_processor):
    sets = [SETS[kind](n, d, seed) for n, seed in ((150, 0), (140, 1), (160, 2))]
    expected = neighbour_scores(*sets)
    other_processor()
    for name, value in neighbour_scores(*sets).items():
        assert torch.equal(value, expected[name]), name


@pytest.mark.parametrize("d", DIMENSIONS)
def test_equal_distances_are_outside_an_open_ball(d):
    """On a lattice: by the definition in exact arithmetic."""
    real, fake = lattice(120, d, 0), lattice(110, d, 1)
    between = (real[:, None] - fake).double().square().sum(2)
    within = [(x[:, None] - x).double().square().sum(2).sort(1).values for x in (real, fake)]
    found = neighbourhoods(real, fake)
    assert torch.equal(found.precise, (between < within[0][:, 3, None]).any(0))
    assert torch.equal(found.recalled, (between < within[1][:, 3]).any(1))
    assert torch.equal(found.covered, (between < within[0][:, 5, None]).any(1))
    assert torch.equal(found.density_by_sample * 5, (between < within[0][:, 5, None]).double().sum(0))


@pytest.mark.parametrize("shift", [0.0, 1e3])
@pytest.mark.parametrize("d", DIMENSIONS)
def test_crowded_copies_are_at_distance_zero_wherever_they_lie(d, shift):
    x = crowded(90, d, 0) + shift
    distances, indices = nearest(x, x)
    assert not distances.any()
    # Of the copies of one point the first is named.
    assert indices[:30, 0].tolist() == [0] * 30
    assert indices[30:, 0].tolist() == list(range(30, 90))
    assert not smallest_squares(x, 3)[:30].any()


def test_points_that_differ_by_roundings_of_their_features_are_the_same_point():
    """Features of one image computed in two batches."""
    x = normal(50, 64, 0)
    again = x * (1 + 2 * torch.finfo(torch.float32).eps * normal(50, 64, 1).sign())
    assert not nearest(again, x)[0].any()
    assert neighbourhoods(torch.cat([x, again, again, again]), x).precision == 0


def test_huge_points_overflow_no_comparison():
    """Squares beyond single precision, as of a diverged generator."""
    x = normal(60, 40, 0)
    fake = torch.cat([normal(30, 40, 1), torch.full((10, 40), 1e25)])
    expected, found = neighbourhoods(x, fake[:30]), neighbourhoods(x, fake)
    assert torch.equal(found.precise[:30], expected.precise)
    assert not found.precise[30:].any()
    assert torch.equal(found.covered, expected.covered)


def test_equal_values_keep_their_order():
    squares = torch.tensor([[2.0, 1.0, 1.0 - 1e-15, 3.0, 1.0]], dtype=torch.float64)
    assert in_order(squares, torch.full_like(squares, 1e-12), 4).tolist() == [[1, 2, 4, 0]]


def test_pairs_and_products_agree():
    x, y = (Centred(normal(20, 40, seed), torch.zeros(40)) for seed in (0, 1))
    product, _ = precise_squares(x.at(slice(None)), y.at(slice(None)))
    rows, columns = torch.ones(20, 20).nonzero().unbind(1)
    torch.testing.assert_close(x.pairs_to(rows, y, columns)[0].view(20, 20), product, rtol=1e-12, atol=0)


def test_collapsed_samples_are_at_distance_zero():
    one = normal(1, 64, 0).expand(300, 64)
    assert mean_distance(one) == 0
    assert mean_within(one) == 0


def test_a_sample_between_two_places_counts_for_the_first():
    places = torch.cat([normal(40, 3, 0), normal(40, 3, 0)])
    assert shares_at(places, places)[40:].sum() == 0
    covered, close = modes_covered(places, places[:40], std=1e-9)
    assert (covered, close) == (1, 1)
