import pytest
import torch

from saddlepoint.errors import DataError
from saddlepoint.evaluation.metrics.points import check_pair, check_points


def test_numbers_are_converted_to_the_requested_type():
    assert check_points(torch.ones(3, 2, dtype=torch.uint8), "x").dtype == torch.float64
    assert check_points(torch.ones(3, 2, dtype=torch.uint8), "x", dtype=None).dtype == torch.float32
    assert check_points(torch.ones(3, 2, dtype=torch.bfloat16), "x", dtype=None).dtype == torch.float32
    x, y = check_pair(torch.ones(3, 2), torch.ones(3, 2).double(), dtype=None)
    assert x.dtype == y.dtype == torch.float64


def test_gradients_are_left_behind():
    assert not check_points(torch.ones(3, 2, requires_grad=True), "x").requires_grad


def test_the_message_counts_the_broken_points():
    x = torch.zeros(1_000, 3)
    x[7, 1], x[7, 2], x[8, 0] = torch.nan, torch.inf, -torch.inf
    with pytest.raises(DataError, match="samples: 2 of 1,000 points hold NaN or infinite"):
        check_points(x, "samples")


def test_large_finite_values_are_not_broken():
    x = torch.full((4, 2), 3e38)  # their sum overflows
    assert torch.equal(check_points(x, "x", dtype=None), x)
    x = torch.tensor([[3e38], [3e38], [-3e38], [-3e38]])
    assert torch.equal(check_points(x, "x", dtype=None), x)


def test_a_mismatch_names_both_sides():
    with pytest.raises(DataError, match="real points have 3 features and samples 2"):
        check_pair(torch.ones(5, 3), torch.ones(5, 2))
