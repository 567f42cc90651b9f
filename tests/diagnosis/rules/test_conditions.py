"""Conditions without effect are found in the first quarter of a run, where a condition that is learnt late would show otherwise."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from saddlepoint.diagnosis import Diagnosis, Facts
from saddlepoint.diagnosis.rules import RULES
from saddlepoint.records import Finding, Record

STEPS, TICK = 3_000, 50
LATE = 0.4
Course = Callable[[float], float]  # of the share of the run that is over


def opened(courses: Mapping[str, Course | float]) -> list[Finding]:
    """What opens in a run with these series, at sixty records."""
    diagnosis = Diagnosis(("gan", "non-saturating"), RULES, Facts(steps=STEPS))
    found = []
    for step in range(0, STEPS + 1, TICK):
        values = {name: course(step / STEPS) if callable(course) else course for name, course in courses.items()}
        found += [finding for finding in diagnosis.watch(Record(step, 0.0, values)) if finding.state == "open"]
    return found


def learnt_late(share: float) -> float:
    """Nothing until a third of the run, then all."""
    return min(max(3 * (share - 0.33), 0.0), 0.95)


def learnt_before(share: float) -> float:
    """By the discriminator, which has to learn labels before its generator can."""
    return min(5 * share, 0.95)


NEVER: Mapping[str, Mapping[str, Course | float]] = {
    "GAN121": {"g/label_use": 0.02, "d/label_advantage": 0.05},
    "GAN122": {"g/class_diversity": 0.05},
    "GAN123": {"d/code_use": 0.0, "d/code_fit": 0.8},
}


@pytest.mark.parametrize("code", NEVER)
def test_a_condition_that_has_no_effect_at_all_is_a_warning_within_a_quarter_of_the_run(code: str) -> None:
    first, *later = opened(NEVER[code])
    assert (first.code, first.severity) == (code, "warning")
    assert first.step <= 0.25 * STEPS
    assert [finding.severity for finding in later] == ([] if code == "GAN123" else ["failure"])
    assert all(finding.step >= LATE * STEPS for finding in later)


def test_labels_that_the_discriminator_reads_may_be_learnt_late() -> None:
    assert opened({"g/label_use": learnt_late, "d/label_advantage": learnt_before}) == []


@pytest.mark.parametrize(
    "discriminator", [{}, {"d/label_advantage": 0.9}, {"d/label_advantage": 0.0, "d/class_accuracy": 0.9}]
)
def test_labels_are_judged_late_where_nothing_says_that_the_discriminator_ignores_them(
    discriminator: Mapping[str, float],
) -> None:
    """Without its scores, where they depend on labels, and with an auxiliary classifier, whose scores never do."""
    (finding,) = opened({"g/label_use": 0.02, **discriminator})
    assert (finding.code, finding.severity) == ("GAN121", "failure")
    assert finding.step >= LATE * STEPS


@pytest.mark.parametrize("value", [0.08, 0.2])
def test_little_effect_is_judged_late(value: float) -> None:
    for name in ("g/label_use", "g/class_diversity"):
        found = opened({name: value, "d/label_advantage": 0.0})
        assert all(finding.step >= LATE * STEPS for finding in found if value > 0.15 or name == "g/label_use")
        assert found
