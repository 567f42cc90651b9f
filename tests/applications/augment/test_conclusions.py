"""Conclusions on augmentation: what is said of outcomes with known differences."""

from __future__ import annotations

import numpy as np
import pytest

from saddlepoint.applications.augment.conclusions import HELPED, HURT, NO_DIFFERENCE, conclude
from saddlepoint.applications.augment.examples import Examples
from saddlepoint.applications.augment.filtering import REASONS
from saddlepoint.applications.augment.measuring import Outcome
from saddlepoint.applications.augment.settings import GENERATED, REAL, alternatives_for
from saddlepoint.applications.augment.sources import read_examples
from saddlepoint.applications.augment.splits import Scenario

pytest.importorskip("pandas")


@pytest.fixture
def rows() -> Examples:
    """90 examples of two classes, of which 60 are trained on in a split."""
    return read_examples({"x": np.arange(90.0), "kind": np.where(np.arange(90) % 3, "common", "rare")}, target="kind")


def outcomes(change: dict[str, float], names: tuple[str, ...], splits: int = 8) -> list[Outcome]:
    rng = np.random.default_rng(0)
    base = rng.normal(0.8, 0.05, splits)
    noise = rng.normal(0, 0.002, (len(names), splits))
    return [
        Outcome(
            {
                name: {"macro_f1": base[k] + change.get(name, 0.0) + (noise[i, k] if name in change else 0.0)}
                for i, name in enumerate(names)
            },
            60, [10, 10], 30, dict.fromkeys(REASONS, 1), 0, 1.0,
        )
        for k in range(splits)
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("change", "verdict", "best"),
    [
        ({}, NO_DIFFERENCE, REAL),
        ({GENERATED: 0.1}, HELPED, GENERATED),
        ({GENERATED: -0.1}, HURT, REAL),
        ({GENERATED: 0.1, "duplicated": 0.1}, HELPED, "duplicated"),
        ({GENERATED: 0.1, "SMOTE": 0.2}, HELPED, "SMOTE"),
        ({GENERATED: 0.1, "class weights": 0.1}, HELPED, "class weights"),
    ],
)
def test_conclusions(rows: Examples, change: dict[str, float], verdict: str, best: str) -> None:
    names = alternatives_for("table")
    measured = conclude(rows, {Scenario(): outcomes(change, names)})
    (result,) = measured.scenarios
    assert (measured.verdict, result.best) == (verdict, best)
    assert len(measured.headline.split()) <= 12
    assert ("did" in measured.headline) == (verdict == HELPED and best != GENERATED)
    for name in set(names) - {*change}:  # equal scores: the paired difference is exactly 0
        difference = result.of(name).difference
        assert (difference.value, difference.low, difference.high) == (0, 0, 0)


def with_gains(name: str, gains: np.ndarray) -> list[Outcome]:
    """Outcomes in which one alternative gains over the real examples, and all others are equal to these."""
    scores = [{one: {"macro_f1": 0.8 + gain * (one == name)} for one in alternatives_for("table")} for gain in gains]
    return [Outcome(one, 60, [10, 10], 30, {}, 0, 1.0) for one in scores]


def test_a_gain_that_may_be_chance_is_neither_recommended_nor_announced(rows: Examples) -> None:
    """A difference between the levels: shown by its own 95 % interval, and not once the number of comparisons is corrected for."""
    steps = np.linspace(-1, 1, 8)
    factor = np.sqrt(1 + 8 * 30 / 60)  # of the standard error, since splits share examples
    error = factor * steps.std(ddof=1) / np.sqrt(8)
    t95, corrected = (
        2.365,
        2.841,
    )  # two-sided quantiles of Student's t with 7 degrees of freedom: 95 %, and 97.5 % for two scenarios
    gains = 0.01 * (steps + error * (t95 + corrected) / 2)
    first = conclude(rows, {Scenario(): with_gains(GENERATED, gains)})
    assert (first.verdict, first.scenarios[0].best) == (HELPED, REAL)
    assert first.recommendation.startswith("All examples: generated examples helped")
    none = with_gains(GENERATED, np.zeros(8))
    second = conclude(rows, {Scenario(): none, Scenario(40): with_gains(GENERATED, gains)})
    assert second.scenarios[1].of(GENERATED).verdict == HELPED
    assert second.headline == "No difference is shown"
    clear = conclude(rows, {Scenario(): none, Scenario(40): with_gains(GENERATED, gains + 0.1)})
    assert clear.headline == "No difference is shown, but generated examples helped with 40 examples"
