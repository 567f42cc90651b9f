import torch

from saddlepoint.objectives.mean_discrepancy import squared_discrepancy


def normal(seed, *shape):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def test_the_estimate_is_zero_on_average_for_equal_distributions():
    values = torch.stack([squared_discrepancy(normal(2 * n, 8, 2), normal(2 * n + 1, 8, 2)).mean() for n in range(400)])
    assert values.min() < 0  # unbiased, so it is not always positive
    assert values.mean().abs() < 5 * values.std() / 400**0.5


def test_it_is_positive_for_a_shift_and_grows_with_it():
    codes, prior = normal(0, 200, 3), normal(1, 200, 3)
    values = [squared_discrepancy(codes + shift, prior).mean() for shift in (0.0, 0.5, 1.0, 2.0)]
    assert values[0].abs() < 0.02
    assert 0.02 < values[1] < values[2] < values[3] < 2


def test_it_is_the_mean_over_pairs_written_out():
    codes, prior = normal(0, 5, 2), normal(1, 5, 2)

    def kernel(a, b):
        return 4 / (4 + (a - b).square().sum())

    pairs = [(i, j) for i in range(5) for j in range(5) if i != j]
    within = sum(kernel(codes[i], codes[j]) + kernel(prior[i], prior[j]) for i, j in pairs) / 20
    between = sum(kernel(a, b) for a in codes for b in prior) / 25
    torch.testing.assert_close(squared_discrepancy(codes, prior).mean(), within - 2 * between)
