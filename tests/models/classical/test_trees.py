"""Laws of the sequential trees: densities integrate to one, samples follow them, and cells and relations of columns are kept."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import torch
from scipy.stats import ks_2samp

from saddlepoint.data.event import Event
from saddlepoint.models.capabilities import Completes, HasDensity, has
from saddlepoint.models.classical.decision_trees import DecisionTrees, grow_tree
from saddlepoint.models.classical.segments import Segments
from saddlepoint.models.classical.truncated_normal import draw_truncated, interval_mass
from tests.models.classical.fitted import fitted

TREES = {"distribution": "trees", "scaling": "none"}
# A column that is a number below -1 and between 0 and 1, and one of two values elsewhere.
CELLS = ((0, -1.0, 0.0), (0, 1.0, 9.0))


def event(size: int, **facts) -> Event:
    return Event((size,), "vector", "float32", **facts)


def curve(n: int, seed: int = 0) -> torch.Tensor:
    """Points (n, 2): two clusters, and a number that depends on the first one."""
    generator = np.random.default_rng(seed)
    first = generator.normal(size=n) * 0.4 + generator.choice([-1.5, 1.5], n)
    return torch.tensor(np.stack([first, np.cos(first) + 0.1 * generator.normal(size=n)], 1), dtype=torch.float32)


@pytest.mark.parametrize("cells", [(), CELLS])
@pytest.mark.parametrize("settings", [{}, {"trees": 1, "leaf_smoothing": 2.0, "background": 2.0}])
def test_the_density_integrates_to_one_in_one_and_two_dimensions(settings, cells) -> None:
    x = curve(150)
    line = torch.linspace(-9, 9, 9_001, dtype=torch.float64)
    one = fitted(event(1, cells=cells), x[:, :1], **TREES, **settings)
    assert has(one, HasDensity)
    assert not has(one, Completes)
    mass = one.distribution.log_prob(line[:, None]).exp().sum() * (line[1] - line[0])
    assert float(mass) == pytest.approx(1, abs=4e-3)
    two = fitted(event(2, cells=cells), x, **TREES, **settings)
    # Over the second column the joint density integrates to that of the first, which integrates to one.
    for first in (-1.3, 0.2, 4.0):
        points = torch.stack([torch.full_like(line, first), line], 1)
        mass = two.distribution.log_prob(points).exp().sum() * (line[1] - line[0])
        marginal = one.distribution.log_prob(points[:1, :1]).exp()
        assert float(mass / marginal) == pytest.approx(1, abs=8e-3)


@pytest.mark.parametrize("cells", [(), CELLS])
def test_samples_follow_the_density(cells) -> None:
    model = fitted(event(2, cells=cells), curve(300), **TREES)
    drawn = model.distribution.sample(20_000, None, torch.Generator().manual_seed(0))
    edges = torch.tensor([-9.0, -1.8, -1.0, 0.0, 1.0, 1.6, 9.0], dtype=torch.float64)
    line = torch.linspace(-9, 9, 9_001, dtype=torch.float64)
    one = fitted(event(1, cells=cells), curve(300)[:, :1], **TREES).distribution
    expected = one.log_prob(line[:, None]).exp() * (line[1] - line[0])
    for low, high in pairwise(edges):
        share = float(expected[(line >= low) & (line < high)].sum())
        found = float(((drawn[:, 0] >= low) & (drawn[:, 0] < high)).double().mean())
        assert abs(found - share) < 5 * (share * (1 - share) / 20_000) ** 0.5 + 2e-3


def test_marginals_converge_to_those_of_the_training_data() -> None:
    x = curve(2_000)
    drawn = fitted(event(2), x, **TREES).sample(50_000, generator=torch.Generator().manual_seed(0))
    for column in range(2):
        assert ks_2samp(drawn[:, column], x[:, column]).statistic < 0.04
        assert float(drawn[:, column].std() / x[:, column].std()) == pytest.approx(1, abs=0.03)


def test_independent_columns_stay_independent() -> None:
    correlations = []
    for seed in range(8):
        x = torch.randn(500, 2, generator=torch.Generator().manual_seed(seed))
        drawn = fitted(event(2), x, **TREES).sample(5_000, generator=torch.Generator().manual_seed(seed))
        correlations.append(float(torch.corrcoef(drawn.T)[0, 1]))
    assert abs(np.mean(correlations)) < 4 * (1 / 500**0.5) / 8**0.5


def test_a_relation_of_two_columns_is_kept_up_to_the_leaf() -> None:
    first = torch.linspace(-2, 2, 1_000)
    model = fitted(event(2), torch.stack([first, first + first**3], 1), **TREES, background=1e-6)
    drawn = model.sample(2_000, generator=torch.Generator().manual_seed(1))
    rank = torch.searchsorted(first, drawn[:, 0].contiguous())
    near = torch.searchsorted(first + first**3, drawn[:, 1].contiguous())
    # Splits are chosen by two thirds of the rows, so that a leaf of all rows has about 7 to 15, and kernels add a few.
    assert float((rank - near).abs().double().quantile(0.99)) <= 25


def test_categories_that_follow_from_one_another_are_never_mixed() -> None:
    """The third of the ranks that a category owns is a region; the other column's region follows from it."""
    edges = (-9.0, -0.4307, 0.4307, 9.0)
    cells = tuple((column, edges[n], edges[n + 1]) for column in range(2) for n in range(3))
    generator = np.random.default_rng(0)
    code = generator.integers(3, size=600)
    within = np.array([[-3.0, -0.45], [-0.42, 0.42], [0.45, 3.0]])
    column = [generator.uniform(*within[c].T) for c in (code, (code + 1) % 3)]
    model = fitted(
        event(2, cells=cells), torch.tensor(np.stack(column, 1), dtype=torch.float32), **TREES, background=1e-6
    )
    drawn = model.sample(5_000, generator=torch.Generator().manual_seed(0))
    codes = np.searchsorted(edges[1:3], drawn.numpy())
    assert ((codes[:, 0] + 1) % 3 == codes[:, 1]).mean() > 0.999
    assert np.abs(np.bincount(codes[:, 0]) / 5_000 - np.bincount(code) / 600).max() < 0.03


def test_training_examples_are_judged_without_their_own_kernel() -> None:
    part = fitted(event(2), curve(200), **TREES, background=1e-3, leaf_smoothing=0.01).distribution
    own, with_own = part.training_log_prob(part.points), part.log_prob(part.points)
    assert (own < with_own).all()
    new = curve(200, seed=5).double()
    torch.testing.assert_close(part.training_log_prob(new), part.log_prob(new))


def test_every_leaf_has_enough_rows_and_all_rows_are_in_one() -> None:
    generator = np.random.default_rng(0)
    x = generator.normal(size=(300, 4)).astype(np.float32)
    grown = [
        grow_tree(x, (x[:, 0] > 0) + x[:, 1].astype(np.float64), are_categories=False, leaf=7, share=share, seed=seed)
        for seed, share in enumerate((1.0, 0.5, 0.5))
    ]
    trees = DecisionTrees.join(grown)
    for number, root in enumerate(trees.roots):
        leaves = trees.leaves(x, np.full(300, root))
        rows, members = np.arange(300), trees.members[300 * number : 300 * (number + 1)]
        assert (np.sort(members) == rows).all()
        assert (trees.left[leaves] == -1).all()
        sizes = trees.stop[leaves] - trees.start[leaves]
        assert (sizes >= 7).all()
        assert (1 / sizes).sum() == pytest.approx(len(np.unique(leaves)))
        position = np.empty(300, np.int64)
        position[members] = 300 * number + rows
        assert ((position >= trees.start[leaves]) & (position < trees.stop[leaves])).all()


def test_segments_partition_the_line() -> None:
    segments = Segments.of([(1.0, 2.0), (-1.0, 0.0), (0.0, 0.5)])
    assert segments.edges.tolist() == [-1.0, 0.0, 0.5, 1.0, 2.0]
    assert segments.is_cell.tolist() == [False, True, True, False, True, False]
    x = np.array([-3.0, -1.0, -0.2, 0.0, 0.7, 1.0, 5.0])
    assert segments.find(x).tolist() == [0, 1, 1, 2, 3, 4, 5]
    assert segments.canonical(x).tolist() == [-3.0, -0.5, -0.5, 0.25, 0.7, 1.5, 5.0]
    assert Segments.of([]).canonical(x) is x


def test_truncated_normal_numbers_keep_their_digits_in_both_tails() -> None:
    low, high = np.array([-np.inf, 30.0, -31.0, -1.0]), np.array([np.inf, 31.0, -30.0, 2.0])
    mass = interval_mass(low, high)
    assert mass[0] == 1
    assert mass[1] == mass[2] > 0
    for uniform in (0.0, 0.3, 1 - 1e-16):
        drawn = draw_truncated(np.full(4, uniform), low, high)
        assert np.isfinite(drawn).all()
        assert ((drawn >= low) & (drawn <= high)).all()


def test_any_order_of_batches_and_no_batch_give_samples() -> None:
    x, y = curve(60), torch.arange(60) % 2
    model = fitted(event(2, class_names=("a", "b", "none")), x, y, **TREES, conditional=True)
    assert model.sample(9, labels=torch.full((9,), 2)).isfinite().all()  # a class without examples is standard normal
    assert model.posterior(x).shape == (60, 3)
