"""The result of series is measured in standardised columns, independently of units."""

from __future__ import annotations

import numpy as np
import torch

from saddlepoint.data import from_array
from saddlepoint.evaluation.result.feature_space import feature_space


def test_units_of_a_channel_change_no_distance() -> None:
    x = np.random.default_rng(0).normal(size=(80, 12, 2))
    units = np.array([1.0, 1e6])
    plain, scaled = (from_array(values, kind="series") for values in (x, x * units))
    one, other = feature_space(plain, 0)(plain.x), feature_space(scaled, 0)(scaled.x)
    torch.testing.assert_close(torch.cdist(one, one), torch.cdist(other, other), rtol=1e-3, atol=1e-3)
