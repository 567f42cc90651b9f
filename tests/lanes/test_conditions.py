"""Conditional replicas equal conditional single runs, with balanced classes too."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
import torch

from saddlepoint.data.dataset import Dataset
from saddlepoint.errors import SettingError
from saddlepoint.lanes import Replica, Replicas, compatible_groups
from saddlepoint.models.gan.settings import GANSettings
from tests.studies.runs import GAN, assert_replicas_are_single_runs, images, training

CONDITIONS: dict[str, dict[str, Any]] = {
    "concatenate": {"generator": "concatenate", "discriminator": "concatenate"},
    "projection": {"generator": "concatenate", "discriminator": "projection"},
    "auxiliary": {"generator": "concatenate", "discriminator": {"name": "auxiliary", "weight": 0.5}},
    "info": {"discriminator": {"name": "info", "categories": [3], "continuous": 1}},
}


def labelled() -> Dataset:
    """Images of three classes with unequal shares, the first of which has half of them."""
    plain = images()
    labels = torch.arange(len(plain)) % 6 % 3 * (torch.arange(len(plain)) % 2)
    shares = (torch.bincount(labels, minlength=3) / len(labels)).tolist()
    event = dataclasses.replace(plain.event, class_names=("a", "b", "c"), class_shares=tuple(shares))
    return dataclasses.replace(plain, y=labels, event=event)


def settings(condition: dict[str, Any]) -> GANSettings:
    return GANSettings.model_validate({**GAN.model_dump(), "condition": condition})


@pytest.mark.slow
@pytest.mark.parametrize("name", CONDITIONS)
@pytest.mark.parametrize("balanced", [False, True], ids=["shares of the data", "balanced"])
def test_a_conditional_replica_is_the_single_run(name: str, balanced: bool) -> None:
    own = training(balance_classes=balanced)
    assert_replicas_are_single_runs(Replica.over_seeds(settings(CONDITIONS[name]), own, labelled(), 2))


def test_balanced_and_other_batches_are_not_one_group() -> None:
    model = settings(CONDITIONS["concatenate"])
    both = [Replica(model, training(balance_classes=balanced), labelled()) for balanced in (False, True)]
    assert compatible_groups(both) == [[0], [1]]


def test_classes_of_data_without_labels_cannot_be_balanced_in_replicas() -> None:
    with pytest.raises(SettingError, match=r"training\.balance_classes: noise has no labels"):
        Replicas(Replica.over_seeds(GAN, training(balance_classes=True), images(), 2), device="cpu")


@pytest.mark.parametrize("condition", [{"discriminator": "classes"}, CONDITIONS["projection"]])
def test_missing_labels_are_refused_by_replicas(condition: dict[str, Any]) -> None:
    data = labelled()
    some = dataclasses.replace(data, y=torch.where(torch.arange(len(data)) < 6, data.y, -1))
    model = settings(condition).model_copy(update={"objective": "feature-matching"})
    with pytest.raises(SettingError, match="with and without labels"):
        Replicas(Replica.over_seeds(model, training(), some, 2), device="cpu")
