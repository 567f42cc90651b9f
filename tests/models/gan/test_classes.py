"""Classes as the discriminator's heads: labels may be missing, and the discriminator classifies."""

from __future__ import annotations

import pytest
import torch

from saddlepoint.data.dataset import Dataset
from saddlepoint.data.event import Event
from saddlepoint.errors import SettingError
from saddlepoint.experiment.in_memory import train_in_memory
from saddlepoint.models import build
from saddlepoint.models.capabilities import HasPosterior, has, lacks
from saddlepoint.models.gan.conditions.classes import Classes, known_cross_entropy
from saddlepoint.models.gan.settings import GANSettings
from saddlepoint.objectives.adversarial.heads import Targets
from saddlepoint.recipe import Recipe

NAMES = ("a", "b", "c")
EVENT = Event((2,), "vector", mean=(0.0,) * 2, std=(1.0,) * 2, class_names=NAMES, class_shares=(0.5, 0.25, 0.25))
SETTINGS = {
    "family": "gan", "latent": 4, "objective": "feature-matching", "condition": {"discriminator": "classes"},
    "generator": {"hidden": [16]}, "discriminator": {"hidden": [16, 16]},
}  # fmt: skip


def test_only_labelled_examples_have_the_cost_of_the_class() -> None:
    logits = torch.randn(4, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    labels = torch.tensor([2, -1, 0, -1])
    cost = known_cross_entropy(logits, logits, Targets(labels))
    exact = torch.nn.functional.cross_entropy(logits, labels, ignore_index=-1, reduction="none")
    torch.testing.assert_close(cost, exact)
    head = Classes(weight=3.0, labelled=0.5).heads(3)["class"]
    assert head.weight == 6.0  # so that the mean over a batch, half of which has labels, is 3 times their mean


def test_the_logit_of_being_real_is_made_of_the_classes() -> None:
    model = build(GANSettings.model_validate(SETTINGS), EVENT)
    x = torch.randn(5, 2, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        logit, heads = model.players["d"](x, heads=True)
    torch.testing.assert_close(logit, heads["class"].logsumexp(1))
    torch.testing.assert_close(model.logits(x), logit)
    torch.testing.assert_close(model.posterior(x), heads["class"].double().softmax(1))
    assert has(model, HasPosterior)
    assert model.sample(3).shape == (3, 2)


def test_a_gan_without_classes_does_not_classify() -> None:
    model = build(GANSettings.model_validate({**SETTINGS, "condition": {}}), EVENT)
    assert "classes" in (lacks(model, HasPosterior) or "")


def test_data_without_labels_are_refused() -> None:
    with pytest.raises(SettingError, match="no labels"):
        build(GANSettings.model_validate(SETTINGS), Event((2,), "vector", mean=(0.0,) * 2, std=(1.0,) * 2))


def clusters() -> Dataset:
    generator = torch.Generator().manual_seed(0)
    y = torch.arange(90) % 3
    x = torch.tensor([[-2.0, 0.0], [2.0, 0.0], [0.0, 3.0]])[y] + 0.3 * torch.randn(90, 2, generator=generator)
    return Dataset("clusters", x, EVENT, torch.where(torch.arange(90) < 6, y, -1))


@pytest.mark.parametrize(
    "model",
    [SETTINGS, {"family": "vae", "conditional": True, "semi_supervised": True, "likelihood": "gaussian", "latent": 1}],
)
def test_classes_are_learnt_from_few_labels(model: dict[str, object]) -> None:
    training = {"steps": 120, "batch_size": 30, "optimiser": {"learning_rate": 1e-2}}
    recipe = Recipe.model_validate({"name": "few", "model": model, "training": training})
    trained = train_in_memory(recipe, clusters(), 0)
    found = trained.posterior(clusters().x).argmax(1)
    assert (found == torch.arange(90) % 3).float().mean() > 0.6  # by chance a third


def test_a_model_that_needs_all_labels_refuses_missing_ones() -> None:
    recipe = Recipe.model_validate(
        {"name": "all", "model": {"family": "vae", "conditional": True, "likelihood": "gaussian"}}
    )
    with pytest.raises(SettingError, match="labels are missing"):
        train_in_memory(recipe, clusters(), 0)
