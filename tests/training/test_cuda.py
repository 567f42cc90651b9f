"""Training on an NVIDIA GPU: no waiting within a tick, and repeatable results."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from saddlepoint import models
from saddlepoint.data.batches import Batches
from saddlepoint.data.dataset import Dataset
from saddlepoint.data.event import Event
from saddlepoint.models.gan.settings import GANSettings
from saddlepoint.networks.settings import NetworkSettings
from saddlepoint.objectives.phase import Batch
from saddlepoint.training.devices import Devices, computes_bf16
from saddlepoint.training.loop import play
from saddlepoint.training.precision_check import bf16_deviation
from saddlepoint.training.state import TrainingState
from tests.training.games import assert_same, everything, settings

pytestmark = pytest.mark.cuda
NETWORK = NetworkSettings(network="dcgan", width=8)
DCGAN = GANSettings(latent=8, generator=NETWORK, discriminator=NETWORK)


def dataset(n: int = 64) -> Dataset:
    x = torch.randint(0, 256, (n, 3, 32, 32), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    return Dataset("noise", x, Event((3, 32, 32), "image", "uint8", 0.0, 255.0))


class Watched:
    """Batches; between two of them, anything that makes the host wait for the GPU raises an error."""

    def __init__(self, batches: Batches, first: int, last: int) -> None:
        self.batches, self.first, self.last = batches, first, last

    def __getitem__(self, index: int) -> Any:
        found = self.batches[index]
        if index in (self.first, self.last):
            torch.cuda.set_sync_debug_mode("error" if index == self.first else "default")
        return found


@pytest.mark.filterwarnings("ignore:Synchronization debug mode is a prototype")
@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_no_step_within_a_tick_waits_for_the_gpu(precision):
    data, training = dataset(), settings(steps=20, tick=20, batch_size=8, ema=0.9)
    model = models.build(DCGAN, data.event, seed=0)
    state = TrainingState.start(model, training, Devices.choose("cuda", precision, model))
    # 64 images are 8 batches. Between the 9th and the 16th, no new epoch begins, whose order is copied to the GPU.
    batches = Watched(Batches(data, 8, 0, "cuda", model.scaling), 8, 15)
    try:
        assert [record.step for record in play(model, batches, training, state) if record] == [20]
    finally:
        torch.cuda.set_sync_debug_mode("default")


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_two_runs_with_one_seed_are_equal(precision):
    data, training = dataset(), settings(ema=0.9)
    found = []
    for _ in range(2):
        torch.randn(5, device="cuda")  # what others draw changes nothing
        model = models.build(DCGAN, data.event, seed=0)
        state = TrainingState.start(model, training, Devices.choose("cuda", precision, model))
        for _ in play(model, Batches(data, 6, 0, "cuda", model.scaling), training, state):
            pass
        found.append(everything(model, state))
    assert_same(*found)


def test_automatic_devices_are_the_gpu_and_bf16_where_it_computes_it():
    model = models.build(DCGAN, dataset().event, seed=0)
    chosen = Devices.choose("auto", "auto", model)
    assert chosen.device == torch.device("cuda:0")
    assert chosen.precision == ("bf16" if computes_bf16(chosen.device) else "fp32")


def test_gradients_in_bf16_are_those_in_fp32_to_rounding():
    model = models.build(DCGAN, dataset().event, seed=0)
    devices = Devices.choose("cuda", "bf16", model)
    devices.prepare(model)
    batch = Batch(*Batches(dataset(), 16, 0, "cuda", model.scaling)[0])
    assert bf16_deviation(model, batch, devices) == ""
