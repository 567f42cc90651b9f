"""Where a run computes and in which arithmetic.

Lightning Fabric resolves the device; the modules are not wrapped by it, because in one process its wrapper does nothing
but cost time at every call of a network, which small perceptrons feel.

Denormal numbers are not flushed to zero, though they slow the optimiser where units have died: the processor's flag holds
only for threads made after it was set, so two runs of one seed could differ in their last bits.
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
    """The device of a run and the arithmetic of its networks' forward passes; weights are always float32.

    precision: "fp32", or "bf16": bfloat16 forward passes by torch's autocast.
    """

    device: torch.device
    precision: str

    @classmethod
    def choose(cls, device: str = "auto", precision: str = "auto", model: Model | None = None) -> Devices:
        """Resolve the settings `training.device` and `training.precision` on this machine for `model`.

        Precision `auto` is bf16 where the machine computes it natively and the model gains by it; `bf16` is always
        honoured. Raises SettingError for a device that this machine lacks.
        """
        chosen = resolve(device)
        if precision == "auto":
            precision = "bf16" if computes_bf16(chosen) and model is not None and gains_by_bf16(model) else "fp32"
        return cls(chosen, precision)

    def autocast(self) -> torch.autocast | None:
        """The context of every forward pass, to be entered again and again; None for fp32."""
        if self.precision == "fp32":
            return None
        return torch.autocast(self.device.type, dtype=torch.bfloat16)

    def prepare(self, model: Model) -> None:
        """Move the players here, and those with planar convolutions to the channels-last layout.

        On CUDA, cuDNN's choice of kernels is made repeatable for the whole process.
        """
        if self.device.type == "cuda":
            # Kernels chosen by a race, or that add in any order, would make two runs of one seed part.
            torch.backends.cudnn.deterministic = True
            torch.backends.cudnn.benchmark = False
        model.to(self.device)
        model.lay_out()

    def global_generators(self) -> dict[str, torch.Tensor]:
        """States of torch's global generators (what dropout draws from): "cpu", and this device's own."""
        states = {"cpu": torch.get_rng_state()}
        if self.device.type == "cuda":
            states["cuda"] = torch.cuda.get_rng_state(self.device)
        elif self.device.type == "mps":
            states["mps"] = torch.mps.get_rng_state()
        return states

    def set_global_generators(self, states: dict[str, torch.Tensor]) -> None:
        """Undo `global_generators`."""
        torch.set_rng_state(states["cpu"])
        if self.device.type == "cuda":
            torch.cuda.set_rng_state(states["cuda"], self.device)
        elif self.device.type == "mps":
            torch.mps.set_rng_state(states["mps"])


def resolve(name: str) -> torch.device:
    """`auto`, `cpu`, `cuda`, `cuda:N` or `mps` as a device of this machine; SettingError where there is none."""
    kind, _, index = name.partition(":")
    if kind not in NAMES or (index and (kind != "cuda" or not index.isdigit())):
        raise SettingError(f'"{name}" is no device: use auto, cpu, cuda, cuda:N (N = 0, 1, ...) or mps.')
    if kind == "cuda":
        _demand(torch.cuda.is_available(), name)
        _demand(int(index or 0) < torch.cuda.device_count(), name)
    elif kind == "mps":
        _demand(torch.backends.mps.is_available(), name)
    elif kind == "cpu" or not (torch.cuda.is_available() or torch.backends.mps.is_available()):
        return torch.device("cpu")
    # Imported here, because it takes more than a second.
    from lightning_fabric import Fabric

    return Fabric(accelerator=kind, devices=[int(index)] if index else 1).device


def computes_bf16(device: torch.device) -> bool:
    """Whether `device` multiplies bfloat16 matrices in hardware: AVX512-BF16 or AMX; CUDA's compute capability 8."""
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


def _demand(present: bool, name: str) -> None:
    if not present:
        raise SettingError(f"{name} was asked for, but this machine has none: choose cpu (or auto) as the device.")
