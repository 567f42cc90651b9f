"""The area under the ROC curve: closed forms, ties, symmetry, and how often its interval holds the truth."""

from __future__ import annotations

import math

import pytest
import torch
from scipy.stats import mannwhitneyu

from saddlepoint.errors import DataError
from saddlepoint.evaluation.statistics.roc import auc_interval, rank_sum_score


def test_closed_forms_and_symmetry() -> None:
    low, high = torch.tensor([0.0, 1.0, 2.0]), torch.tensor([2.0, 3.0])
    assert auc_interval(high, low).value == pytest.approx(5.5 / 6)  # one tie of six pairs
    assert auc_interval(low, high).value == pytest.approx(0.5 / 6)
    assert auc_interval(low, low).value == pytest.approx(0.5)
    perfect = auc_interval(high + 1, low)
    assert perfect.value == perfect.high == 1
    assert perfect.low < 1
    with pytest.raises(DataError, match="two scores of each kind"):
        auc_interval(low[:1], high)
    with pytest.raises(DataError, match="NaN"):
        auc_interval(low, torch.tensor([1.0, math.nan]))


def test_interval_holds_the_area_of_shifted_normal_scores() -> None:
    generator = torch.Generator().manual_seed(0)
    truth = 0.5 * (1 + math.erf(1 / 2))  # P(N(1, 1) > N(0, 1)) = Phi(1 / sqrt(2))
    held = [
        truth in auc_interval(torch.randn(60, generator=generator) + 1, torch.randn(90, generator=generator))
        for _ in range(400)
    ]
    assert 0.91 < sum(held) / len(held) < 0.985  # .95 with a standard deviation of 0.011


@pytest.mark.parametrize("decimals", [0, 9])
def test_the_rank_sum_score_agrees_with_scipy_with_and_without_ties(decimals: int) -> None:
    generator = torch.Generator().manual_seed(0)
    x, y = (torch.randn(n, generator=generator, dtype=torch.float64).round(decimals=decimals) for n in (40, 60))
    theirs = mannwhitneyu(x.numpy(), y.numpy(), use_continuity=False, method="asymptotic").pvalue
    score = rank_sum_score(x, y)
    assert math.erfc(abs(score) / math.sqrt(2)) == pytest.approx(theirs, rel=1e-9)
    assert score == pytest.approx(-rank_sum_score(y, x))
    assert (score > 0) == (auc_interval(x, y).value > 0.5)
    assert rank_sum_score(torch.zeros(4), torch.zeros(5)) == 0
