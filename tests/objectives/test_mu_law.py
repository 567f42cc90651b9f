"""Companding is that of telephony, and its levels are the middles of what rounds to them."""

from __future__ import annotations

import pytest
import torch

from saddlepoint.objectives.mu_law import MuLaw, compress, expand

MUS = (1.0, 15.0, 255.0)


@pytest.mark.parametrize("mu", MUS)
def test_expanding_inverts_compressing(mu: float) -> None:
    x = torch.linspace(-1, 1, 1_001, dtype=torch.float64)
    torch.testing.assert_close(expand(compress(x, mu), mu), x, rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(compress(expand(x, mu), mu), x, rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(compress(-x, mu), -compress(x, mu))
    assert (compress(x, mu).diff() > 0).all()


def test_half_of_the_levels_lie_within_a_sixteenth_of_full_scale() -> None:
    # (1 + 255)^(1/2) = 16, so that |x| = 15/255 is compressed to 1/2.
    torch.testing.assert_close(compress(torch.tensor([15 / 255]), 255.0), torch.tensor([0.5]))


@pytest.mark.parametrize("levels", [2, 5, 256])
def test_levels_are_kept_and_rounding_is_to_the_nearest_of_compressed_numbers(levels: int) -> None:
    likelihood = MuLaw(levels, levels)
    certain = torch.eye(levels) * 1e4
    drawn = likelihood.draw(certain, torch.full((levels, 1), 0.5))
    assert likelihood.bin_of(drawn)[:, 0].tolist() == list(range(levels))
    x = torch.linspace(-1, 1, 999, dtype=torch.float64)
    nearest = (compress(x, levels - 1)[:, None] - compress(drawn.double(), levels - 1)[:, 0]).abs().argmin(1)
    ties = (compress(x, levels - 1) + 1) * (levels - 1) / 2 % 1
    assert (likelihood.bin_of(x) == nearest)[(ties - 0.5).abs() > 1e-5].all()
    assert likelihood.bin_of(torch.tensor([-7.0, 7.0])).tolist() == [0, levels - 1]


def test_a_number_that_is_none_has_no_probability() -> None:
    x = torch.tensor([[[0.3], [torch.nan]]])
    log_probs = MuLaw(8, 8).log_prob(x, torch.zeros(1, 2, 8))
    assert log_probs[0, 0].item() == pytest.approx(-torch.tensor(8.0).log().item())
    assert log_probs[0, 1].isnan()
