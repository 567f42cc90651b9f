"""What a point's runs come to: means lie where the outcome can."""

from __future__ import annotations

import pytest
import torch

from saddlepoint.evaluation.intervals import of_mean
from saddlepoint.studies.outcomes import NEVER_NEGATIVE
from saddlepoint.studies.summary import mean

# One far run among near ones: Student's interval reaches below 0.
VALUES = [0.1, 0.2, 0.1, 50.0]


@pytest.mark.parametrize("name", sorted(NEVER_NEGATIVE))
def test_an_interval_of_what_cannot_be_negative_is_not(name):
    found = mean([{name: value} for value in VALUES], name)
    assert found is not None
    assert 0.0 == found.low < found.value < found.high


@pytest.mark.parametrize("name", ["quality", "vae/held_out_bound"])
@pytest.mark.parametrize("values", [VALUES, [-value for value in VALUES], [-0.0031, -0.003, -0.0029], [0.0, 0.001]])
def test_an_interval_of_what_may_be_negative_is_students_own(name, values):
    """Unbiased estimates of a distance, and bounds on likelihoods."""
    assert name not in NEVER_NEGATIVE
    found = mean([{name: value} for value in values], name)
    assert found == of_mean(torch.tensor(values, dtype=torch.float64))
    assert found.low < found.value < found.high


def test_one_run_has_no_interval():
    assert mean([{"wasserstein": 1.0}], "wasserstein") is None
