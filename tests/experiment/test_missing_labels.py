"""Runs of data whose labels are partly missing, also in the held-out part."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from saddlepoint.data.dataset import Dataset
from saddlepoint.data.event import Event
from saddlepoint.data.preflight import preflight
from saddlepoint.errors import SettingError
from saddlepoint.evaluation.features import classifier
from saddlepoint.evaluation.features.classifier import classifier_features, has_learnable_labels
from saddlepoint.experiment.start import train
from saddlepoint.recipe import Recipe

EVENT = Event((2,), "vector", mean=(0.0,) * 2, std=(1.0,) * 2, class_names=("a", "b"), class_shares=(0.5, 0.5))
NETWORK = {"hidden": [8]}
VAE = {"family": "vae", "likelihood": "gaussian", "latent": 2, "encoder": NETWORK, "decoder": NETWORK}
MODELS: dict[str, dict[str, Any]] = {
    "vae": {**VAE, "conditional": True, "semi_supervised": True},
    "gan": {
        "family": "gan", "latent": 2, "condition": {"discriminator": "classes"}, "generator": NETWORK, "discriminator": NETWORK,
    },
    "without classes": VAE,
}  # fmt: skip


def part(n: int, seed: int, known: float = 0.5) -> Dataset:
    """Two clusters, 6 standard deviations apart; a share of the labels is known."""
    generator = torch.Generator().manual_seed(seed)
    y = torch.arange(n) % 2
    x = 6.0 * y[:, None] + torch.randn(n, 2, generator=generator)
    return Dataset("clusters", x, EVENT, torch.where(torch.rand(n, generator=generator) < known, y, -1))


def data() -> Dataset:
    whole = part(100, 0)
    return Dataset(whole.name, whole.x, EVENT, whole.y, held_out=part(40, 1))


def recipe(model: dict[str, Any], **training: Any) -> Recipe:
    return Recipe.model_validate(
        {"name": "few", "model": model, "training": {"steps": 10, "batch_size": 20, "tick": 5, **training}}
    )


@pytest.mark.slow
@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)
def test_a_run_is_trained_and_measured(model: dict[str, Any], tmp_path: Path) -> None:
    run = train(recipe(model), data=data(), run=tmp_path / "run", pictures=False)
    assert list(run.records)[-1].step == 10
    assert not any(finding.code == "DATA404" for finding in run.findings)


@pytest.mark.parametrize("model", [{**VAE, "conditional": True}, {**MODELS["vae"], "semi_supervised": False}])
def test_models_that_need_all_labels_refuse_them_also_in_the_held_out_part(
    model: dict[str, Any], tmp_path: Path
) -> None:
    complete = part(100, 0, known=1.0)
    some = Dataset(complete.name, complete.x, EVENT, complete.y, held_out=part(40, 1))
    with pytest.raises(SettingError, match="labels are missing"):
        train(recipe(model), data=some, run=tmp_path / "run")
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)
def test_classes_that_are_not_known_are_not_balanced(model: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(SettingError, match="balance_classes"):
        train(recipe(model, balance_classes=True), data=data(), run=tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_a_classifier_learns_from_the_known_labels_and_is_tested_on_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(classifier, "steps_for", lambda *_, **__: 60)
    found = classifier_features(data())
    tested = int((part(40, 1).y >= 0).sum())  # type: ignore[operator]
    assert f"on {tested} held-out examples" in found.notes[0]
    assert found.posterior is not None
    right = found.probabilities(data().x).argmax(1) == torch.arange(100) % 2
    assert right.float().mean() > 0.9
    assert not has_learnable_labels(part(100, 0, known=0.1))


def test_shares_of_classes_are_those_of_the_known_labels() -> None:
    assert not [finding for finding in preflight(part(200, 0, known=0.3), 10) if finding.code == "DATA404"]
    rare = part(200, 0)
    rare = replace(rare, y=torch.where(torch.arange(200) == 1, 1, torch.where(rare.y == 0, 0, -1)))
    [finding] = [finding for finding in preflight(rare, 10) if finding.code == "DATA404"]
    assert finding.title.endswith("examples: b.")
    assert finding.evidence["equal_share"] == int((rare.y >= 0).sum()) / 2  # type: ignore[operator, union-attr]
