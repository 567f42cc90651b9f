import pytest
import torch

from saddlepoint.errors import DataError
from saddlepoint.evaluation.metrics.memorisation import data_copying, find_copies

N = 500


def draw(n, seed, d=3):
    return torch.randn(n, d, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@pytest.fixture
def train():
    return draw(N, 0)


def test_honest_samples_are_near_as_often_as_held_out_ones(train):
    shares = [find_copies(train, draw(1_000, 2 * s + 1), draw(1_000, 2 * s + 2), level=0.05).near for s in range(20)]
    assert sum(share.value for share in shares) / 20 == pytest.approx(0.05, abs=0.01)


def test_copies_are_found_and_named(train):
    samples = torch.cat([train[[3, 141]], draw(98, 2)])
    found = find_copies(train, draw(N, 1), samples)
    assert found.exact == 2
    assert found.nearest[:2].tolist() == [3, 141]
    assert not found.distance[:2].any()
    assert found.near.value >= 0.02


def test_more_copies_more_share(train):
    held_out, honest = draw(N, 1), draw(N, 2)
    noise = 1e-3 * draw(N, 3)
    shares = [
        find_copies(train, held_out, torch.cat([train[:k] + noise[:k], honest[k:]])).near.value
        for k in (0, 50, 200, 500)
    ]
    assert shares == sorted(shares)
    assert shares[-1] == 1


def test_too_few_held_out_examples_are_refused(train):
    with pytest.raises(DataError, match="held-out examples: need 100"):
        find_copies(train, draw(50, 1), draw(50, 2))


@pytest.mark.slow
@pytest.mark.parametrize("cells", [1, 4])
def test_honest_samples_score_about_zero(cells):
    found = [data_copying(draw(N, 3 * s), draw(N, 3 * s + 1), draw(N, 3 * s + 2), cells=cells) for s in range(40)]
    scores = torch.tensor([one.statistic for one in found])
    assert scores.mean().abs() < 4 * scores.std() / 40**0.5
    # The Z of each cell is about N(0, 1).
    assert torch.stack([one.z for one in found]).std() == pytest.approx(1, abs=0.3)
    assert sum(one.p_copying < 0.05 for one in found) <= 7


def test_copying_is_negative_and_underfitting_positive(train):
    held_out = draw(N, 1)
    copied = data_copying(train, held_out, train + 1e-3 * draw(N, 2))
    assert copied.statistic < -20
    assert copied.p_copying < 1e-9
    assert data_copying(train, held_out, 3 * draw(N, 2)).statistic > 10


def test_clusters_reveal_copying_that_underfitting_elsewhere_hides():
    """Copies on the left, outliers on the right: with one cluster the two cancel, with two both are seen."""
    side = torch.tensor([20.0, 0, 0])
    train = torch.cat([draw(N, 0) - side, draw(N, 1) + side])
    held_out = torch.cat([draw(N, 2) - side, draw(N, 3) + side])
    samples = torch.cat([train[:N] + 1e-3, 3 * draw(N, 4) + side])
    z = data_copying(train, held_out, samples, cells=2).z
    assert z.min() < -15
    assert z.max() > 10
    assert abs(data_copying(train, held_out, samples).statistic) < 3


def test_an_empty_cluster_is_left_out_and_reported():
    side = torch.tensor([20.0, 0, 0])
    train, held_out = (torch.cat([draw(N, s) - side, draw(N, s + 1) + side]) for s in (0, 2))
    found = data_copying(train, held_out, draw(N, 4) + side, cells=2)
    assert found.z.isnan().sum() == 1
    assert found.share == pytest.approx(0.5)
    assert abs(found.statistic) < 4


def test_too_few_to_judge_are_refused(train):
    with pytest.raises(DataError, match="20 samples"):
        data_copying(train, draw(N, 1), draw(10, 2))
