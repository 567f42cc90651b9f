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
    import stacked_mnist

    good, bad = (stacked_mnist.Outcome(modes, 0.05, 100, 60.0) for modes in (1_000, 999))
    real = stacked_mnist.RealOutcome(1_000, 0.023, 0.99)
    row = f"recipe {stacked_mnist.RECIPE}"
    texts = [stacked_mnist.body({row: outcomes}, real) for outcomes in ([good] * 3, [good, good, bad])]
    assert [": met" in text for text in texts] == [True, False]
    assert "fewest modes 999, largest KL 0.050; goal 1,000 modes" in texts[1]
    few, none = (stacked_mnist.body(found, real) for found in ({row: [good]}, {}))
    assert "goal" not in few + none
    assert "1 of 3 trials are there" in few
    assert "not measured yet" in none
