"""What a point's runs come to: means lie where the outcome can."""

from __future__ import annotations

import pytest

from saddlepoint.studies.outcomes import OF_SAMPLES
from saddlepoint.studies.summary import mean

# One far run among near ones: Student's interval reaches below 0.
VALUES = [0.1, 0.2, 0.1, 50.0]


@pytest.mark.parametrize("name", sorted(OF_SAMPLES))
def test_an_interval_of_what_cannot_be_negative_is_not(name):
    found = mean([{name: value} for value in VALUES], name)
    assert found is not None
    assert 0.0 == found.low < found.value < found.high


def test_bounds_on_likelihoods_may_be_negative():
    found = mean([{"vae/held_out_bound": -value} for value in VALUES], "vae/held_out_bound")
    assert found is not None
    assert found.low < found.value < 0.0 < found.high
    assert mean([{"wasserstein": 1.0}], "wasserstein") is None
