"""What FLOW602 calls a spike or a gap of a flow's density."""

from __future__ import annotations

import pytest

from saddlepoint.diagnosis import Diagnosis, Facts
from saddlepoint.diagnosis.rules import RULES
from saddlepoint.records import Record

USUAL = {"flow/highest_density": -0.5, "flow/below_normal": 0.5}


def found(steps: int = 1_000, length: int = 1_000, **changes: float) -> bool:
    """Whether FLOW602 is found in a run of `length` steps with these series at all measurements up to step `steps`."""
    diagnosis = Diagnosis(("flow", "likelihood"), RULES, Facts(steps=length, settings={"model.noise_std": 0.0}))
    series = USUAL | {f"flow/{name}": value for name, value in changes.items()}
    for step in range(0, steps + 1, 20):
        diagnosis.watch(Record(step, 0.0, series))
    return "FLOW602" in diagnosis.found


@pytest.mark.parametrize(
    ("changes", "ill"),
    [
        ({}, False),
        ({"highest_density": 5.0}, True),
        ({"below_normal": 20.0}, True),
        ({"lowest_density": -30.0}, False),  # an outlier of the data, as improbable under a normal distribution
        ({"highest_density": 5.0, "highest_density_per_unit": -0.1}, False),  # a narrow column of whole numbers
        ({"highest_density": 5.0, "highest_density_per_unit": 2.0}, True),
    ],
)
def test_a_density_is_judged_by_what_the_data_allow(changes: dict[str, float], ill: bool) -> None:
    assert found(**changes) == ill


def test_nothing_is_found_in_the_first_tenth_of_a_run() -> None:
    assert not found(80, below_normal=20.0)
    assert found(200, below_normal=20.0)
