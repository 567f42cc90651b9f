"""A finding's state is its last entry in the log, for each finding separately."""

from __future__ import annotations

import pytest

from saddlepoint.records import Finding, active_findings

PLANTED = Finding("GAN106", "failure", 0, "The labels are swapped.", {"preflight": True})
OPENED = Finding("GAN106", "warning", 500, "Samples leave the data.")
CLOSED = Finding("GAN106", "warning", 900, "No longer so.", state="closed")


@pytest.mark.parametrize(
    ("log", "stands"),
    [
        ([PLANTED, OPENED], [PLANTED, OPENED]),
        ([PLANTED, OPENED, CLOSED], [PLANTED]),
        ([PLANTED, CLOSED], [PLANTED]),
        ([OPENED, CLOSED], []),
        ([PLANTED, PLANTED, OPENED], [PLANTED, PLANTED, OPENED]),
    ],
)
def test_findings_of_a_trial_are_neither_replaced_nor_closed_by_a_rule(
    log: list[Finding], stands: list[Finding]
) -> None:
    assert active_findings(log) == stands


def test_a_later_finding_of_a_rule_takes_the_place_of_its_earlier_one() -> None:
    more_severe = Finding("GAN106", "failure", 700, "Samples leave the data.")
    assert active_findings([OPENED, more_severe]) == [more_severe]


def test_findings_of_one_code_before_training_are_all_kept() -> None:
    data = [Finding("DATA401", "warning", 0, title) for title in ("A duplicate.", "A constant column.")]
    assert active_findings(data) == data
