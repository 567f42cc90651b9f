"""Many runs of one game at once: a seed is an axis.

One run tells nothing of a method whose runs differ by seed; hundreds do. The networks of a small game are far too small for
a processor: a step is spent on the way to its operators. So S copies are stacked and move together. Replica i is the single
run with replica i's settings, to rounding: the same first weights, batches, noise, learning rates and records.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.func import vmap
from torch.utils._pytree import tree_structure

from saddlepoint.errors import SettingError
from saddlepoint.lanes.batches import StackedBatches
from saddlepoint.lanes.game import Build, Pieces, StackedGame, Tensors, build
from saddlepoint.lanes.layout import Layout
from saddlepoint.lanes.noise import StackedNoise
from saddlepoint.lanes.optimisers import AS_WEIGHTS, constants, memory
from saddlepoint.lanes.record import ReplicaRecord, means
from saddlepoint.lanes.replica import Replica, check_compatible
from saddlepoint.lanes.schedules import Schedules
from saddlepoint.lanes.step import Inputs, Rules, State, Traced
from saddlepoint.models.base import Model
from saddlepoint.models.capabilities import HasCodes, require
from saddlepoint.training.devices import resolve
from saddlepoint.training.memory import keep_freed_memory
from saddlepoint.training.state import derived_seed
from saddlepoint.training.threads import using_threads

BLOCK = 64  # steps whose noise is drawn at once, at most
BLOCK_NUMBERS = 1 << 24  # random numbers drawn at once, at most


class Replicas:
    """S runs of one cell, trained at once.

    replicas: what each replica is; they may differ in their seed, in any number of the training and model settings that is not
        a count, and in their data (of one shape, range and size). See `compatible_groups` for sorting those that differ in more.
    device: auto, cpu, cuda, cuda:N. Noise is drawn on the host everywhere, so that a seed means the same on all.
    compiled: whether torch's compiler writes the step's loops (some 15 seconds at the start); None decides: it pays for
        narrow perceptrons on a processor that play long enough. Without a C++ compiler the step runs uncompiled (`why_not`).
    threads: processor threads; None takes one for small games.
    build: (model settings, event, seed) -> Model, for games of your own.

    Not taken: moving the players to bfloat16; an average is kept where `training.ema` asks for one.

    Raises SettingError for replicas that cannot be one cell, and for what couples replicas or is drawn outside of them: running
    statistics of BatchNorm, dropout, clipping by the global norm.
    """

    def __init__(
        self,
        replicas: Sequence[Replica],
        *,
        device: str = "auto",
        compiled: bool | None = None,
        threads: int | None = None,
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
        self._layout = layout = Layout.chosen(game, self.device, training.steps, compiled)
        game.apart = layout.fused
        self.why_not = ""
        self.step = 0
        self.seconds = 0.0

        phases = game.template.phases
        self._turns = tuple(phase for phase in phases for _ in range(phase.repeats))
        self._sources, self._batches_a_step = _sources(self._turns)
        self._own = {
            name: [replica.training.player(game.template.roles[name]) for replica in replicas] for name in game.entries
        }
        self._averaged = tuple(name for name in game.template.averaged if name in game.entries and training.ema > 0)
        self._rules = Rules(
            game, self._turns, self._sources, {name: own[0].name for name, own in self._own.items()}, self._averaged
        )
        stacks = {f"weights/{name}": stack for name, stack in game.weights.items()}
        for name, own in self._own.items():
            for kept in memory(own):
                start = game.weights[name] if kept in AS_WEIGHTS else torch.zeros_like(game.weights[name])
                stacks[f"memory/{name}/{kept}"] = start
        stacks |= {f"averages/{name}": game.weights[name] for name in self._averaged}
        stacks["alive"] = torch.ones(len(replicas), dtype=torch.bool)
        stacks["done"] = torch.zeros(len(replicas), dtype=torch.int64)
        self._state = self._laid_out(stacks)
        game.weights = {}  # the state has them now
        self._fixed = {name: self._layout.inner(value) for name, value in game.fixed.items()}
        self._coefficients = {
            name: {key: value.to(self.device) for key, value in constants(own).items()}
            for name, own in self._own.items()
        }
        seeds = [replica.training.seed for replica in replicas]
        self._batches = StackedBatches(
            [replica.dataset for replica in replicas], [model.scaling for model in game.models], seeds, training.batch_size,
            self.device, 1 if layout.fused else 0,
        )  # fmt: skip
        self._noise = StackedNoise(
            game.template, game.models, self._each_noise, self._turns, training.batch_size,
            [torch.Generator().manual_seed(derived_seed(seed, "noise")) for seed in seeds], self.device, layout.axis,
        )  # fmt: skip
        decays = [replica.training.ema for replica in replicas]
        self._schedules = Schedules(self._own, self._turns, training.steps, decays, self.device)
        self._traced: dict[str, Traced] = {}
        self._series: list[str] = []

    def __len__(self) -> int:
        return len(self.replicas)

    def play(self, watch: Callable[[int], object] | None = None) -> Iterator[ReplicaRecord]:
        """Train from the present step to the last; a record every `training.tick` steps, and at the last step.

        Stopping is `break`; calling `play` again goes on. `watch` is called after every step with the steps done, and may
        look at the replicas (`sample`, `each`, `frozen`): a record costs some steps' time, a call nothing.
        """
        keep_freed_memory()
        training = self.settings
        while self.step < training.steps:
            started = time.perf_counter()
            first, stop = self.step, min((self.step // training.tick + 1) * training.tick, training.steps)
            with using_threads(self.threads or 1):
                rows = []
                for begin in range(first, stop, BLOCK):
                    for seen in self._block(begin, min(begin + BLOCK, stop)):
                        rows.append(seen)
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
        """(S,) int64: the whole steps a replica had made when something in it ceased to be finite; -1 where all is."""
        return torch.where(self._state.alive, -1, self._state.done).cpu()

    def each(self, function: Callable[..., Any], *stacked: Tensor, averaged: bool = False) -> Any:
        """`function(model, *arguments)` for every replica at once, without gradients.

        stacked: (S, ...) each; a replica is given its part. The function must not draw random numbers, nor decide by values.
        averaged: with the moving averages of the players that keep one. Returns what the function returns, (S, ...) each.
        """
        with torch.no_grad():
            return self._each(function, *stacked, averaged=averaged)

    def decode(self, z: Tensor, *, averaged: bool = True) -> Tensor:
        """(n, latent) for all replicas, or (S, n, latent) -> (S, n, *event) in the data's units."""
        own = z if z.ndim == 3 else z.expand(len(self), *z.shape)
        decoded: Tensor = self.each(lambda model, part: model.decode(part), own, averaged=averaged)
        return decoded

    def sample(self, n: int, generator: torch.Generator | None = None, *, averaged: bool = True) -> Tensor:
        """(S, n, *event) samples in the data's units; all replicas decode the same draws, which makes them comparable."""
        generator = generator or torch.Generator().manual_seed(0)
        return self.decode(
            require(self.game.template, HasCodes).fixed_noise(n, generator).to(self.device), averaged=averaged
        )

    def model(self, replica: int, *, averaged: bool = True) -> Model:
        """The model of one replica, on the host, as the single run would leave it. Raises SettingError for a replica there is not."""
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
            whole = self._layout.joined(pieces)
            found |= {e.name: whole[:, e.start : e.stop].view(len(self), *e.shape) for e in self.game.entries[player]}
        return found

    @property
    def noise_is_odd(self) -> bool:
        """Whether torch keeps half a pair of normal numbers in the replicas' generators (see `StackedNoise`)."""
        return self._noise.odd

    def state_tensors(self) -> Tensors:
        """All that a checkpoint must hold, the replicas first; the state of the generators is (S, bytes)."""
        state = self._state
        found = {f"weights/{name}": self._layout.joined(pieces) for name, pieces in state.weights.items()}
        for player, kept in state.memory.items():
            found |= {f"memory/{player}/{name}": self._layout.joined(pieces) for name, pieces in kept.items()}
        found |= {f"averages/{name}": self._layout.joined(pieces) for name, pieces in state.averages.items()}
        generators = torch.stack([generator.get_state() for generator in self._noise.generators])
        return found | {"alive": state.alive, "done": state.done, "generators": generators}

    def load_state_tensors(self, tensors: Tensors, *, step: int, seconds: float, odd: bool) -> None:
        """Undo `state_tensors`, whichever way the replicas lie here."""
        self._state = self._laid_out(tensors)
        for generator, value in zip(self._noise.generators, tensors["generators"], strict=True):
            generator.set_state(value.clone())  # torch wants it to begin its storage
        self._noise.odd = odd
        self.step, self.seconds = step, seconds

    def _laid_out(self, stacks: Tensors) -> State:
        """The state as the step wants it, from stacks (S, P) by the names that a checkpoint has."""

        def pieces(name: str, player: str) -> Pieces:
            return [self._layout.inner(piece) for piece in self.game.split(player, stacks[name])]

        return State(
            {name: pieces(f"weights/{name}", name) for name in self._own},
            {
                name: {kept: pieces(f"memory/{name}/{kept}", name) for kept in memory(own)}
                for name, own in self._own.items()
            },
            {name: pieces(f"averages/{name}", name) for name in self._averaged},
            stacks["alive"].to(self.device),
            stacks["done"].to(self.device),
        )

    def _each(self, function: Callable[..., Any], *stacked: Tensor, averaged: bool = False) -> Any:
        return vmap(lambda tensors, *parts: self.game.call(tensors, function, *parts))(self.tensors(averaged), *stacked)

    def _each_noise(self, function: Callable[..., Any], *stacked: Tensor) -> Any:
        """The same where the replicas' own numbers are all that counts, with the replicas where the step has them."""
        numbers = {name: value for name, value in self._fixed.items() if name.startswith("numbers.")}
        return vmap(
            lambda tensors, *parts: self.game.call(tensors, function, *parts),
            in_dims=self._layout.axis,
            out_dims=self._layout.axis,
        )(numbers, *stacked)

    def _block(self, first: int, stop: int) -> Iterator[Tensor]:
        """Play the steps from `first` to before `stop`; yields what each saw, (rows, S)."""
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
                self._state, seen = self._step(inputs)
                yield seen
            first += count

    def _step(self, inputs: Inputs) -> tuple[State, Tensor]:
        """One step; it is traced anew where the noise has other names than before (instance noise has faded away)."""
        form = str([tree_structure(noise) for noise in inputs.noise])
        if form not in self._traced:
            layout = self._layout
            axes = Inputs(1 if layout.fused else 0, layout.axis, layout.axis, 0, 0, 0)  # type: ignore[arg-type]
            self._traced[form] = Traced(
                self._rules, self._state, inputs, (layout.axis, axes), layout.compiled, layout.fused
            )
            self.why_not = self._traced[form].why_not
            self._series = self._traced[form].series
        return self._traced[form](self._state, inputs)

    def _numbers(self, step: int) -> range:
        """Which batches the step plays with; a game that looks at no data is given the first one."""
        if self._batches_a_step == 0:
            return range(1)
        return range(step * self._batches_a_step, (step + 1) * self._batches_a_step)

    def _values(self, rows: list[Tensor], first: int) -> dict[str, Tensor]:
        """The values of the tick after the step `first`, by what its steps saw, (rows, S) each."""
        values = means(torch.stack(rows), self._series, first, self.settings)
        last = self._schedules.rates(first + len(rows) - 1, 1)[0]
        for turn, rates in zip(self._turns, last, strict=True):
            values[f"{turn.player}/learning_rate"] = rates["rate"].cpu().double()
        dead = ~self._state.alive.cpu()
        return {name: value.masked_fill(dead, torch.nan) for name, value in values.items()}


def _sources(turns: Sequence[Any]) -> tuple[tuple[int, ...], int]:
    """By turn the number of its batch within the step, and how many batches a step takes."""
    found: list[int] = []
    taken = 0
    for turn in turns:
        taken += turn.uses_data
        found.append(max(taken - 1, 0))
    if turns and taken and not turns[0].uses_data and len(turns) > 1:
        raise SettingError("replicas: the first phase of a game must look at data: reorder its phases.")
    return tuple(found), taken
