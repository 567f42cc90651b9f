"""Stacked MNIST in a scorecard: modes are counted as they are, and real images stand beside them."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from saddlepoint.errors import DataError
from saddlepoint.evaluation.metrics.stacked_modes import Reader
from saddlepoint.evaluation.scorecard.protocol import FeatureCard
from saddlepoint.evaluation.scorecard.rows import stacked_modes
from tests.evaluation.metrics.test_stacked_modes import images, read, uniform


def oracle() -> tuple[Reader, FeatureCard]:
    return read, FeatureCard("oracle", "0" * 64, 10)


def found(*fakes: Tensor) -> dict[str, stacked_modes.Score]:
    real, training = images(uniform(3_000, 1)), images(uniform(3_000, 2))
    bad = {"noise": training, "repeat": training[:1].expand(3_000, -1, -1, -1)}
    scores, skipped, cards = stacked_modes.of_stacks(real, training, fakes, bad, 0, 5, oracle)  # type: ignore[arg-type]
    assert not skipped
    assert [card.name for card in cards] == ["oracle"]
    return {score.metric: score for score in scores}


def test_perfect_samples_are_at_the_real_row() -> None:
    scores = found(images(uniform(3_000, 3)), images(uniform(3_000, 4)))
    modes, kl = scores["stacked_modes"], scores["stacked_kl"]
    assert modes.title == "Modes of Stacked MNIST (oracle)"
    assert modes.floor is not None
    # Each mode is missed with probability e^-3.
    assert modes.value == pytest.approx(950, abs=25)
    assert modes.floor.value == pytest.approx(950, abs=25)
    assert kl.floor is not None
    assert kl.value == pytest.approx(kl.floor.value, rel=0.2)
    assert "get about 0.167" in kl.notes[-1]
    assert len(kl.repeats) == 2


def test_dropped_modes_are_seen() -> None:
    scores = found(images(uniform(3_000, 3) % 100))
    assert scores["stacked_modes"].value == 100
    assert scores["stacked_kl"].value > 2.3


def test_without_mnist_the_reason_is_given() -> None:
    def missing() -> tuple[Reader, FeatureCard]:
        raise DataError("mnist is not here.")

    scores, skipped, _ = stacked_modes.of_stacks(torch.zeros(2), torch.zeros(2), (), {}, 0, 5, missing)
    assert not scores
    assert {one.reason for one in skipped} == {"mnist is not here."}
