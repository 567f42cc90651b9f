"""Refusals and warnings: samples in other units, and uninformative features."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor

from saddlepoint.data import DataSettings, from_array
from saddlepoint.data.dataset import Dataset
from saddlepoint.errors import DataError
from saddlepoint.evaluation.features import Features
from saddlepoint.evaluation.scorecard.assess import assess
from saddlepoint.evaluation.scorecard.validation import unit_warnings
from saddlepoint.evaluation.settings import AssessmentSettings
from tests.evaluation.scorecard import toys

QUICK = AssessmentSettings(samples=40, seeds=1, resamples=5)


def pictures(*, floats: bool = False) -> Dataset:
    """Of every grey, a frame of one grey around them."""
    x = np.random.default_rng(0).integers(0, 256, (60, 8, 8), dtype=np.uint8)
    x[:, 0] = 0
    return from_array(x.astype(np.float32) / 255 if floats else x, np.arange(60) % 2)


def warnings_for(data: Dataset, change: Callable[[Tensor], Tensor]) -> list[str]:
    return unit_warnings(change(data.x.float()), data.x, data)


@pytest.mark.parametrize("times", [1 / 255, 0.05, 20.0, 255.0])
def test_numbers_that_vary_much_less_or_more_are_warned_of(times: float) -> None:
    data = toys.dataset(toys.PLANE)
    (warning,) = warnings_for(data, lambda x: x * times)
    assert "other units" in warning
    assert ("collapsed" in warning) == (times < 1)
    assert ("diverged" in warning) == (times > 1)


@pytest.mark.parametrize("times", [0.2, 1.0, 5.0])
def test_numbers_that_vary_about_as_much_are_not(times: float) -> None:
    assert warnings_for(toys.dataset(toys.PLANE), lambda x: x * times) == []


def test_a_constant_sample_is_warned_of_and_constant_data_are_no_measure() -> None:
    data = toys.dataset(toys.PLANE)
    assert len(warnings_for(data, lambda x: torch.full_like(x, 3.0))) == 1
    assert unit_warnings(data.x, torch.ones_like(data.x), data) == []


@pytest.mark.slow
def test_bytes_scaled_to_0_1_are_detected_by_a_full_evaluation() -> None:
    data = pictures()
    shares = toys.Own(data.event, lambda n, generator: toys.copying(data).draw(n, generator).float() / 255)
    (warning,) = (w for w in assess(shares, data, QUICK, "raw").warnings if "units" in w)
    assert "[0, 1] and the data in [0, 25" in warning
    right = assess(toys.copying(data), data, QUICK, "raw").warnings
    assert not any("units" in warning for warning in right)


@pytest.mark.parametrize("change", [lambda x: 2 * x - 1, lambda x: 255 * x])
def test_samples_outside_of_the_data_s_range_are_refused(change: Callable[[Tensor], Tensor]) -> None:
    data = pictures(floats=True)
    assert data.event.bounded
    with pytest.raises(DataError, match="outside of the data's range, 0 to 1"):
        warnings_for(data, change)


def test_overshooting_a_little_or_seldom_is_no_error() -> None:
    data = pictures(floats=True)
    assert warnings_for(data, lambda x: 1.15 * x - 0.07) == []

    def seldom(x: Tensor) -> Tensor:
        return torch.where(torch.rand(x.shape, generator=torch.Generator().manual_seed(0)) < 0.05, x + 1.5, x)

    assert warnings_for(data, seldom) == []


@pytest.mark.slow
def test_constant_features_cause_a_warning_if_the_user_can_fix_them() -> None:
    data = pictures()
    dead = Features(
        "own: dead", "0" * 64, 3, lambda x: torch.cat([x.flatten(1)[:, 8:10].float(), torch.ones(len(x), 1)], 1)
    )
    for features, warned in ((dead, True), ("raw", False), ("random", False)):
        found = assess(toys.copying(data), data, QUICK, features).warnings
        assert any("constant over the real examples" in warning for warning in found) == warned


@pytest.mark.slow
def test_features_that_are_all_constant_are_warned_of_whoever_made_them() -> None:
    data = from_array(np.ones((60, 3), dtype=np.float32), settings=DataSettings(held_out=0.5))
    found = assess(toys.copying(data), data, QUICK, "raw").warnings
    assert any("All features" in warning for warning in found)
