import pytest
import torch
from torch.nn.functional import avg_pool2d

from saddlepoint.data import DataSettings, load
from saddlepoint.errors import DataError
from saddlepoint.evaluation.metrics.bins import Bins, different_bins, fit_bins


def draw(n, seed, d=3):
    return torch.randn(n, d, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def test_every_point_is_counted_once_and_every_bin_is_used():
    train = draw(600, 0)
    found = fit_bins(train, number=12)
    assert found.counts.sum() == 600
    assert (found.counts > 0).all()
    assert torch.equal(found.count(train), found.counts)


def test_the_same_seed_makes_the_same_bins():
    assert torch.equal(fit_bins(draw(300, 0), number=5).centres, fit_bins(draw(300, 0), number=5).centres)


def test_the_test_by_hand():
    """10 of 100 training points and 30 of 100 samples in one bin: pooled 0.2, error 0.0566, z 3.54."""
    counts = torch.tensor([10, 90])
    two = Bins(torch.tensor([[0.0], [10.0]]), counts)
    report = different_bins(two, torch.cat([torch.zeros(30, 1), torch.full((70, 1), 10.0)]))
    assert report.z.tolist() == pytest.approx([3.5355, -3.5355], abs=1e-4)
    assert (report.different, report.certain) == (2, 2)
    assert report.by_chance == pytest.approx(0.1, abs=1e-4)
    assert different_bins(two, torch.zeros(30, 1), threshold=99).different == 0


def test_training_points_themselves_do_not_differ():
    train = draw(600, 0)
    report = different_bins(fit_bins(train, number=12), train)
    assert report.different == report.divergence == 0


def test_a_bin_that_nobody_visits_is_equal():
    report = different_bins(Bins(torch.tensor([[0.0], [9.0]]), torch.tensor([50, 0])), torch.zeros(10, 1))
    assert report.different == 0


def test_fresh_points_differ_about_as_often_as_chance_says():
    """Fixed centres, so that the test itself is what is tested: 5 % of 20 bins."""
    centres = draw(20, 0)
    fitted = Bins(centres, torch.zeros(20, dtype=torch.int64))
    found = [
        different_bins(Bins(centres, fitted.count(draw(2_000, 2 * s + 1))), draw(1_000, 2 * s + 2)) for s in range(60)
    ]
    assert sum(one.different for one in found) / 60 == pytest.approx(found[0].by_chance, abs=0.45)
    assert sum(one.certain > 0 for one in found) <= 9
    assert sum(one.divergence for one in found) / 60 == pytest.approx(found[0].expected_divergence, rel=0.2)


def test_other_features_than_the_bins_are_refused():
    with pytest.raises(DataError, match="3 features, the bins 2"):
        different_bins(Bins(torch.zeros(4, 2), torch.ones(4)), torch.ones(5, 3))


def test_more_bins_than_points_are_refused():
    with pytest.raises(DataError, match="100 points"):
        fit_bins(draw(50, 0))


@pytest.mark.slow
def test_mnist_without_nines(real_data):
    """The authors' demonstration: 100 bins from 50,000 training digits, three standard errors. Published for raw pixels:
    0 different bins and a divergence of .0014 for the remaining 10,000 digits, 4 and .0041 for the test digits, 11 and
    .016 for the remaining ones without nines. Here the pixels are means of 2 x 2, which take a fifth of the time."""
    digits = load(DataSettings(source=str(real_data / "mnist")))
    pixels, test = (avg_pool2d(x.float() / 255, 2).flatten(1) for x in (digits.x, digits.held_out.x))
    order = torch.randperm(len(pixels), generator=torch.Generator().manual_seed(0))
    fitted, rest = fit_bins(pixels[order[:50_000]]), order[50_000:]
    validation, other, without = (
        different_bins(fitted, part, threshold=3.0) for part in (pixels[rest], test, pixels[rest][digits.y[rest] != 9])
    )
    for name, found in (("validation", validation), ("test", other), ("without nines", without)):
        print(
            f"\n{name}: {found.different} bins, {found.divergence:.4f} nats (baseline {found.expected_divergence:.4f})",
            end="",
        )
    assert validation.different <= 3  # 0.27 by chance
    assert validation.divergence == pytest.approx(validation.expected_divergence, rel=0.5)
    assert validation.different < other.different < without.different
    assert without.different == pytest.approx(11, abs=4)
    assert without.divergence == pytest.approx(0.016, abs=0.004)


def test_bins_that_differ_for_sure_count_for_more_than_bins_that_may():
    """Alike bins scatter like so many trials; where half of them differ always and half never, next to nothing scatters."""
    x = torch.randn(4_000, 2, generator=torch.Generator().manual_seed(0))
    cells = fit_bins(x[:2_000], number=20)
    alike = different_bins(cells, x[2_000:]).trials
    assert 20 <= alike < 40
    assert different_bins(cells, x[2_000:].abs()).trials > 2 * alike
