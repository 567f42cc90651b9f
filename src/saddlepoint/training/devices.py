"""The device of a run, and the precision of its networks' forward passes.

Denormal numbers are not flushed to zero, although they slow the optimiser where units are dead: the processor's flag holds
only for threads that are created after it is set, so that two runs with one seed could differ in their last bits.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import nn

from saddlepoint.errors import SettingError

if TYPE_CHECKING:
    from saddlepoint.models.base import Model

CONVOLUTIONS = (nn.Conv1d, nn.Conv2d, nn.Conv3d, nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d)
LARGE = 1 << 17  # weights of a 256 x 512 layer; measured on two cores with AVX512-BF16 (benchmarks/training.py)
NAMES = ("auto", "cpu", "cuda", "mps")


@dataclass(frozen=True)
class Devices:
    """The device of a run and the precision of its networks' forward passes; weights are always float32.

    Attributes:
        device: where all tensors of the run are.
        precision: "fp32", or "bf16": bfloat16 forward passes by torch's autocast.
    """

    device: torch.device
    precision: str

    @classmethod
    def choose(cls, device: str = "auto", precision: str = "auto", model: Model | None = None) -> Devices:
        """Resolve the settings `training.device` and `training.precision` on this machine.

        Args:
            device: see `resolve`.
            precision: "fp32", "bf16" or "auto": bf16 where the machine computes it natively and the model gains by it.
            model: the model to be trained, for "auto".

        Raises:
            SettingError: this machine has no such device.
        """
        chosen = resolve(device)
        if precision == "auto":
            precision = "bf16" if computes_bf16(chosen) and model is not None and gains_by_bf16(model) else "fp32"
        return cls(chosen, precision)

    def autocast(self) -> torch.autocast | None:
        """Return the context of every forward pass, which can be entered any number of times; None for fp32."""
        if self.precision == "fp32":
            return None
        return torch.autocast(self.device.type, dtype=torch.bfloat16)

    def prepare(self, model: Model) -> None:
        """Move the players to the device, and those with planar convolutions to the channels-last layout.

        On CUDA, cuDNN is set to choose repeatable kernels, for the whole process.
        """
        if self.device.type == "cuda":
            # Kernels that are chosen by timing, or that add in any order, would make two runs with one seed differ.
            torch.backends.cudnn.deterministic = True
            torch.backends.cudnn.benchmark = False
        model.to(self.device)
        model.lay_out()

    def global_generators(self) -> dict[str, torch.Tensor]:
        """Return the states of torch's global generators, which dropout draws from: "cpu", and that of the device."""
        states = {"cpu": torch.get_rng_state()}
        if self.device.type == "cuda":
            states["cuda"] = torch.cuda.get_rng_state(self.device)
        elif self.device.type == "mps":
            states["mps"] = torch.mps.get_rng_state()
        return states

    def set_global_generators(self, states: dict[str, torch.Tensor]) -> None:
        """Restore the states that `global_generators` returned."""
        torch.set_rng_state(states["cpu"])
        if self.device.type == "cuda":
            torch.cuda.set_rng_state(states["cuda"], self.device)
        elif self.device.type == "mps":
            torch.mps.set_rng_state(states["mps"])


def resolve(name: str) -> torch.device:
    """Return a device of this machine by its name in settings.

    Args:
        name: "auto", "cpu", "cuda", "cuda:N" or "mps"; "auto" is CUDA's first device, else MPS, else the processor.

    Raises:
        SettingError: the name is none of these, or this machine has no such device.
    """
    kind, _, index = name.partition(":")
    if kind not in NAMES or (index and (kind != "cuda" or not index.isdigit())):
        raise SettingError(f'"{name}" is no device: use auto, cpu, cuda, cuda:N (N = 0, 1, ...) or mps.')
    if kind == "auto":
        kind = "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
    if kind == "cpu":
        return torch.device("cpu")
    number = int(index or 0)
    if kind == "cuda":
        present = torch.cuda.is_available() and number < torch.cuda.device_count()
    else:
        present = torch.backends.mps.is_available()
    if not present:
        raise SettingError(f"{name} was asked for, but this machine has none: choose cpu (or auto) as the device.")
    return torch.device(kind, number)


def computes_bf16(device: torch.device) -> bool:
    """Whether a device multiplies bfloat16 matrices in hardware: AVX512-BF16 or AMX; CUDA's compute capability 8."""
    if device.type == "cpu":
        return bool(torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported())
    if device.type == "cuda":
        return torch.cuda.get_device_capability(device)[0] >= 8
    return False


def gains_by_bf16(model: Model) -> bool:
    """Whether a network of `model` convolves or has a layer of `LARGE` weights.

    In smaller perceptrons converting the weights at every step costs about what the faster multiplication saves.
    """
    return any(
        isinstance(module, CONVOLUTIONS) or (isinstance(module, nn.Linear) and module.weight.numel() >= LARGE)
        for player in model.players.values()
        for module in player.modules()
    )
