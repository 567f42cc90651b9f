"""The benchmark of missing labels: its trials and its page."""

from __future__ import annotations

import pytest

pytest.importorskip("pandas")


def test_trials_come_in_rounds_and_have_keys_of_their_own() -> None:
    from tables.label_plan import FIRST_SEED, ROWS, trials

    wanted = trials(["digits", "mnist"], 2, quick=False)
    assert len({one.key for one in wanted}) == len(wanted)
    first = [one for one in wanted if one.seed == FIRST_SEED]
    assert wanted[: len(first)] == first
    assert {one.data for one in first} == {"digits", "mnist"}
    budget = next(one.steps for one in first if (one.data, one.method) == ("mnist", "feature-matching"))
    assert budget == ROWS["mnist"].steps["feature-matching"]


def test_the_page_says_whether_goals_are_met() -> None:
    import label
    from tables.label_plan import Outcome

    found = {
        ("mnist", "supervised"): [Outcome(0.2, 0.21, 10_000, 60.0)] * 2,
        ("mnist", "m1+m2"): [Outcome(0.06, 0.07, 10_000, 600.0), Outcome(0.04, 0.05, 10_000, 600.0)],
        ("mnist", "feature-matching"): [Outcome(0.017, 0.02, 10_000, 6_000.0)],
    }
    text = label.body(found)
    assert "at most 5: met" in text
    assert "at most 1.5: missed" in text
    assert "20.00 ± 0.00" in text
    assert "1.70" in text
