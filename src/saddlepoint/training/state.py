"""The state of a run beside its players' weights; with them, everything that is needed to continue exactly."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from saddlepoint.errors import RunError, SettingError
from saddlepoint.models.base import Model
from saddlepoint.training.devices import Devices
from saddlepoint.training.ema import MovingAverage
from saddlepoint.training.optimiser import build_optimiser
from saddlepoint.training.optimiser_quantities import read_entries
from saddlepoint.training.settings import OptimiserSettings, TrainingSettings

Series = dict[str, list[Tensor]]


@dataclass
class TrainingState:
    """The state of a run.

    Attributes:
        devices: where the run computes.
        optimisers: by player.
        averages: moving averages by player, of the players that have one.
        generator: draws all noise, on the run's device.
        global_generators: states of torch's global generators during training. They are set before the steps and replaced
            by the caller's after them, so that what the caller draws between two records changes nothing.
        step: number of completed steps.
        seconds: training time so far.
        tick_seconds: training time since the last record.
        pending: scalars by series, collected since the last record.
        pause: where True, `play` yields at the end of the current step.
        settings: of the optimisers, by player.
    """

    devices: Devices
    optimisers: dict[str, Optimizer]
    averages: dict[str, MovingAverage]
    generator: torch.Generator
    global_generators: dict[str, Tensor]
    step: int = 0
    seconds: float = 0.0
    tick_seconds: float = 0.0
    pending: Series = field(default_factory=dict)
    pause: bool = False
    settings: dict[str, OptimiserSettings] = field(default_factory=dict)

    @classmethod
    def start(cls, model: Model, settings: TrainingSettings, devices: Devices) -> TrainingState:
        """Return the state before the first step, and move the players to the device.

        Raises:
            SettingError: a player has no trainable parameters.
        """
        devices.prepare(model)
        optimisers, own = {}, {}
        for name in dict.fromkeys(name for phase in model.phases if phase.gradient for name in phase.players):
            parameters = trainable(model.players[name])
            if not parameters:
                raise SettingError(f"model.{model.roles[name]} has no trainable parameters, so it cannot be trained.")
            own[name] = settings.player(model.roles[name])
            optimisers[name] = build_optimiser(parameters, own[name])
        averages = {}
        if settings.ema > 0:
            averages = {
                name: MovingAverage(model.players[name], settings.ema)
                for name in model.averaged
                if any(True for _ in model.players[name].parameters())
            }
        generator = torch.Generator(devices.device).manual_seed(derived_seed(settings.seed, "noise"))
        first = _first_global_generators(devices, settings.seed)
        return cls(devices, optimisers, averages, generator, first, settings=own)

    @contextlib.contextmanager
    def averaged(self, model: Model) -> Iterator[None]:
        """Within the block, the players that keep a moving average are that average (for sampling and evaluation)."""
        players = {name: model.players[name] for name in self.averages}
        model.players.update({name: average.module for name, average in self.averages.items()})
        try:
            yield
        finally:
            model.players.update(players)

    def optimiser_tensors(self) -> dict[str, Tensor]:
        """`player/index of the parameter/quantity` -> tensor."""
        return {
            f"{player}/{index}/{name}": value
            for player, optimiser in self.optimisers.items()
            for index, entries in optimiser.state_dict()["state"].items()
            for name, value in entries.items()
            if isinstance(value, Tensor)
        }

    def load_optimiser_tensors(self, tensors: Mapping[str, Tensor]) -> None:
        """Restore what `optimiser_tensors` returned; hyperparameters stay those of the settings.

        Raises:
            ValueError: the tensors are not those of these optimisers; nothing has been changed.
        """
        parameters = {
            player: [p for group in optimiser.param_groups for p in group["params"]]
            for player, optimiser in self.optimisers.items()
        }
        read = {
            player: read_entries(player, tensors, parameters[player], self.settings[player])
            for player in self.optimisers
        }
        for player, optimiser in self.optimisers.items():
            for index, entry in read[player].items():
                parameter = parameters[player][index]
                for name, value in entry.items():
                    if value.shape == parameter.shape:
                        # Fused kernels walk parameter and moments in memory order: the layouts must agree.
                        like = torch.empty_like(parameter, dtype=value.dtype, requires_grad=False)
                        entry[name] = like.copy_(value)
            optimiser.load_state_dict({"state": read[player], "param_groups": optimiser.state_dict()["param_groups"]})

    def tensors(self) -> dict[str, Tensor]:
        """Return the states of the generators and the scalars of the current tick."""
        tensors = {"generator/noise": self.generator.get_state()}
        tensors |= {f"generator/global/{name}": value for name, value in self.global_generators.items()}
        tensors |= {f"pending/{name}": torch.stack(values) for name, values in self.pending.items() if values}
        return tensors

    def load_tensors(self, tensors: Mapping[str, Tensor]) -> None:
        """Restore what `tensors` returned.

        Raises:
            RunError: the checkpoint is of another kind of device.
            ValueError: scalars under way are no lists of numbers.
        """
        pending = {name: values for name, values in tensors.items() if name.startswith("pending/")}
        for name, values in pending.items():
            if values.ndim != 1 or not values.is_floating_point():
                raise ValueError(
                    f"{name!r} has shape {tuple(values.shape)} and type {values.dtype}, not a list of numbers"
                )
        try:
            states = {name: tensors[f"generator/global/{name}"] for name in self.global_generators}
            self.generator.set_state(tensors["generator/noise"])
        except (KeyError, RuntimeError, TypeError) as error:
            raise RunError(
                f"the checkpoint's random generators are not those of a {self.devices.device.type} device: "
                "resume on the kind of device the run was started on."
            ) from error
        self.global_generators = states
        self.pending = {
            name.removeprefix("pending/"): list(values.to(self.devices.device).unbind())
            for name, values in pending.items()
        }


def trainable(player: nn.Module) -> list[nn.Parameter]:
    """Return the parameters of a player that are not frozen."""
    return [p for p in player.parameters() if p.requires_grad]


def derived_seed(seed: int, purpose: str) -> int:
    """Return a seed for one purpose; weights, data order and noise from the same seed would be correlated."""
    return int.from_bytes(hashlib.sha256(f"{purpose}/{seed}".encode()).digest()[:8], "little") >> 1


def _first_global_generators(devices: Devices, seed: int) -> dict[str, Tensor]:
    outside = devices.global_generators()
    torch.manual_seed(derived_seed(seed, "global"))
    states = devices.global_generators()
    devices.set_global_generators(outside)
    return states
