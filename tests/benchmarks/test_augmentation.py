"""The benchmark of augmentation: its trials and its page."""

from __future__ import annotations

import pytest

pytest.importorskip("pandas")


def test_splits_come_in_rounds_and_have_keys_of_their_own() -> None:
    from tables.augmentation_plan import DATA, trials

    wanted = trials(["wine", "digits"], 3, "auto", quick=False)
    assert [(one.data, one.split) for one in wanted[:6]] == [("wine", 0)] * 3 + [("digits", 0)] * 3
    assert len({one.key for one in wanted}) == len(wanted) == 18
    assert set(DATA) == {"wine", "breast cancer", "titanic", "default", "digits", "mnist"}


def test_the_page_tells_helped_from_hurt() -> None:
    import augmentation
    from saddlepoint.applications.augment.measuring import Outcome
    from saddlepoint.applications.augment.settings import GENERATED, alternatives_for
    from saddlepoint.applications.augment.splits import Scenario

    def outcome(split: int, change: float) -> Outcome:
        names = alternatives_for("table")
        scores = {name: {"macro_f1": 0.8 + 0.01 * split + change * (name == GENERATED)} for name in names}
        return Outcome(scores, 118, [1, 1, 1], 3, {}, 0, 1.0)

    found = {
        ("wine", Scenario()): [outcome(split, -0.05) for split in range(3)],
        ("wine", Scenario(30)): [outcome(split, 0.05) for split in range(3)],
        ("digits", Scenario()): [outcome(0, 0.0)],  # a single split decides nothing
    }
    measured = augmentation.conclusions(found)
    assert list(measured) == ["wine"]
    text = augmentation.body(measured, 3_600)
    assert "-0.050 ± 0.000 ▼" in text
    assert "+0.050 ± 0.000 ▲" in text
    assert (
        "it helped in 1, no difference is shown in 0, it hurt in 1 of 2 scenarios; a simpler alternative is shown to be better in 1"
        in text
    )
