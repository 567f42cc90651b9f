import math

import pytest
import torch
from torch.distributions import Independent, Normal

from saddlepoint.errors import DataError
from saddlepoint.evaluation.metrics.latent import elbo_surgery, unit_report


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def gaussian_codes(n, slope, std, seed=0):
    """x ~ N(0, I) and z = slope x + std noise in two dimensions: all of it is known."""
    x = torch.randn(n, 2, generator=seeded(1_000 + seed), dtype=torch.float64)
    mean = x * torch.tensor(slope, dtype=torch.float64)
    return mean, torch.full_like(mean, 2 * math.log(std))


def test_units_are_their_definition():
    mean, log_variance = gaussian_codes(20_000, (0.8, 0.05), 0.6)
    found = unit_report(mean, log_variance)
    assert found.active.tolist() == [True, False]
    torch.testing.assert_close(found.variance, mean.var(0, correction=0))
    exact = 0.5 * (torch.tensor([0.64, 0.0025]).double() + 0.36 - 1 - 2 * math.log(0.6))
    torch.testing.assert_close(found.kl, exact, rtol=0, atol=0.02)


def test_a_collapsed_unit_has_no_cost_and_no_information():
    mean, log_variance = torch.zeros(50, 3), torch.zeros(50, 3)
    found = unit_report(mean, log_variance)
    assert not found.active.any()
    assert found.kl.tolist() == [0, 0, 0]
    cut = elbo_surgery(mean, log_variance, generator=seeded())
    assert cut.information[0].value == pytest.approx(0, abs=1e-12)
    assert cut.gap[1].value == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize(("slope", "std"), [((0.8, 0.8), 0.6), ((1.0, 0.1), 0.3), ((2.0, 1.0), 1.0)])
def test_the_bounds_hold_the_closed_forms(slope, std):
    found = [elbo_surgery(*gaussian_codes(400, slope, std, seed), generator=seeded(seed)) for seed in range(8)]
    information = sum(0.5 * math.log1p(s**2 / std**2) for s in slope)
    gap = sum(0.5 * (s**2 + std**2 - 1 - math.log(s**2 + std**2)) for s in slope)
    for quantity, truth in (("information", information), ("gap", gap)):
        bounds = torch.tensor([[side.value for side in getattr(one, quantity)] for one in found])
        (low, high), error = bounds.mean(0), bounds.std(0) / 8**0.5
        assert low < truth + 4 * error[0]
        assert high > truth - 4 * error[1]
        assert (high - low) < 0.3


def test_the_parts_add_up_to_the_whole():
    cut = elbo_surgery(*gaussian_codes(300, (1.0, 0.5), 0.4), generator=seeded())
    assert cut.information[0].value + cut.gap[1].value == pytest.approx(cut.kl.value)
    assert cut.information[1].value + cut.gap[0].value == pytest.approx(cut.kl.value)
    assert cut.information[0].value < cut.information[1].value


def test_the_densities_are_those_of_torch():
    mean, log_variance = torch.randn(2, 30, 4, generator=seeded(), dtype=torch.float64)
    cut = elbo_surgery(mean, log_variance, generator=seeded(3))
    q = Independent(Normal(mean, (0.5 * log_variance).exp()), 1)
    z = mean + (0.5 * log_variance).exp() * torch.randn(mean.shape, generator=seeded(3), dtype=torch.float64)
    table = q.log_prob(z[:, None])
    expected = (table.diagonal() - table.logsumexp(1) + math.log(30)).mean()
    assert cut.information[0].value == pytest.approx(float(expected))


def test_more_examples_reduce_the_gap_between_the_bounds():
    widths = []
    for n in (50, 400, 3_000):
        cut = elbo_surgery(*gaussian_codes(n, (0.8, 0.8), 0.3), generator=seeded())
        widths.append(cut.information[1].value - cut.information[0].value)
    assert widths[0] > widths[1] > widths[2] > 0


def test_codes_that_tell_every_example_apart_saturate_at_log_n():
    mean, log_variance = gaussian_codes(200, (1.0, 1.0), 1e-4)
    cut = elbo_surgery(mean, log_variance, generator=seeded())
    assert cut.saturated
    assert cut.information[0].value == pytest.approx(math.log(200), rel=1e-3)
    assert cut.limit == math.log(200)
    assert not elbo_surgery(*gaussian_codes(200, (0.5, 0.5), 1.0), generator=seeded()).saturated


def test_order_and_blocks_do_not_matter(monkeypatch):
    mean, log_variance = gaussian_codes(2_000, (0.8, 0.3), 0.5)
    found = elbo_surgery(mean, log_variance, generator=seeded())
    order = torch.randperm(2_000, generator=seeded())
    assert unit_report(mean[order], log_variance[order]).kl.tolist() == pytest.approx(
        unit_report(mean, log_variance).kl.tolist()
    )
    monkeypatch.setattr("saddlepoint.evaluation.metrics.latent.BLOCK", 77)
    again = elbo_surgery(mean, log_variance, generator=seeded())
    assert again.information[0].value == pytest.approx(found.information[0].value)
    assert again.information[1].value == pytest.approx(found.information[1].value)


def test_more_draws_are_less_noisy_and_of_the_same_mean():
    codes = gaussian_codes(400, (0.8, 0.8), 0.5)
    few, many = (elbo_surgery(*codes, generator=seeded(), draws=d).information[0] for d in (1, 20))
    assert many.high - many.low < few.high - few.low
    assert few.low < many.value < few.high


@pytest.mark.parametrize(
    ("mean", "log_variance", "message"),
    [
        (torch.zeros(1, 2), torch.zeros(1, 2), "2 points or more"),
        (torch.zeros(4, 2), torch.zeros(3, 2), "one log-variance a mean"),
        (torch.zeros(4, 2), torch.full((4, 2), torch.nan), "NaN or infinite"),
    ],
)
def test_invalid_posteriors_are_refused(mean, log_variance, message):
    for function in (unit_report, lambda *both: elbo_surgery(*both, generator=seeded())):
        with pytest.raises(DataError, match=message):
            function(mean, log_variance)
