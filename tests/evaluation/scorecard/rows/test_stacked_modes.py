"""Stacked MNIST in a scorecard: modes are counted exactly, and real images are the baseline."""

from __future__ import annotations

from dataclasses import replace

import pytest
from torch import Tensor

from saddlepoint.data import from_array
from saddlepoint.errors import DataError
from saddlepoint.evaluation.metrics.stacked_modes import Reader
from saddlepoint.evaluation.scorecard.assess import assess
from saddlepoint.evaluation.scorecard.protocol import FeatureCard
from saddlepoint.evaluation.scorecard.rows import stacked_modes
from saddlepoint.evaluation.scorecard.sample_scores import score_samples
from saddlepoint.evaluation.scorecard.samples import ExampleSets
from saddlepoint.evaluation.scorecard.score import Score
from saddlepoint.evaluation.settings import AssessmentSettings
from tests.evaluation.metrics.test_stacked_modes import images, read, uniform
from tests.evaluation.scorecard import toys


def measure_scores(*fakes: Tensor) -> dict[str, Score]:
    real, training = images(uniform(3_000, 1)), images(uniform(3_000, 2))
    repeat = training[:1].expand(3_000, -1, -1, -1)
    sets = ExampleSets(real, None, training, training, fakes, noise=training, repeat=repeat)
    triples = stacked_modes.digit_triples(sets, read, "oracle", seed=0)
    scores, skipped = score_samples(triples, stacked_modes.METRICS, 5, lambda what, share: None)
    assert not skipped
    return scores


def test_perfect_samples_are_score_as_real_images() -> None:
    scores = measure_scores(images(uniform(3_000, 3)), images(uniform(3_000, 4)))
    modes, kl = scores["stacked_modes"], scores["stacked_kl"]
    assert modes.title == "Modes of Stacked MNIST (oracle)"
    assert modes.baseline is not None
    # Each mode is missed with probability e^-3.
    assert modes.value == pytest.approx(950, abs=25)
    assert modes.baseline.value == pytest.approx(950, abs=25)
    assert kl.baseline is not None
    assert kl.value == pytest.approx(kl.baseline.value, rel=0.2)
    assert "get about 0.167" in kl.notes[-1]
    assert len(kl.repeats) == 2


def test_dropped_modes_are_detected() -> None:
    scores = measure_scores(images(uniform(3_000, 3) % 100))
    assert scores["stacked_modes"].value == 100
    assert scores["stacked_kl"].value > 2.3


def test_without_mnist_the_reason_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing() -> tuple[Reader, FeatureCard]:
        raise DataError("mnist is not here.")

    monkeypatch.setattr(stacked_modes, "digit_reader", missing)
    data = replace(from_array(images(uniform(60, 1)).numpy()), name=stacked_modes.NAME)
    model = toys.Own(data.event, lambda n, generator: images(uniform(n, 2)))
    card = assess(model, data, AssessmentSettings(seeds=1, resamples=5), "raw")
    reasons = {one.metric: one.reason for one in card.skipped}
    assert {reasons[key] for key in stacked_modes.METRICS} == {"mnist is not here."}
