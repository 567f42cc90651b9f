"""Laws of calibration."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import softmax

from saddlepoint.applications.label.calibration import (
    apply_temperature,
    cross_fitted,
    fit_temperature,
    log_loss,
    measure_reliability,
)


def drawn(n: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities (n, 4), and labels drawn with them."""
    rng = np.random.default_rng(seed)
    found = softmax(2 * rng.normal(size=(n, 4)), axis=1)
    return found, (found.cumsum(1) > rng.random((n, 1))).argmax(1)


@pytest.mark.parametrize("temperature", [0.3, 1.0, 4.0])
def test_the_temperature_of_distorted_probabilities_is_found(temperature: float) -> None:
    true, labels = drawn(20_000)
    found = fit_temperature(apply_temperature(true, 1 / temperature), labels)
    assert found == pytest.approx(temperature, rel=0.1)


def test_a_temperature_keeps_the_order_and_can_be_undone() -> None:
    true, _ = drawn(50)
    changed = apply_temperature(true, 3.0)
    assert np.array_equal(changed.argsort(1), true.argsort(1))
    np.testing.assert_allclose(changed.sum(1), 1)
    np.testing.assert_allclose(apply_temperature(changed, 1 / 3.0), true, rtol=1e-9)


def test_few_right_predictions_do_not_become_certain() -> None:
    found = apply_temperature(
        np.full((10, 2), [0.8, 0.2]), fit_temperature(np.full((10, 2), [0.8, 0.2]), np.zeros(10, int))
    )
    np.testing.assert_allclose(found[:, 0], 11 / 12, rtol=1e-4)  # (n + 1) / (n + 2)


def test_the_temperature_is_not_biased_by_the_number_of_classes() -> None:
    rng = np.random.default_rng(0)
    found = []
    for _ in range(40):
        true = softmax(4 * rng.normal(size=(50, 10)), axis=1)
        labels = (true.cumsum(1) > rng.random((50, 1))).argmax(1)
        found.append(np.log(fit_temperature(apply_temperature(true, 1 / 0.3), labels)))
    assert np.exp(np.mean(found)) == pytest.approx(0.3, rel=0.08)


def test_calibrated_probabilities_pass_and_overconfident_ones_do_not() -> None:
    true, labels = drawn(4_000)
    good = measure_reliability(true, labels, "all")
    bad = measure_reliability(apply_temperature(true, 0.3), labels, "all")
    assert good.error < 2 * good.high < bad.error
    assert good.expected < good.high
    assert sum(one.examples for one in good.bins) == 4_000
    assert all(one.accuracy.low <= one.accuracy.value <= one.accuracy.high for one in good.bins)


def test_a_fold_is_calibrated_by_the_others_alone() -> None:
    true, labels = drawn(60)
    folds = np.arange(60) % 3
    other = np.where(folds == 1, (labels + 1) % 4, labels)
    before, after = cross_fitted(true, labels, folds), cross_fitted(true, other, folds)
    assert np.array_equal(before[folds == 1], after[folds == 1])
    assert not np.array_equal(before[folds == 0], after[folds == 0])


def test_the_log_loss_of_the_true_probabilities_is_their_entropy() -> None:
    true, labels = drawn(20_000)
    entropy = float(-(true * np.log(true)).sum(1).mean())
    assert log_loss(true, labels) == pytest.approx(entropy, rel=0.05)
