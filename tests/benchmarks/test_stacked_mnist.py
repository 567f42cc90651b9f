"""Modes of Stacked MNIST: modes and KL have closed forms, and the goal needs every trial."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor


def read_first_pixel(x: Tensor) -> Tensor:
    return torch.nn.functional.one_hot(x[:, 0, 0, 0].long(), 10).float()


def images(modes: Tensor) -> Tensor:
    """(N,) numbers from 0 to 999 -> images (N, 3, 2, 2) whose pixels are the digits."""
    digits = torch.stack([modes // 100, modes // 10 % 10, modes % 10], 1)
    return digits[:, :, None, None].expand(-1, -1, 2, 2).float()


@pytest.mark.parametrize("kept", [1, 10, 500, 1_000])
def test_modes_and_divergence_have_their_closed_forms(kept: int) -> None:
    import stacked_mnist

    modes, kl = stacked_mnist.count_modes(images(torch.arange(kept).repeat(2_000 // kept)), read_first_pixel)
    assert modes == kept
    assert kl == pytest.approx(math.log(1_000 / kept), abs=1e-9)


def test_samples_that_are_not_finite_have_no_mode() -> None:
    import stacked_mnist

    broken = images(torch.arange(10))
    broken[3] = math.nan
    assert stacked_mnist.count_modes(broken, read_first_pixel) == (0, math.log(1_000))


def test_the_goal_needs_every_trial_of_the_recipe() -> None:
    from tables.stacked_page import recipe_section
    from tables.stacked_plan import Outcome, RealOutcome

    good, bad = (Outcome(modes, 0.05, 100, 60.0) for modes in (1_000, 999))
    real = RealOutcome(1_000, 0.023, 0.99)
    verdicts = {
        "met": [good] * 3,
        "undecided": [good] * 2,
        "not met": [good, bad],
    }
    for verdict, outcomes in verdicts.items():
        assert recipe_section(outcomes, real, 3).endswith(f"trials: {verdict}")
    assert "Fewest modes 999, largest KL 0.050; goal 1,000 modes" in recipe_section([bad], real, 3)
