import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import ttest_rel

from saddlepoint.errors import DataError
from saddlepoint.evaluation.statistics.paired_comparison import holm_p_values, paired_difference


def normal(n, seed):
    return torch.randn(n, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def test_a_paired_difference_agrees_with_scipy():
    first, second = normal(9, 0), normal(9, 1) + 0.5
    interval, p = paired_difference(first, second)
    theirs = ttest_rel(first.numpy(), second.numpy())
    assert p == pytest.approx(theirs.pvalue)
    assert (interval.low, interval.high) == pytest.approx(theirs.confidence_interval(0.95))


def test_pairing_takes_out_what_both_share():
    shared, noise = 10 * normal(20, 0), 0.1 * normal(20, 1)
    interval, p = paired_difference(shared + 0.3 + noise, shared)
    assert p < 1e-6
    assert 0 not in interval


def test_order_changes_the_sign_alone():
    first, second = normal(9, 0), normal(9, 1)
    (one, p), (other, q) = paired_difference(first, second), paired_difference(second, first)
    assert p == pytest.approx(q)
    assert (one.value, one.low) == (pytest.approx(-other.value), pytest.approx(-other.high))


def test_equal_scores_do_not_differ_and_a_constant_difference_is_certain():
    x = torch.tensor([1.0, 2.0, 4.0])
    assert paired_difference(x, x)[1] == 1
    assert paired_difference(x + 1, x)[1] == 0


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (torch.ones(3), torch.ones(4)),
        (torch.ones(1), torch.ones(1)),
        (torch.tensor([1.0, torch.nan]), torch.ones(2)),
    ],
)
def test_invalid_lists_of_pairs_are_refused(first, second):
    with pytest.raises(DataError):
        paired_difference(first, second)


def test_holm_by_hand():
    assert holm_p_values([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm_p_values([]) == []
    assert holm_p_values([0.2]) == [0.2]


@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_holm_keeps_the_order_and_never_lowers_a_p_value(p):
    adjusted = holm_p_values(p)
    assert all(a <= b for a, b in zip(p, adjusted, strict=True))
    assert min(adjusted) == pytest.approx(min(1, len(p) * min(p)))  # Bonferroni's for the smallest
    assert max(adjusted) <= 1
    ranked = [adjusted[at] for at in sorted(range(len(p)), key=lambda at: p[at])]
    assert ranked == sorted(ranked)


def test_holm_holds_the_rate_of_any_false_rejection():
    generator = torch.Generator().manual_seed(0)
    trials = torch.rand(2_000, 10, generator=generator)
    rate = sum(min(holm_p_values(p.tolist())) < 0.05 for p in trials) / 2_000
    assert rate < 0.05 + 3.5 * (0.05 * 0.95 / 2_000) ** 0.5
    assert rate > 0.03


@pytest.mark.parametrize("broken", [[-0.1], [1.1], [float("nan"), 0.5]])
def test_invalid_p_values_are_refused(broken):
    with pytest.raises(DataError):
        holm_p_values(broken)
