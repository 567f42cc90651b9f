"""One step of all lanes as one pure function of tensors, traced once into a graph and compiled where that pays.

Run as it is, the step spends most of its time on the way to its operators: `vmap`, `grad` and Python. Traced, it is a list
of operators. Compiled, neighbours in that list become one loop over the lanes: the lanes are then the last axis of every
tensor, so that a processor handles 8 or 16 of them at once, and a small matrix product is written as the sum it is.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.func import grad_and_value, vmap
from torch.fx.experimental.proxy_tensor import make_fx
from torch.utils._pytree import tree_flatten, tree_unflatten

from saddlepoint.errors import SettingError
from saddlepoint.objectives.phase import Batch, Phase
from saddlepoint.studies.lanes.game import StackedGame
from saddlepoint.studies.lanes.noise import Made
from saddlepoint.studies.lanes.optimisers import Tensors, moved
from saddlepoint.training.settings import OptimiserName

UNROLLED = 16  # a sum over at most so many products is written out, which lets it melt into its neighbours


class State(NamedTuple):
    """All that a step changes; lanes along the step's axis.

    weights, averages: by player. memory: what its optimiser remembers, by player. alive (S,) bool: whether all has been
    finite so far. done (S,) int64: the steps a lane has made.
    """

    weights: Tensors
    memory: dict[str, Tensors]
    averages: Tensors
    alive: Tensor
    done: Tensor


class Inputs(NamedTuple):
    """All that a step is given: batches by their number in the step, noise by turn, and numbers a lane.

    coefficients: by player, those that never change; rates: by turn, those that change from step to step.
    ema: (S,) what share of the way an average moves.
    """

    batches: list[Tensor]
    noise: list[Made]
    fixed: Tensors
    coefficients: dict[str, Tensors]
    rates: list[Tensors]
    ema: Tensor


@dataclass(frozen=True)
class Rules:
    """What the step is, beside its numbers. axis: of the lanes, 0, or -1 for the last; sources: by turn, the number of
    the batch it plays with."""

    game: StackedGame
    turns: tuple[Phase, ...]
    sources: tuple[int, ...]
    optimisers: Mapping[str, OptimiserName]
    averaged: tuple[str, ...]
    axis: int


def step(rules: Rules, state: State, inputs: Inputs) -> tuple[State, dict[str, list[Tensor]]]:
    """The state after one step, and what was seen: by series, (S,) at every turn that observed it.

    A lane in which a loss or a weight is not finite stays as it was before that turn, from then on.
    """
    game, axis = rules.game, rules.axis
    weights, memory, averages = dict(state.weights), dict(state.memory), dict(state.averages)
    alive = state.alive
    seen: dict[str, list[Tensor]] = {}
    prefixes = tuple(f"{name}/" for name in game.entries)
    batch_axis = 0 if axis == 0 else 1
    for turn, phase in enumerate(rules.turns):
        player = phase.player
        mine = game.unstacked(player, weights[player], axis)
        others: Tensors = {}
        for name, stack in weights.items():
            if name != player:
                others |= game.unstacked(name, stack, axis)

        def loss_of(
            mine: Tensors, others: Tensors, fixed: Tensors, x: Tensor, noise: Made, phase: Phase = phase
        ) -> Any:
            tensors = {**others, **fixed, **mine}
            loss, observations = game.call(tensors, lambda model: phase.loss(model.players, Batch(x), noise))
            means = {name: value.detach().to(torch.float32).mean() for name, value in observations.items()}
            return loss.mean(), means

        gradients, (loss, observations) = vmap(
            grad_and_value(loss_of, has_aux=True),
            in_dims=(axis, axis, 0 if axis == 0 else -1, batch_axis, axis),
            out_dims=(axis, (0, 0)),  # type: ignore[arg-type]  # torch's annotation knows no trees
        )(mine, others, inputs.fixed, inputs.batches[rules.sources[turn]], inputs.noise[turn])
        gradient = game.stacked(player, gradients, axis)
        given = {**inputs.coefficients[player], **inputs.rates[turn]}
        row = {name: value[:, None] if axis == 0 else value for name, value in given.items()}
        after, remembered = moved(rules.optimisers[player], weights[player], gradient, memory[player], row)
        within = 1 if axis == 0 else 0
        alive = alive & torch.isfinite(loss) & torch.isfinite(after.sum(within))
        mask = alive[:, None] if axis == 0 else alive
        weights[player] = torch.where(mask, after, weights[player])
        memory[player] = {name: torch.where(mask, value, memory[player][name]) for name, value in remembered.items()}
        seen.setdefault(f"{player}/loss", []).append(loss)
        seen.setdefault(f"{player}/grad_norm", []).append(gradient.square().sum(within).sqrt())
        for quantity, value in observations.items():
            series = quantity if quantity.startswith(prefixes) else f"{player}/{quantity}"
            seen.setdefault(series, []).append(value)
    share = inputs.ema[:, None] if axis == 0 else inputs.ema
    for name in rules.averaged:
        nearer = averages[name] + share * (weights[name] - averages[name])
        averages[name] = torch.where(alive[:, None] if axis == 0 else alive, nearer, averages[name])
    return State(weights, memory, averages, alive, state.done + alive), seen


class Traced:
    """`step` for tensors of the shapes of `state` and `inputs`, as a graph.

    compiled: whether to have torch's compiler write loops for it; where that fails (no C++ compiler on this machine), the
        graph runs as it is, and `why_not` says why.
    series: names of the rows of what a step saw; a turn that is played several times in a step has a row each time.
    """

    def __init__(self, rules: Rules, state: State, inputs: Inputs, compiled: bool) -> None:
        """Raises SettingError for a game that cannot be stacked."""
        self.series: list[str] = []
        self.why_not = ""
        _, self._inputs_form = tree_flatten(inputs)
        flat_state, self._state_form = tree_flatten(state)

        def flat(*tensors: Tensor) -> tuple[Tensor, ...]:
            before = tree_unflatten(list(tensors[: len(flat_state)]), self._state_form)
            after, seen = step(rules, before, tree_unflatten(list(tensors[len(flat_state) :]), self._inputs_form))
            self.series = [name for name, values in seen.items() for _ in values]
            return (*tree_flatten(after)[0], torch.stack([value for values in seen.values() for value in values]))

        arguments = [*flat_state, *tree_flatten(inputs)[0]]
        products = {torch.ops.aten.bmm.default: _product} if compiled and rules.axis == -1 else {}
        try:
            graph = make_fx(flat, decomposition_table=products)(*arguments)
        except SettingError:
            raise
        except RuntimeError as error:
            reason = " ".join(str(error).split())
            raise SettingError(
                f"lanes: this game cannot be played by many lanes at once; train one run at a time. {reason}"
            ) from error
        graph.graph.eliminate_dead_code()
        graph.recompile()
        self._run: Callable[..., tuple[Tensor, ...]] = graph
        if compiled:
            self._run = self._compiled(graph, arguments)

    def __call__(self, state: State, inputs: Inputs) -> tuple[State, Tensor]:
        """The state after the step, and what was seen, (rows, S)."""
        with torch.no_grad():
            *after, seen = self._run(*tree_flatten(state)[0], *tree_flatten(inputs)[0])
        return tree_unflatten(list(after), self._state_form), seen

    def _compiled(self, graph: Any, arguments: Sequence[Tensor]) -> Callable[..., tuple[Tensor, ...]]:
        compiled: Callable[..., tuple[Tensor, ...]] = torch.compile(graph, fullgraph=True, dynamic=False)
        try:
            with warnings.catch_warnings(), torch.no_grad():
                warnings.simplefilter("ignore", UserWarning)
                compiled(*arguments)
        except Exception as error:
            self.why_not = f"not compiled: {type(error).__name__}: {' '.join(str(error).split())[:200]}"
            return graph  # type: ignore[no-any-return]
        return compiled


def _product(a: Tensor, b: Tensor) -> Tensor:
    """`torch.bmm` as sums of products: (S, n, k), (S, k, m) -> (S, n, m)."""
    if a.shape[2] > UNROLLED:
        return (a[:, :, :, None] * b[:, None]).sum(2)
    total = a[:, :, 0, None] * b[:, 0, None]
    for k in range(1, a.shape[2]):
        total = total + a[:, :, k, None] * b[:, k, None]
    return total
