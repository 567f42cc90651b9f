"""The game in a scorecard: its gap is that of `duality_gap` on held-out examples, and a model without one gives the reason."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from saddlepoint.data.dataset import Dataset
from saddlepoint.data.mixtures import gaussian
from saddlepoint.data.settings import DataSettings
from saddlepoint.evaluation.scorecard.model_scores import score_model, work_on
from saddlepoint.evaluation.scorecard.needs import Available
from saddlepoint.evaluation.scorecard.rows import games
from saddlepoint.evaluation.scorecard.score import Score, Skipped
from saddlepoint.evaluation.scorecard.subject import Subject
from saddlepoint.models import build
from saddlepoint.models.gan.settings import GANSettings
from saddlepoint.networks.settings import NetworkSettings
from saddlepoint.progress import Tally
from tests.evaluation.scorecard import toys

SMALL = NetworkSettings(hidden=(8,))
LINE = gaussian(DataSettings(points=2_000, modes=2))
GAN = GANSettings(latent=1, generator=SMALL, discriminator=SMALL)


def measure(model: object, dataset: Dataset = LINE) -> tuple[dict[str, Score], list[Skipped]]:
    subject = Subject(model, dataset, dataset.x, dataset.x, 0)  # type: ignore[arg-type]
    found, skipped = score_model(subject, games.METRICS, Tally(10.0, None))
    return {score.metric: score for score in found}, skipped


def test_the_gap_is_what_both_can_gain() -> None:
    found, skipped = measure(build(GAN, LINE.event))
    assert (found.keys(), skipped) == (games.METRICS.keys(), [])
    gap, d, g = (found[key] for key in games.METRICS)
    assert gap.value == pytest.approx(d.value + g.value)
    for score in found.values():
        assert score.low is not None
        assert score.high is not None
        assert score.low <= score.value <= score.high
        assert score.meaning
    # An untrained discriminator has much to learn.
    assert d.low is not None
    assert d.low > 0


def test_the_same_twice_and_the_model_is_as_it_was() -> None:
    model = build(GAN, LINE.event)
    before = {name: value.clone() for name, value in model.players["d"].state_dict().items()}
    assert measure(model) == measure(model)
    after = model.players["d"].state_dict()
    assert all(torch.equal(value, after[name]) for name, value in before.items())


def test_models_without_a_game_or_enough_examples_give_the_reason() -> None:
    own = toys.Own(LINE.event, lambda n, g: torch.zeros(n, 1))
    found, skipped = measure(own)
    assert (found, len(skipped)) == ({}, len(games.METRICS))
    assert "not a game of a generator" in skipped[0].reason
    assert LINE.held_out is not None
    few = replace(LINE, held_out=LINE.held_out.subset(torch.arange(2 * games.BATCH - 1)))
    assert "128 held-out examples" in measure(build(GAN, LINE.event), few)[1][0].reason
    assert work_on(games.METRICS, Available(LINE, own)) < work_on(
        games.METRICS, Available(LINE, build(GAN, LINE.event))
    )
