"""The device and arithmetic of a run: available ones, or a sentence about the missing one."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from saddlepoint.errors import SettingError
from saddlepoint.training import devices
from saddlepoint.training.devices import Devices
from tests.training.games import OnePlayer


def convolutional() -> OnePlayer:
    model = OnePlayer()
    model.players["ae"] = nn.Sequential(nn.Conv2d(2, 3, 3), nn.ConvTranspose2d(3, 2, 3), nn.Linear(4, 4))
    return model


def test_cpu_is_cpu_and_auto_is_a_device_of_this_machine():
    assert Devices.choose("cpu").device == torch.device("cpu")
    torch.zeros(1, device=Devices.choose("auto").device)


@pytest.mark.parametrize("name", ["tpu", "cuda:x", "cpu:1", "", "mps:0", "CUDA"])
def test_unknown_devices_are_refused(name):
    with pytest.raises(SettingError, match="is no device: use auto"):
        Devices.choose(name)


@pytest.mark.parametrize("name", ["cuda", "cuda:0", "mps"])
def test_an_absent_device_is_refused_with_a_remedy(name, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    with pytest.raises(SettingError, match=rf"{name} was asked for.*choose cpu"):
        Devices.choose(name)


@pytest.mark.parametrize(
    ("name", "cuda", "mps", "expected"),
    [
        ("auto", 2, False, "cuda:0"),
        ("auto", 0, True, "mps:0"),
        ("auto", 0, False, "cpu"),
        ("cuda", 2, False, "cuda:0"),
        ("cuda:1", 2, False, "cuda:1"),
        ("mps", 0, True, "mps:0"),
        ("cpu", 2, True, "cpu"),
    ],
)
def test_a_name_is_resolved_on_the_machine(name, cuda, mps, expected, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: cuda > 0)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: cuda)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)
    assert devices.resolve(name) == torch.device(expected)
    with pytest.raises(SettingError, match=r"cuda:2 was asked for"):
        devices.resolve("cuda:2")


@pytest.mark.parametrize("native", [True, False])
def test_automatic_precision_is_bf16_where_machine_and_model_gain(native, monkeypatch):
    monkeypatch.setattr(devices, "computes_bf16", lambda device: native)
    assert Devices.choose("cpu", "auto", convolutional()).precision == ("bf16" if native else "fp32")
    assert Devices.choose("cpu", "auto", OnePlayer()).precision == "fp32"
    assert Devices.choose("cpu", "bf16", OnePlayer()).precision == "bf16"
    assert Devices.choose("cpu", "fp32", convolutional()).precision == "fp32"


def test_autocast_of_each_precision():
    x = torch.ones(2, 2)
    context = Devices(torch.device("cpu"), "bf16").autocast()
    for _ in range(2):  # the loop enters it again and again
        with context:
            assert (x @ x).dtype == torch.bfloat16
        assert (x @ x).dtype == torch.float32
    assert Devices(torch.device("cpu"), "fp32").autocast() is None


def test_convolutions_are_laid_out_channels_last_with_the_same_weights():
    model = convolutional()
    before = {key: value.clone() for key, value in model.players["ae"].state_dict().items()}
    Devices.choose("cpu", "fp32").prepare(model)
    for key, value in model.players["ae"].state_dict().items():
        assert torch.equal(value, before[key])
        assert value.ndim < 4 or value.is_contiguous(memory_format=torch.channels_last)


def test_global_generators_are_restored():
    here = Devices.choose("cpu")
    states = here.global_generators()
    first = torch.randn(3)
    here.set_global_generators(states)
    assert torch.equal(torch.randn(3), first)


def test_on_cuda_the_kernels_are_repeatable(monkeypatch):
    for name, value in (("deterministic", False), ("benchmark", True)):
        monkeypatch.setattr(torch.backends.cudnn, name, value)
    model = OnePlayer()
    Devices(torch.device("cpu"), "fp32").prepare(model)
    assert (torch.backends.cudnn.deterministic, torch.backends.cudnn.benchmark) == (False, True)
    model.players.clear()  # nothing to move, so that no such device is needed
    Devices(torch.device("cuda"), "fp32").prepare(model)
    assert (torch.backends.cudnn.deterministic, torch.backends.cudnn.benchmark) == (True, False)
