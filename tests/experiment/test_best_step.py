"""The best step is reported with the noise of the difference, which is small for measurements with the same noise."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from saddlepoint.evaluation.metrics.energy import energy_with_shares
from saddlepoint.evaluation.monitors.quality import standard_error
from saddlepoint.experiment.best_step import has_hardly_trained
from saddlepoint.recipe import Recipe
from saddlepoint.report.words import as_good, best_in_words

N, REPEATS = 300, 200


def distances(seed: int, reference: Tensor) -> tuple[Tensor, Tensor]:
    """Of two generators at the same noise: (2,) values, (2, N) shares."""
    z = torch.randn(N, 2, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    found = [energy_with_shares(made, reference) for made in (0.9 * z + 0.2, 0.85 * z + 0.25)]
    return torch.stack([value for value, _ in found]), torch.stack([shares for _, shares in found])


@pytest.mark.slow
def test_the_error_of_a_difference_is_what_it_scatters_by_over_draws_of_the_noise() -> None:
    reference = torch.randn(N, 2, generator=torch.Generator().manual_seed(10**6), dtype=torch.float64)
    runs = [distances(seed, reference) for seed in range(REPEATS)]
    differences = torch.stack([values[1] - values[0] for values, _ in runs])
    said = sum(standard_error(shares[1] - shares[0]) for _, shares in runs) / REPEATS
    # A standard deviation of 200 numbers is known to 5 %.
    assert differences.std().item() == pytest.approx(said, rel=0.2)
    apart = sum(math.hypot(standard_error(shares[0]), standard_error(shares[1])) for _, shares in runs) / REPEATS
    assert said < apart / 3


@pytest.mark.parametrize(("behind", "good"), [(0.0, True), (0.0019, True), (0.0021, False), (-0.1, True)])
def test_a_last_step_is_worse_only_beyond_the_noise(behind: float, good: bool) -> None:
    best = {"step": 200, "series": "quality/energy_distance", "value": 0.02, "behind": behind, "behind_error": 0.001}
    assert as_good(best) is good
    assert ("as good" in best_in_words(best, 900)) is good
    assert "step 200" in best_in_words(best, 900)


def test_without_the_noise_of_the_difference_the_best_is_the_best() -> None:
    best = {"step": 200, "series": "vae/held_out_bound", "value": -20.0}
    assert not as_good(best)
    assert best_in_words(best, 900) == "vae/held_out_bound = -20 at step 200"
    assert best_in_words(best, 200).endswith("the last")


def test_the_best_of_a_few_steps_is_not_worth_going_back_to() -> None:
    """The share of the shipped recipe's steps counts, or how far samples came from untrained (1.0) to real data (0.1)."""
    best = {"step": 4, "series": "quality/energy_distance", "value": 0.3, "behind": 0.1, "behind_error": 0.001}
    distances = {"first": 1.0, "last": 0.4, "floor": 0.1}
    shipped = Recipe.load("gan-digits")
    own = shipped.override({"name": "mine"})
    assert has_hardly_trained(best, 10, distances, shipped)
    assert not has_hardly_trained(best, shipped.training.steps, distances, shipped)
    assert not has_hardly_trained(best, 10, distances, own)
    assert has_hardly_trained({**best, "value": 0.9}, 10, distances, own)
    # The value of another series is no energy distance.
    assert not has_hardly_trained({"step": 4, "series": "vae/held_out_bound", "value": 90.0}, 10, distances, own)
