"""bf16 that computes something else than fp32 is found before the first step, and nothing is changed by looking."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor

from saddlepoint.experiment import prepare
from saddlepoint.experiment.session import Session
from saddlepoint.objectives.phase import Batch
from saddlepoint.recipe import Recipe
from saddlepoint.records import RunFolder
from saddlepoint.training.devices import Devices
from saddlepoint.training.precision_check import bf16_deviation

BF16 = Devices(torch.device("cpu"), "bf16")


@pytest.fixture
def session(tmp_path: Any) -> Session:
    recipe = Recipe.load("dcgan-digits").override({"training.batch_size": 16, "training.precision": "fp32"})
    return prepare(recipe, RunFolder(tmp_path))


@pytest.mark.slow
def test_rounding_differences_are_no_fault_and_change_nothing(session: Session) -> None:
    model = session.model
    before = {name: {k: v.clone() for k, v in player.state_dict().items()} for name, player in model.players.items()}
    state = torch.get_rng_state()
    assert bf16_deviation(model, Batch(*session.batches[0]), BF16) == ""
    assert torch.equal(torch.get_rng_state(), state)
    for name, player in model.players.items():
        assert all(torch.equal(value, before[name][key]) for key, value in player.state_dict().items())


def broken(kind: str) -> Callable[..., Tensor]:
    """A convolution that is wrong in bf16 alone, every second time."""
    right, calls = torch.nn.functional.conv2d, [0]

    def conv2d(*args: Any, **kwargs: Any) -> Tensor:
        result = right(*args, **kwargs)
        if not torch.is_autocast_enabled("cpu"):
            return result
        calls[0] += 1
        if calls[0] % 2:
            return result
        return result * torch.nan if kind == "nan" else -3 * result

    return conv2d


@pytest.mark.parametrize("kind", ["nan", "wrong"])
def test_a_convolution_that_is_wrong_in_some_calls_is_found(
    kind: str, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    convolve = broken(kind)
    monkeypatch.setattr(
        torch.nn.Conv2d, "_conv_forward", lambda self, x, w, b: convolve(x, w, b, self.stride, self.padding)
    )
    wrong = bf16_deviation(session.model, Batch(*session.batches[0]), BF16)
    assert "discriminator" in wrong or "generator" in wrong
    assert ("not finite" in wrong) == (kind == "nan")


def test_a_run_then_trains_in_fp32_and_reports_it(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    convolve = broken("nan")
    monkeypatch.setattr(
        torch.nn.Conv2d, "_conv_forward", lambda self, x, w, b: convolve(x, w, b, self.stride, self.padding)
    )
    recipe = Recipe.load("dcgan-digits").override({"training.batch_size": 16, "training.precision": "bf16"})
    session = prepare(recipe, RunFolder(tmp_path))
    assert session.state.devices.precision == session.state.devices.precision == "fp32"
    assert any("fp32" in note for note in session.notes)
