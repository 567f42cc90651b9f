"""Many runs of one game trained at once: a seed is an axis.

If results depend on the seed, one run says little about a method; hundreds of runs do. In a small game most of the time of a step
is the overhead of its operators. So S copies are stacked and trained together. Replica i equals the single run with
replica i's settings up to rounding: the same initial weights, batches, noise, learning rates and records.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.func import vmap

from saddlepoint.errors import SettingError
from saddlepoint.lanes.batches import StackedBatches
from saddlepoint.lanes.game import Build, Pieces, StackedGame, Tensors, build
from saddlepoint.lanes.layout import Layout
from saddlepoint.lanes.noise import StackedNoise
from saddlepoint.lanes.optimisers import AS_WEIGHTS, constants, memory
from saddlepoint.lanes.record import ReplicaRecord, means
from saddlepoint.lanes.replica import Replica, check_compatible
from saddlepoint.lanes.schedules import Schedules
from saddlepoint.lanes.step import Inputs, Rules, StackedStep, State
from saddlepoint.models.base import Model
from saddlepoint.models.capabilities import HasCodes, require
from saddlepoint.objectives.noise import noise_form
from saddlepoint.training.devices import resolve
from saddlepoint.training.memory import keep_freed_memory
from saddlepoint.training.state import derived_seed
from saddlepoint.training.threads import using_threads

BLOCK = 64  # largest number of steps whose noise is drawn at once
BLOCK_NUMBERS = 1 << 24  # largest number of random numbers drawn at once


class Replicas:
    """S runs of one group, trained at once.

    Moving averages of the weights are kept if `training.ema` is above 0. There is no bfloat16.

    Args:
        replicas: their settings. They may differ in the seed, in all numbers of the training and model settings that are not counts,
            and in their data (of the same shape, range and size). `compatible_groups` sorts replicas that differ in more.
        device: auto, cpu, cuda or cuda:N. Noise is always drawn on the host, so that a seed means the same on all devices.
        compiled: whether torch's compiler turns the step into loops, which takes some 15 seconds at the start. By default it does
            for narrow perceptrons on a processor that train long enough. Without a C++ compiler the step runs uncompiled
            (`why_not` says why).
        threads: processor threads; by default one.
        traced: whether the step becomes a graph before the first one. This takes about a second and makes every step some
            times faster; a run of a few dozen steps ends sooner without.
        build: (model settings, event, seed) -> Model, for your own games.

    Raises:
        SettingError: the replicas cannot be one group; or the game couples replicas or draws random numbers outside of them:
            running statistics of BatchNorm, dropout, clipping by the global norm.
    """

    def __init__(
        self,
        replicas: Sequence[Replica],
        *,
        device: str = "auto",
        compiled: bool | None = None,
        threads: int | None = None,
        traced: bool = True,
        build: Build = build,
    ) -> None:
        check_compatible(replicas)
        self.replicas = tuple(replicas)
        self.device = resolve(device)
        self.game = StackedGame(replicas, build)
        self.settings = replicas[0].training
        self.threads = threads
        self._build = build
        game, training = self.game, self.settings
        self._layout = layout = Layout.choose(game, self.device, training.steps, compiled if traced else False)
        self._is_traced = traced
        game.apart = layout.fused
        self.why_not = ""
        self.step = 0
        self.seconds = 0.0

        phases = game.template.phases
        self._turns = tuple(phase for phase in phases for _ in range(phase.repeats))
        self._sources, self._batches_per_step = _sources(self._turns)
        self._own = {
            name: [replica.training.player(game.template.roles[name]) for replica in replicas] for name in game.entries
        }
        self._averaged = tuple(name for name in game.template.averaged if name in game.entries and training.ema > 0)
        self._rules = Rules(
            game, self._turns, self._sources, {name: own[0].name for name, own in self._own.items()}, self._averaged
        )
        stacks = {f"weights/{name}": stack for name, stack in game.weights.items()}
        for name, own in self._own.items():
            for slot in memory(own):
                start = game.weights[name] if slot in AS_WEIGHTS else torch.zeros_like(game.weights[name])
                stacks[f"memory/{name}/{slot}"] = start
        stacks |= {f"averages/{name}": game.weights[name] for name in self._averaged}
        stacks["alive"] = torch.ones(len(replicas), dtype=torch.bool)
        stacks["done"] = torch.zeros(len(replicas), dtype=torch.int64)
        self._state = self._in_layout(stacks)
        game.weights = {}  # the state has them now
        self._fixed = {name: self._layout.inner(value) for name, value in game.fixed.items()}
        self._coefficients = {
            name: {key: value.to(self.device) for key, value in constants(own).items()}
            for name, own in self._own.items()
        }
        seeds = [replica.training.seed for replica in replicas]
        self._batches = StackedBatches(
            [replica.dataset for replica in replicas], [model.scaling for model in game.models], seeds, training.batch_size,
            self.device, 1 if layout.fused else 0, game.template.classes is not None, training.balance_classes,
        )  # fmt: skip
        self._noise = StackedNoise(
            game.template, game.models, self._each_noise, self._turns, training.batch_size,
            [torch.Generator().manual_seed(derived_seed(seed, "noise")) for seed in seeds], self.device, layout.axis,
        )  # fmt: skip
        decays = [replica.training.ema for replica in replicas]
        self._schedules = Schedules(self._own, self._turns, training.steps, decays, self.device)
        self._steps: dict[tuple[Any, ...], StackedStep] = {}
        self._series: list[str] = []

    def __len__(self) -> int:
        return len(self.replicas)

    def play(self, watch: Callable[[int], object] | None = None) -> Iterator[ReplicaRecord]:
        """Train from the current step to the last.

        Stop with `break`; calling `play` again continues.

        Args:
            watch: called after every step with the number of steps done; it may use `sample`, `each` and `frozen`. A record takes
                the time of some steps, a call of `watch` none.

        Yields:
            A record every `training.tick` steps, and at the last step.
        """
        keep_freed_memory()
        training = self.settings
        while self.step < training.steps:
            started = time.perf_counter()
            first, stop = self.step, min((self.step // training.tick + 1) * training.tick, training.steps)
            with using_threads(self.threads or 1):
                rows = []
                for begin in range(first, stop, BLOCK):
                    for observed in self._block(begin, min(begin + BLOCK, stop)):
                        rows.append(observed)
                        if watch is not None:
                            watch(first + len(rows))
            values = self._values(rows, first)
            self.step = stop
            self.seconds += time.perf_counter() - started
            values["time/steps_per_second"] = torch.full(
                (len(self),), (stop - first) / (time.perf_counter() - started), dtype=torch.float64
            )
            yield ReplicaRecord(stop, self.seconds, values, self.frozen)

    @property
    def frozen(self) -> Tensor:
        """(S,) int64: number of steps after which a replica became non-finite; -1 if it is still finite."""
        return torch.where(self._state.alive, -1, self._state.done).cpu()

    def each(self, function: Callable[..., Any], *stacked: Tensor, averaged: bool = False) -> Any:
        """`function(model, *arguments)` for every replica at once, without gradients.

        Args:
            function: must not draw random numbers, or branch on values of tensors.
            stacked: arguments, (S, ...) each, of which every replica gets its part.
            averaged: whether to use the moving averages of players that have them.

        Returns:
            The results of the function, (S, ...) each.
        """
        with torch.no_grad():
            return self._each(function, *stacked, averaged=averaged)

    def decode(self, z: Tensor, *, averaged: bool = True) -> Tensor:
        """Decode codes with all replicas.

        Args:
            z: (n, latent), the same for all replicas, or (S, n, latent).
            averaged: whether to use the moving averages of players that have them.

        Returns:
            (S, n, *event) in the data's units.
        """
        own = z if z.ndim == 3 else z.expand(len(self), *z.shape)
        decoded: Tensor = self.each(lambda model, part: model.decode(part), own, averaged=averaged)
        return decoded

    def sample(self, n: int, generator: torch.Generator | None = None, *, averaged: bool = True) -> Tensor:
        """Draw samples of all replicas from the same noise, so that they can be compared.

        Args:
            n: samples per replica.
            generator: draws the noise.
            averaged: whether to use the moving averages of players that have them.

        Returns:
            (S, n, *event) in the data's units.
        """
        generator = generator or torch.Generator().manual_seed(0)
        return self.decode(
            require(self.game.template, HasCodes).fixed_noise(n, generator).to(self.device), averaged=averaged
        )

    def model(self, replica: int, *, averaged: bool = True) -> Model:
        """Return the model of one replica, on the host, as the single run would leave it.

        Args:
            replica: its index.
            averaged: whether to use the moving averages of players that have them.

        Raises:
            SettingError: there is no replica with this index.
        """
        if not 0 <= replica < len(self):
            raise SettingError(f"replicas: there is no replica {replica}; they are 0 to {len(self) - 1}.")
        own = self.replicas[replica]
        model = self._build(own.model, own.dataset.event, own.training.seed)
        players = nn.ModuleDict(model.players)
        tensors = {
            name: value[replica] for name, value in self.tensors(averaged).items() if name.startswith("players.")
        }
        state = players.state_dict()
        with torch.no_grad():
            for key, value in state.items():
                value.copy_(tensors.get(f"players.{key}", value))
        return model

    def tensors(self, averaged: bool = False) -> Tensors:
        """Weights and buffers of all replicas by name, (S, ...) each."""
        stacks = self._state.weights | (self._state.averages if averaged else {})
        found = {name: self._layout.outer(value) for name, value in self._fixed.items()}
        for player, pieces in stacks.items():
            whole = self._layout.join(pieces)
            found |= {e.name: whole[:, e.start : e.stop].view(len(self), *e.shape) for e in self.game.entries[player]}
        return found

    @property
    def noise_is_odd(self) -> bool:
        """Whether the replicas' generators cache the second of a pair of normal numbers (see `StackedNoise`)."""
        return self._noise.odd

    def state_tensors(self) -> Tensors:
        """Everything that a checkpoint must hold, with the replicas as first axis; the state of the generators is (S, bytes)."""
        state = self._state
        found = {f"weights/{name}": self._layout.join(pieces) for name, pieces in state.weights.items()}
        for player, slot in state.memory.items():
            found |= {f"memory/{player}/{name}": self._layout.join(pieces) for name, pieces in slot.items()}
        found |= {f"averages/{name}": self._layout.join(pieces) for name, pieces in state.averages.items()}
        generators = torch.stack([generator.get_state() for generator in self._noise.generators])
        return found | {"alive": state.alive, "done": state.done, "generators": generators}

    def load_state_tensors(self, tensors: Tensors, *, step: int, seconds: float, odd: bool) -> None:
        """Restore the state.

        Args:
            tensors: as `state_tensors` returned them, from any memory layout.
            step: number of steps done.
            seconds: training time so far.
            odd: the earlier `noise_is_odd`.
        """
        self._state = self._in_layout(tensors)
        for generator, value in zip(self._noise.generators, tensors["generators"], strict=True):
            generator.set_state(value.clone())  # torch needs it at the start of its storage
        self._noise.odd = odd
        self.step, self.seconds = step, seconds

    def _in_layout(self, stacks: Tensors) -> State:
        """The state in the layout of the step, from stacks (S, P) by their names in a checkpoint."""

        def pieces(name: str, player: str) -> Pieces:
            return [self._layout.inner(piece) for piece in self.game.split(player, stacks[name])]

        return State(
            {name: pieces(f"weights/{name}", name) for name in self._own},
            {
                name: {slot: pieces(f"memory/{name}/{slot}", name) for slot in memory(own)}
                for name, own in self._own.items()
            },
            {name: pieces(f"averages/{name}", name) for name in self._averaged},
            stacks["alive"].to(self.device),
            stacks["done"].to(self.device),
        )

    def _each(self, function: Callable[..., Any], *stacked: Tensor, averaged: bool = False) -> Any:
        return vmap(lambda tensors, *parts: self.game.call(tensors, function, *parts))(self.tensors(averaged), *stacked)

    def _each_noise(self, function: Callable[..., Any], *stacked: Tensor) -> Any:
        """As `_each`, but only the numbers that differ between replicas are set, and the replicas are on the axis of the step."""
        numbers = {name: value for name, value in self._fixed.items() if name.startswith("numbers.")}
        return vmap(
            lambda tensors, *parts: self.game.call(tensors, function, *parts),
            in_dims=self._layout.axis,
            out_dims=self._layout.axis,
        )(numbers, *stacked)

    def _block(self, first: int, stop: int) -> Iterator[Tensor]:
        """Play the steps from `first` to before `stop`; yields the observed values of each, (rows, S)."""
        while first < stop:
            count = min(stop - first, self._noise.most_steps(first, BLOCK_NUMBERS))
            self._noise.prepare(first, count)
            rates = self._schedules.rates(first, count)
            shares = self._schedules.shares(first, count)
            for step in range(first, first + count):
                inputs = Inputs(
                    [self._batches[number] for number in self._numbers(step)],
                    self._noise.at(step),
                    self._fixed,
                    self._coefficients,
                    rates[step - first],
                    shares[step - first],
                )
                self._state, observed = self._step(inputs)
                yield observed
            first += count

    def _step(self, inputs: Inputs) -> tuple[State, Tensor]:
        """One step, built again if the noise has other parts than before (instance noise has ended)."""
        form = tuple(map(noise_form, inputs.noise))
        if form not in self._steps:
            layout = self._layout
            axes = Inputs(1 if layout.fused else 0, layout.axis, layout.axis, 0, 0, 0)  # type: ignore[arg-type]
            self._steps[form] = StackedStep(
                self._rules, self._state, inputs, (layout.axis, axes), layout.compiled, layout.fused, self._is_traced
            )
            self.why_not = self._steps[form].why_not
            self._series = self._steps[form].series
        return self._steps[form](self._state, inputs)

    def _numbers(self, step: int) -> range:
        """Indexes of the step's batches; a game that uses no data gets the first one."""
        if self._batches_per_step == 0:
            return range(1)
        return range(step * self._batches_per_step, (step + 1) * self._batches_per_step)

    def _values(self, rows: list[Tensor], first: int) -> dict[str, Tensor]:
        """The values of the tick after the step `first`, from the observed values of its steps, (rows, S) each."""
        values = means(torch.stack(rows), self._series, first, self.settings)
        last = self._schedules.rates(first + len(rows) - 1, 1)[0]
        for turn, rates in zip(self._turns, last, strict=True):
            values[f"{turn.player}/learning_rate"] = rates["rate"].cpu().double()
        dead = ~self._state.alive.cpu()
        return {name: value.masked_fill(dead, torch.nan) for name, value in values.items()}


def _sources(turns: Sequence[Any]) -> tuple[tuple[int, ...], int]:
    """By turn the index of its batch within the step, and the number of batches of a step."""
    found: list[int] = []
    taken = 0
    for turn in turns:
        taken += turn.uses_data
        found.append(max(taken - 1, 0))
    if turns and taken and not turns[0].uses_data and len(turns) > 1:
        raise SettingError("replicas: the first phase of a game must use data: reorder its phases.")
    return tuple(found), taken
