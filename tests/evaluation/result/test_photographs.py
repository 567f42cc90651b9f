"""Photographs: visible corruptions must not be called close, with a few hundred examples."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor

from saddlepoint import models
from saddlepoint.data import load
from saddlepoint.data.batches import Batches
from saddlepoint.data.dataset import Dataset
from saddlepoint.data.settings import DataSettings
from saddlepoint.evaluation.result import Reference, assess_result
from saddlepoint.recipe import Recipe
from saddlepoint.records import RESULT_LEVELS
from saddlepoint.training import Devices, TrainingState
from saddlepoint.training.loop import play

pytestmark = pytest.mark.slow

CLOSE = RESULT_LEVELS.index("close to the data")


@pytest.fixture(scope="module")
def photographs(real_data: Path) -> tuple[Dataset, Tensor, Reference]:
    """At 16x16: the data, 400 photographs that it does not hold, and what samples are compared with."""
    source = real_data / "cifar10-folder" / "train"
    if not source.is_dir():
        pytest.skip("$SADDLEPOINT_DATA/cifar10-folder is not there")
    whole = load(DataSettings(source=str(source), size=(16, 16)))
    order = torch.randperm(len(whole), generator=torch.Generator().manual_seed(0))
    assert whole.y is not None
    dataset = replace(whole, x=whole.x[order[400:]], y=whole.y[order[400:]])
    return dataset, whole.x[order[:400]], Reference.of(dataset)


def blurred(x: Tensor) -> Tensor:
    padded = torch.nn.functional.pad(x.float(), (1, 1, 1, 1), mode="replicate")
    return torch.nn.functional.avg_pool2d(padded, 3, 1).round().to(x.dtype)


def noisy(x: Tensor) -> Tensor:
    noise = 20 * torch.randn(x.shape, generator=torch.Generator().manual_seed(0))
    return (x + noise).clamp(0, 255).round().to(x.dtype)


def blobs(x: Tensor) -> Tensor:
    """Coloured blobs with the mean and deviation of photographs, as a generator draws them early on."""
    coarse = torch.nn.functional.avg_pool2d(x.float(), 4)
    smooth = torch.nn.functional.interpolate(coarse, size=x.shape[2:], mode="bilinear")
    return ((smooth - smooth.mean()) / smooth.std() * x.float().std() + x.float().mean()).clamp(0, 255).to(x.dtype)


def test_fresh_photographs_are_close(photographs: tuple[Dataset, Tensor, Reference]) -> None:
    dataset, fresh, reference = photographs
    found = assess_result(fresh, dataset, reference=reference)
    assert RESULT_LEVELS.index(found.level) >= CLOSE  # type: ignore[arg-type]


@pytest.mark.parametrize("spoil", [blurred, noisy, blobs])
def test_degraded_photographs_are_not_close(spoil, photographs: tuple[Dataset, Tensor, Reference]) -> None:  # type: ignore[no-untyped-def]
    dataset, fresh, reference = photographs
    found = assess_result(spoil(fresh), dataset, reference=reference)
    assert RESULT_LEVELS.index(found.level) < CLOSE  # type: ignore[arg-type]


def test_a_dcgan_after_few_steps_is_not_close(photographs: tuple[Dataset, Tensor, Reference]) -> None:
    dataset, _, reference = photographs
    small = {"model.generator.width": 8, "model.discriminator.width": 8, "training.batch_size": 16}
    recipe = Recipe.load("dcgan-images").override({**small, "training.steps": 60})
    model = models.build(recipe.model, dataset.event, seed=0)
    devices = Devices.choose("cpu", "fp32", model)
    state = TrainingState.start(model, recipe.training, devices)
    batches = Batches(dataset, recipe.training.batch_size, recipe.training.seed, devices.device, model.scaling)
    for _ in play(model, batches, recipe.training, state):
        pass
    with torch.inference_mode():
        samples = model.sample(400, generator=torch.Generator().manual_seed(0))
    found = assess_result(samples, dataset, reference=reference)
    assert RESULT_LEVELS.index(found.level) < CLOSE  # type: ignore[arg-type]
