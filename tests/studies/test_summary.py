"""Summaries of a point's runs: means stay within the outcome's range."""

from __future__ import annotations

import math

import pytest
import torch

from saddlepoint.evaluation.statistics.intervals import mean_interval
from saddlepoint.studies.outcomes import NEVER_NEGATIVE
from saddlepoint.studies.summary import mean, outcome_names

# One far run among near ones: Student's interval reaches below 0.
VALUES = [0.1, 0.2, 0.1, 50.0]


@pytest.mark.parametrize("name", sorted(NEVER_NEGATIVE))
def test_an_interval_of_what_cannot_be_negative_is_not(name):
    values = [value / 50 for value in VALUES]
    found = mean([{name: value} for value in values], name)
    assert found is not None
    assert 0.0 <= found.low < found.value < found.high


def test_modes_covered_lie_between_none_and_all_of_them():
    rows = [{"modes_covered": value, "known_modes": 8.0} for value in (8.0, 8.0, 2.0, 8.0)]
    found = mean(rows, "modes_covered")
    assert found is not None
    assert 0.0 <= found.low < found.value < found.high <= 8.0
    divergence = mean([{"reverse_kl": value, "known_modes": 8.0} for value in (2.0, 2.07, 0.1)], "reverse_kl")
    assert divergence is not None
    assert divergence.high <= math.log(8)


def test_how_many_modes_there_are_is_no_outcome():
    assert outcome_names([{"modes_covered": 8.0, "known_modes": 8.0}], []) == ["modes_covered"]


@pytest.mark.parametrize("name", ["quality", "vae/held_out_bound"])
@pytest.mark.parametrize("values", [VALUES, [-value for value in VALUES], [-0.0031, -0.003, -0.0029], [0.0, 0.001]])
def test_an_interval_of_what_may_be_negative_is_students_own(name, values):
    """Unbiased estimates of a distance, and bounds on likelihoods."""
    assert name not in NEVER_NEGATIVE
    found = mean([{name: value} for value in values], name)
    assert found == mean_interval(torch.tensor(values, dtype=torch.float64))
    assert found.low < found.value < found.high


def test_one_run_has_no_interval():
    assert mean([{"wasserstein": 1.0}], "wasserstein") is None
