"""The class accuracy of samples: real examples of the class asked for score like real examples, ignored labels like chance."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import pytest
import torch
from torch import Tensor

from saddlepoint.data.arrays import from_array
from saddlepoint.data.dataset import Dataset
from saddlepoint.evaluation.scorecard.model_scores import score_model
from saddlepoint.evaluation.scorecard.rows.class_accuracy import METRICS
from saddlepoint.evaluation.scorecard.score import Score, Skipped
from saddlepoint.evaluation.scorecard.subject import Subject
from saddlepoint.progress import Tally
from tests.evaluation.scorecard import toys

CENTRES = torch.tensor([[0.0, 0.0], [2.5, 0.0], [0.0, 2.5]])
SHARES = torch.tensor([0.5, 0.3, 0.2])


def points(labels: Tensor, generator: torch.Generator) -> Tensor:
    return CENTRES[labels] + torch.randn(len(labels), 2, generator=generator)


@cache
def data() -> Dataset:
    """Three overlapping classes with unequal shares; four tenths are held out, so that both accuracies are well known."""
    from saddlepoint.data.settings import DataSettings

    generator = torch.Generator().manual_seed(0)
    labels = torch.multinomial(SHARES, 3_000, replacement=True, generator=generator)
    return from_array(points(labels, generator), labels, DataSettings(held_out=0.4))


class Conditional:
    """Draws real examples of the class that `asked` makes of the label."""

    classes, latent = 3, 5

    def __init__(self, asked: Callable[[Tensor, torch.Generator], Tensor] = lambda labels, _: labels) -> None:
        self.event, self.asked = data().event, asked

    def sample(self, n: int, *, labels: Tensor | None = None, generator: torch.Generator | None = None) -> Tensor:
        assert labels is not None
        assert generator is not None
        return points(self.asked(labels, generator), generator)

    def fixed_noise(self, n: int, generator: torch.Generator) -> Tensor:
        return torch.randn(n, 5, generator=generator)

    def decode(self, z: Tensor) -> Tensor:
        return z[:, :2]

    def with_labels(self, z: Tensor, labels: Tensor) -> Tensor:
        return z

    def split_codes(self, z: Tensor) -> tuple[Tensor, Tensor | None]:
        return z[:, :2], z[:, 2:]


def measure(model: object, dataset: Dataset | None = None) -> tuple[dict[str, Score], list[Skipped]]:
    dataset = dataset or data()
    subject = Subject(model, dataset, dataset.x, dataset.x, 0)  # type: ignore[arg-type]
    found, skipped = score_model(subject, METRICS, Tally(10.0, None))
    return {score.metric: score for score in found}, skipped


def test_samples_of_the_right_class_score_like_real_examples() -> None:
    score = measure(Conditional())[0]["class_accuracy"]
    assert score.baseline is not None
    assert score.low is not None
    assert score.high is not None
    assert score.low <= score.value <= score.high
    # Two shares of 2,000 and 1,200 trials: four standard errors of their difference.
    assert abs(score.value - score.baseline.value) < 4 * (0.25 / 2_000 + 0.25 / 1_200) ** 0.5
    assert measure(Conditional())[0]["class_accuracy"] == score


@pytest.mark.parametrize("one", [True, False], ids=["one class", "any class"])
def test_ignored_labels_score_like_the_worst_case(one: bool) -> None:
    def ignore(labels: Tensor, generator: torch.Generator) -> Tensor:
        return torch.zeros_like(labels) if one else labels[torch.randperm(len(labels), generator=generator)]

    score = measure(Conditional(ignore))[0]["class_accuracy"]
    assert score.worst_case is not None
    assert abs(score.value - score.worst_case.value) < 4 * (0.25 / 2_000) ** 0.5


def test_the_class_that_fails_is_named() -> None:
    def without_last(labels: Tensor, generator: torch.Generator) -> Tensor:
        return labels.clamp(max=1)

    notes = " ".join(measure(Conditional(without_last))[0]["class_accuracy"].notes)
    assert 'Lowest for class "2"' in notes


def test_models_without_labels_and_data_without_them_give_the_reason() -> None:
    found, skipped = measure(toys.Own(data().event, lambda n, g: torch.zeros(n, 2)))
    assert found == {}
    assert skipped[0].reason == "the model takes no labels."
    found, skipped = measure(Conditional(), from_array(torch.randn(100, 2)))
    assert found == {}
    assert "labelled held-out examples" in skipped[0].reason
