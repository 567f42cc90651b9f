"""One training step as a pure function of tensors for one replica, applied to all replicas by `vmap`, and traced once into a graph.

Run directly, the step would spend most of its time in `vmap`, `grad` and Python. The traced graph is a list of operators.

If the graph is compiled, neighbouring operators become one loop. A processor computes 8 or 16 numbers at once, and in a small game
only the axis of the replicas is that long. So the replicas are then the last axis of every tensor, and small matrix products are
written as sums of products before `vmap`, so that only loops over the replicas remain.
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
from torch.utils._pytree import tree_flatten, tree_map, tree_unflatten

from saddlepoint.errors import SettingError
from saddlepoint.lanes.game import Pieces, StackedGame
from saddlepoint.lanes.graph import eliminate_common_subexpressions
from saddlepoint.lanes.noise import TurnNoise
from saddlepoint.lanes.optimisers import Tensors, update
from saddlepoint.lanes.replicas_last import ReplicasLast, is_translatable
from saddlepoint.objectives.phase import Batch, Phase
from saddlepoint.training.settings import OptimiserName

UNROLLED = 8  # sums of up to this many numbers are fused with neighbouring operators


class State(NamedTuple):
    """Everything that a step changes.

    Attributes:
        weights: by player.
        memory: state of the optimisers, by player and name.
        averages: moving averages of the weights, by player.
        alive: () bool, whether everything has been finite so far.
        done: () int64, number of steps while alive.
    """

    weights: dict[str, Pieces]
    memory: dict[str, dict[str, Pieces]]
    averages: dict[str, Pieces]
    alive: Tensor
    done: Tensor


class Inputs(NamedTuple):
    """The inputs of a step.

    Attributes:
        batches: the arguments of each `Batch`, in the order of the step.
        noise: by turn.
        fixed: tensors that are not trained, by name.
        coefficients: by player, those that never change.
        rates: by turn, coefficients that change from step to step.
        ema: () share by which moving averages approach the weights.
    """

    batches: list[tuple[Tensor, ...]]
    noise: list[TurnNoise]
    fixed: Tensors
    coefficients: dict[str, Tensors]
    rates: list[Tensors]
    ema: Tensor


@dataclass(frozen=True)
class Rules:
    """The structure of a step.

    Attributes:
        game: the stacked models.
        turns: the phases in the order of play.
        sources: by turn, the index of its batch.
        optimisers: by player.
        averaged: players with a moving average.
    """

    game: StackedGame
    turns: tuple[Phase, ...]
    sources: tuple[int, ...]
    optimisers: Mapping[str, OptimiserName]
    averaged: tuple[str, ...]


def step(rules: Rules, state: State, inputs: Inputs) -> tuple[State, dict[str, list[Tensor]]]:
    """One training step of one replica.

    A replica whose loss or weights become non-finite keeps the state before that turn from then on.

    Args:
        rules: structure of the step.
        state: before the step.
        inputs: of the step.

    Returns:
        The new state, and the observed values of each series, one () tensor per turn that observed it.
    """
    game = rules.game
    weights, memory, averages, alive = dict(state.weights), dict(state.memory), dict(state.averages), state.alive
    observed: dict[str, list[Tensor]] = {}
    prefixes = tuple(f"{name}/" for name in game.entries)
    for phase, source, noise, rates in zip(rules.turns, rules.sources, inputs.noise, inputs.rates, strict=True):
        player = phase.player
        fixed = dict(inputs.fixed)
        for name, pieces in weights.items():
            if name != player:
                fixed |= game.tensors(name, pieces)
        batch = Batch(*inputs.batches[source])

        def loss_of(
            mine: Tensors, fixed: Tensors = fixed, batch: Batch = batch, noise: TurnNoise = noise, phase: Phase = phase
        ) -> Any:
            loss, observations = game.call({**fixed, **mine}, lambda model: phase.loss(model.players, batch, noise))
            return loss.mean(), {name: value.detach().to(torch.float32).mean() for name, value in observations.items()}

        gradients, (loss, observations) = grad_and_value(loss_of, has_aux=True)(game.tensors(player, weights[player]))
        gradient = game.pieces(player, gradients)
        numbers = {**inputs.coefficients[player], **rates}
        kept = memory[player]
        results = [
            update(rules.optimisers[player], p, g, {name: kept[name][i] for name in kept}, numbers)
            for i, (p, g) in enumerate(zip(weights[player], gradient, strict=True))
        ]
        after = [piece for piece, _ in results]
        alive = alive & torch.isfinite(loss + _total([piece.sum() for piece in after]))
        weights[player] = _if_alive(alive, after, weights[player])
        memory[player] = {
            name: _if_alive(alive, [remembered[name] for _, remembered in results], kept[name]) for name in kept
        }
        observed.setdefault(f"{player}/loss", []).append(loss)
        observed.setdefault(f"{player}/grad_norm", []).append(_total([g.square().sum() for g in gradient]).sqrt())
        for quantity, value in observations.items():
            series = quantity if quantity.startswith(prefixes) else f"{player}/{quantity}"
            observed.setdefault(series, []).append(value)
    for name in rules.averaged:
        averaged = [a + inputs.ema * (w - a) for a, w in zip(averages[name], weights[name], strict=True)]
        averages[name] = _if_alive(alive, averaged, averages[name])
    return State(weights, memory, averages, alive, state.done + alive), observed


class StackedStep:
    """`step` for all replicas, traced into a graph for tensors with the shapes of `state` and `inputs`.

    Args:
        rules: structure of the step.
        state: an example of the state.
        inputs: an example of the inputs.
        axes: axis of the replicas in the tensors of the state, and of the inputs.
        compiled: whether to compile the graph. If this fails (there is no C++ compiler), it runs uncompiled, and `why_not`
            says why.
        fused: whether matrix products become sums of products.
        traced: whether to trace it; otherwise it runs operator by operator, through `vmap` in every step.

    Attributes:
        series: names of the rows of observed values; a turn that is played several times in a step has several rows.

    Raises:
        SettingError: the game cannot be stacked.
    """

    def __init__(
        self,
        rules: Rules,
        state: State,
        inputs: Inputs,
        axes: tuple[int, Inputs],
        compiled: bool,
        fused: bool,
        traced: bool = True,
    ) -> None:
        self.series: list[str] = []
        self.why_not = ""
        arguments, form = tree_flatten((state, inputs))
        of_state, self._state_form = tree_flatten(state)
        dims = tuple(tree_flatten((tree_map(lambda _: axes[0], state), _axes(inputs, axes[1])))[0])

        def one(*tensors: Tensor) -> tuple[Tensor, ...]:
            after, observed = step(rules, *tree_unflatten(list(tensors), form))
            self.series = [name for name, values in observed.items() for _ in values]
            return (*tree_flatten(after)[0], *(value for values in observed.values() for value in values))

        def every(*tensors: Tensor) -> tuple[Tensor, ...]:
            after = replicas(*tensors)
            return (*after[: len(of_state)], torch.stack(list(after[len(of_state) :])))

        try:
            replicas: Callable[..., Sequence[Tensor]] = vmap(one, in_dims=dims, out_dims=axes[0])
            if fused:
                replicas = _replicas_last(one, arguments, dims) or replicas
            if not traced:
                with torch.no_grad():
                    every(*arguments)  # a game that cannot be stacked is refused here, and the series get their names
                self._run: Callable[..., tuple[Tensor, ...]] = every
                return
            graph = _traced(every, arguments)
        except SettingError:
            raise
        except RuntimeError as error:
            reason = " ".join(str(error).split())
            raise SettingError(
                f"lanes: this game cannot be trained as many replicas at once; train one run at a time. {reason}"
            ) from error
        eliminate_common_subexpressions(graph)
        self._run = graph
        if compiled:
            self._run = self._compiled(graph, arguments)

    def __call__(self, state: State, inputs: Inputs) -> tuple[State, Tensor]:
        """The state after the step, and the observed values, (rows, S)."""
        with torch.no_grad():
            *after, observed = self._run(*tree_flatten((state, inputs))[0])
        return tree_unflatten(list(after), self._state_form), observed

    def _compiled(self, graph: Any, arguments: Sequence[Tensor]) -> Callable[..., tuple[Tensor, ...]]:
        options: dict[str, Any] = {"unroll_reductions_threshold": UNROLLED + 1}
        if hasattr(torch.compiler, "skip_all_guards_unsafe"):
            # Checking the shapes of all tensors takes a fifth of a small step; they never change.
            options["guard_filter_fn"] = torch.compiler.skip_all_guards_unsafe
        try:
            with warnings.catch_warnings(), torch.no_grad():
                # The compiler imports a module of torch that uses the deprecated `torch.jit.script_method`. If warnings are errors
                # (in tests), that import would fail.
                warnings.simplefilter("ignore", UserWarning)
                warnings.simplefilter("ignore", DeprecationWarning)
                compiled: Callable[..., tuple[Tensor, ...]] = torch.compile(
                    graph, fullgraph=True, dynamic=False, options=options
                )
                compiled(*arguments)
        except Exception as error:
            self.why_not = f"not compiled: {type(error).__name__}: {' '.join(str(error).split())[:200]}"
            return graph  # type: ignore[no-any-return]
        return compiled


def _traced(
    function: Callable[..., Any], arguments: Sequence[Tensor], table: Mapping[Any, Callable[..., Any]] | None = None
) -> Any:
    """The graph of `function`, traced with fake tensors, which compute shapes only.

    Other tensors that the function uses, such as constants of a network, become constants of the graph.

    Args:
        function: takes the tensors.
        arguments: examples of the tensors.
        table: replacements of operators.
    """
    make = make_fx(function, decomposition_table=table, tracing_mode="fake", _allow_non_fake_inputs=True)
    return make(*arguments)


def _replicas_last(
    one: Callable[..., tuple[Tensor, ...]], arguments: Sequence[Tensor], dims: Sequence[int]
) -> Callable[..., Sequence[Tensor]] | None:
    """`one` for all replicas, with the replicas as the last axis of its results; None if it has an operator that needs vmap."""
    first = [tensor.select(dim, 0).clone() for tensor, dim in zip(arguments, dims, strict=True)]
    graph = _traced(one, first, PRODUCTS)
    eliminate_common_subexpressions(graph)
    if not is_translatable(graph):
        return None
    replicas = arguments[0].shape[dims[0]]

    def every(*tensors: Tensor) -> Sequence[Tensor]:
        last = [tensor.movedim(dim, -1) for tensor, dim in zip(tensors, dims, strict=True)]
        results: Sequence[Tensor] = ReplicasLast(graph).run(*last)
        return [result.expand(*result.shape[:-1], replicas) for result in results]

    return every


def _axes(inputs: Inputs, axes: Inputs) -> Inputs:
    """`axes` (one number per field) in the structure of `inputs`."""
    return Inputs(*(tree_map(lambda _, axis=axis: axis, part) for part, axis in zip(inputs, axes, strict=True)))


def _if_alive(alive: Tensor, after: Pieces, before: Pieces) -> Pieces:
    return [torch.where(alive, new, old) for new, old in zip(after, before, strict=True)]


def _total(values: Sequence[Tensor]) -> Tensor:
    return values[0] if len(values) == 1 else torch.stack(list(values)).sum()


def _product(a: Tensor, b: Tensor) -> Tensor:
    """`torch.mm` as sums of products: (n, k), (k, m) -> (n, m)."""
    return (a[:, :, None] * b[None]).sum(1)


def _sum_and_product(bias: Tensor, a: Tensor, b: Tensor) -> Tensor:
    """`torch.addmm`."""
    return bias + _product(a, b)


PRODUCTS: dict[Any, Callable[..., Any]] = {
    torch.ops.aten.mm.default: _product,
    torch.ops.aten.addmm.default: _sum_and_product,
}
