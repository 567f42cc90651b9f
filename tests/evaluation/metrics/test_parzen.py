import pytest
import torch
from torch.distributions import Normal

from saddlepoint.errors import DataError
from saddlepoint.evaluation.metrics.parzen import PARZEN_WARNING, parzen_log_likelihood


def seeded(seed):
    return torch.Generator().manual_seed(seed)


def normal(n, d, seed):
    return torch.randn(n, d, generator=seeded(seed), dtype=torch.float64)


@pytest.mark.slow
def test_one_dimension_and_many_samples_come_near_the_density():
    x = normal(500, 1, 2)
    found = parzen_log_likelihood(normal(20_000, 1, 0), x, normal(500, 1, 1))
    assert abs((found.values - Normal(0, 1).log_prob(x).sum(1)).mean()) < 0.02


def test_it_is_the_mean_of_its_kernels():
    samples, x = normal(7, 3, 0), normal(5, 3, 1)
    width = 0.4 * float(samples.std(0).square().mean().sqrt())
    found = parzen_log_likelihood(samples, x, x, widths=(0.4,))
    kernels = Normal(samples, width).log_prob(x[:, None]).sum(2).exp().mean(1).log()
    torch.testing.assert_close(found.values, kernels)


def test_the_width_is_chosen_on_the_validation_examples():
    samples, x = normal(200, 2, 0), normal(200, 2, 1)
    chosen = parzen_log_likelihood(samples, x, x).values.mean()
    assert chosen == max(
        parzen_log_likelihood(samples, x, x, widths=(w,)).values.mean() for w in (0.05, 0.1, 0.2, 0.4, 0.8)
    )


def test_it_always_carries_its_warning_and_never_calls_itself_a_bound():
    found = parzen_log_likelihood(normal(9, 2, 0), normal(5, 2, 1), normal(5, 2, 2))
    assert found.notes == (PARZEN_WARNING,)
    assert found.kind == "kernel estimate"
    assert "Do not compare models" in str(found)


@pytest.mark.parametrize(
    ("samples", "validation"), [(torch.ones(5, 2), torch.ones(5, 2)), (torch.randn(5, 2), torch.ones(5, 3))]
)
def test_zero_width_is_refused(samples, validation):
    with pytest.raises(DataError, match="all alike, or validation"):
        parzen_log_likelihood(samples, torch.ones(4, 2), validation)
