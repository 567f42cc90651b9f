"""The training loop of all games: a generator of records.

At every step it does little more than a loop written by hand. The scalars of a tick stay on the device and are copied to the
host in one transfer at the end of the tick.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Protocol

import torch
from torch import Tensor, nn

from saddlepoint.models.base import Model
from saddlepoint.objectives.phase import Batch, Nets, Noise, Phase
from saddlepoint.records import Record
from saddlepoint.training.cached_forward import CachedForward
from saddlepoint.training.memory import keep_freed_memory
from saddlepoint.training.optimiser import clip_, gradient_norm, update_ratio
from saddlepoint.training.schedules import learning_rate
from saddlepoint.training.settings import TrainingSettings
from saddlepoint.training.state import TrainingState, trainable

Move = Callable[[int, Batch, bool, Noise | None], Noise]
REDUCED = frozenset({torch.bfloat16, torch.float16})


class Batches(Protocol):
    """The batches of a run by index; the same index always gives the same batch."""

    def __getitem__(self, index: int, /) -> tuple[Tensor, Tensor | None]:
        """Return x (B, *event) in the model's units on the run's device, and y, (B,) labels or None."""


def play(model: Model, batches: Batches, settings: TrainingSettings, state: TrainingState) -> Iterator[Record | None]:
    """Train a model from `state.step` to `settings.steps`; to stop earlier, leave the caller's `for` loop.

    Between two yields the caller may change the players' mode, draw random numbers and swap players (`state.averaged`), if
    it restores the players.

    The values of a record are means over its tick. The loss is observed at every step; observations and the gradient's norm
    (before clipping) at every `settings.observe_every`th step. The update ratio is from the first step of the tick, the
    learning rate from the last. A value that is not finite is recorded unchanged, and training continues.

    Args:
        model: whose players are trained in place.
        batches: the training batches by index.
        settings: of training.
        state: of training; updated at every step.

    Yields:
        A Record every `settings.tick` steps and at the last step. None if `state.pause` was set within a tick; a checkpoint
        of `state` at that moment includes the scalars of the unfinished tick.
    """
    keep_freed_memory()
    phases = model.phases
    cached = {phase.player for phase in phases if phase.shares == "output"}
    nets = {name: CachedForward(player) if name in cached else player for name, player in model.players.items()}
    order = [phase for phase in phases for _ in range(phase.repeats)]
    # If the next turn reuses the cached player's output of this turn, it needs its graph.
    keep_graph = [following.shares == "output" for following in order[1:]] + [False]
    turns = [
        (phase, keep, (_move if phase.gradient else _update)(model, nets, phase, settings, state))
        for phase, keep in zip(order, keep_graph, strict=True)
    ]
    batches_a_step = sum(phase.uses_data for phase in order)
    active = _ActivePlayers(model, [phase.players for phase in phases if phase.gradient], cached)
    averages = list(state.averages.values())
    tick, observe_every, last = settings.tick, settings.observe_every, settings.steps

    while state.step < last:
        outside = state.devices.global_generators()
        state.devices.set_global_generators(state.global_generators)
        active.open()
        started = time.perf_counter()
        number = state.step * batches_a_step
        batch: Batch | None = None
        noise: Noise | None = None
        try:
            while True:
                step = state.step
                observe = step % tick % observe_every == 0
                for phase, keep, move in turns:
                    active.activate(phase.players if phase.gradient else (), keep)
                    if phase.uses_data:
                        # Release the old batch first: with two alive, the allocator returns memory and requests it again.
                        batch = None
                        batch = Batch(*batches[number])
                        number += 1
                    elif batch is None:
                        batch = Batch(*batches[max(number - 1, 0)])
                    noise = move(step, batch, observe, noise if phase.shares != "nothing" else None)
                for average in averages:
                    average.update(step)
                state.step = step + 1
                complete = state.step % tick == 0 or state.step == last
                if complete or state.pause:
                    break
            values = _means(state.pending) if complete else {}
        finally:
            spent = time.perf_counter() - started
            active.close()
            state.global_generators = state.devices.global_generators()
            state.devices.set_global_generators(outside)
        state.seconds += spent
        state.tick_seconds += spent
        if complete:
            for phase in phases:
                for player in phase.players if phase.gradient else ():
                    values[f"{player}/learning_rate"] = state.optimisers[player].param_groups[0]["lr"]
            values["time/steps_per_second"] = ((state.step - 1) % tick + 1) / state.tick_seconds
            state.tick_seconds = 0.0
            for scalars in state.pending.values():
                scalars.clear()
            yield Record(state.step, state.seconds, values)
        else:
            yield None


class _ActivePlayers:
    """Sets the training mode and enables gradients for the active players only.

    The weights of inactive players need no gradients. The exception is a cached player in the turn before its own: its own
    turn differentiates the output that was computed there.
    """

    def __init__(self, model: Model, moving: Sequence[tuple[str, ...]], cached: Collection[str]) -> None:
        self._model = model
        self._parameters = {name: trainable(player) for name, player in model.players.items()}
        self._enabled: dict[tuple[tuple[str, ...], bool], set[str]] = {
            (names, keep): {*names, *(cached if keep else ())} for names in ((), *moving) for keep in (False, True)
        }
        self._active: tuple[tuple[str, ...], bool] | None = None

    def open(self) -> None:
        """Put every player in training mode and clear gradients left by other code."""
        for name, player in self._model.players.items():
            player.train()
            for parameter in self._parameters[name]:
                parameter.grad = None

    def activate(self, names: tuple[str, ...], keep_graph: bool) -> None:
        """Enable gradients for some players.

        Args:
            names: of the players.
            keep_graph: also enable gradients for cached players.
        """
        active = (names, keep_graph)
        if active == self._active:
            return
        enabled = self._enabled[active]
        for other, parameters in self._parameters.items():
            requires = other in enabled
            for parameter in parameters:
                parameter.requires_grad = requires
        self._active = active

    def close(self) -> None:
        """Enable gradients for all players again."""
        for parameters in self._parameters.values():
            for parameter in parameters:
                parameter.requires_grad = True
        self._active = None


def _move(model: Model, nets: Nets, phase: Phase, settings: TrainingSettings, state: TrainingState) -> Move:
    """One update of the phase's players as a closure, in which everything is looked up beforehand.

    The closure takes the noise for the update, or None to draw it, and returns the noise that it used.
    """
    loss_of, noise_of, generator = phase.loss, model.noise, state.generator
    autocast = state.devices.autocast()
    losses = state.pending.setdefault(f"{phase.player}/loss", [])
    updates = [_optimiser_step(name, model, settings, state) for name in phase.players]
    collect, keep = _observer(nets, phase.player, state), phase.keep

    def move(step: int, batch: Batch, observe: bool, noise: Noise | None) -> Noise:
        if noise is None:
            noise = noise_of(phase, len(batch.x), step, generator)
        if autocast is None:
            loss, observations = loss_of(nets, batch, noise)
        else:
            with autocast:
                loss, observations = loss_of(nets, batch, noise)
        mean = loss.float().mean() if loss.dtype in REDUCED else loss.mean()
        mean.backward()  # type: ignore[no-untyped-call]
        for update in updates:
            update(step, observe)
        losses.append(mean.detach())
        if keep is not None:
            keep(observations)
        if observe:
            collect(observations)
        return noise

    return move


def _optimiser_step(
    player: str, model: Model, settings: TrainingSettings, state: TrainingState
) -> Callable[[int, bool], None]:
    """One step of a player's optimiser as a closure of the step and of whether to observe; it clears the gradients."""
    own = settings.player(model.roles[player])
    optimiser = state.optimisers[player]
    take_step = optimiser.step
    group = optimiser.param_groups[0]
    parameters: list[nn.Parameter] = group["params"]
    constant_rate, clip_norm, steps = own.schedule == "constant", own.clip_norm, settings.steps
    group["lr"] = learning_rate(own, state.step, steps)
    norms = state.pending.setdefault(f"{player}/grad_norm", [])
    ratios = state.pending.setdefault(f"{player}/update_ratio", [])
    tick, network = settings.tick, model.players[player]
    after_update = model.after_update.get(player)

    def update(step: int, observe: bool) -> None:
        if not constant_rate:
            rate = learning_rate(own, step, steps)
            if rate != group["lr"]:
                group["lr"] = rate
        if clip_norm is not None:
            norm = clip_([p.grad for p in parameters if p.grad is not None], clip_norm)
            if observe:
                norms.append(norm)
        elif observe:
            norms.append(gradient_norm([p.grad for p in parameters if p.grad is not None]))
        if step % tick == 0:
            before = [parameter.detach().clone() for parameter in parameters]
            take_step()
            ratios.append(update_ratio(before, parameters))
        else:
            take_step()
        if after_update is not None:
            after_update(network)
        for parameter in parameters:
            parameter.grad = None

    return update


def _update(model: Model, nets: Nets, phase: Phase, settings: TrainingSettings, state: TrainingState) -> Move:
    """One update of a phase without gradient as a closure; the loss itself updates the player."""
    collect, keep, device = _observer(nets, phase.player, state), phase.keep, state.devices.device
    after_update = model.after_update.get(phase.player)
    losses = state.pending.setdefault(f"{phase.player}/loss", [])

    def update(step: int, batch: Batch, observe: bool, noise: Noise | None) -> Noise:
        with torch.no_grad():
            if noise is None:
                noise = model.noise(phase, len(batch.x), step, state.generator)
            loss, observations = phase.loss(nets, batch, noise)
        if after_update is not None:
            after_update(model.players[phase.player])
        losses.append(loss.detach().to(device, torch.float32).mean())
        if keep is not None:
            keep(observations)
        if observe:
            collect({name: value.to(device) for name, value in observations.items()})
        return noise

    return update


def _observer(nets: Nets, player: str, state: TrainingState) -> Callable[[dict[str, Tensor]], None]:
    """A function that adds the means of the observations of this player's loss to the scalars of the tick."""
    names = tuple(f"{name}/" for name in nets)

    def collect(observations: dict[str, Tensor]) -> None:
        for quantity, value in observations.items():
            series = quantity if quantity.startswith(names) else f"{player}/{quantity}"
            scalar = value.detach().to(torch.float32).mean()
            state.pending.setdefault(series, []).append(scalar)

    return collect


def _means(pending: dict[str, list[Tensor]]) -> dict[str, float]:
    """The mean of every series, computed in double precision on the host after one transfer."""
    filled = {name: scalars for name, scalars in pending.items() if scalars}
    gathered = torch.stack([scalar for scalars in filled.values() for scalar in scalars]).cpu().double()
    parts = torch.split(gathered, [len(scalars) for scalars in filled.values()])
    return {name: part.mean().item() for name, part in zip(filled, parts, strict=True)}
