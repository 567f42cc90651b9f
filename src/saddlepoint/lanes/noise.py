"""The noise of all replicas at once, each replica's from its own generator.

Drawing eight numbers from each of a thousand generators at every step would take longer than the step. So the draws of many steps
are planned first (the model's `noise` is called, and its draws are only recorded); then each generator draws all numbers at once,
and these are split into the planned draws. This is exact if one long draw gives the same numbers as many short ones. Torch's
generators for the processor do this
    for uniform numbers, always;
    for normal numbers in draws of a multiple of 16;
    for normal numbers in draws below 16, which torch computes one by one by the Box-Muller formula from uniform numbers in
        double precision: here the uniform numbers are drawn, and the formula is computed for all replicas together.
Any other draws are made per replica and step, which is slower and also exact.

References:
    A Note on the Generation of Random Normal Deviates (Box, Muller, 1958). https://doi.org/10.1214/aoms/1177706645
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode
from torch.utils._pytree import TreeSpec, tree_flatten, tree_map, tree_unflatten

from saddlepoint.errors import SettingError
from saddlepoint.lanes.per_replica import PerReplica, full_of, value_of
from saddlepoint.models.base import Model
from saddlepoint.objectives.phase import Phase

VECTORISED = 16  # from this many numbers on, torch draws normal numbers in another way
TurnNoise = Any  # the noise of one turn, see `saddlepoint.objectives.noise`


class Draw(NamedTuple):
    """One call of torch.randn or torch.rand.

    Attributes:
        normal: whether it is torch.randn.
        shape: of the result.
    """

    normal: bool
    shape: tuple[int, ...]

    @property
    def size(self) -> int:
        """Number of numbers drawn."""
        return math.prod(self.shape)


class ReplacedDraws(TorchFunctionMode):
    """While it is active, torch.randn and torch.rand with this generator return the result of `give`.

    Args:
        generator: the generator whose draws are replaced.
        give: returns the numbers of a draw.

    Attributes:
        used: whether a draw or a number per replica was used in a computation; then the noise is more than the plain draws.
        exotic: whether anything else was drawn from the generator.
    """

    def __init__(self, generator: torch.Generator, give: Callable[[Draw], Tensor]) -> None:
        super().__init__()
        self._generator = generator
        self._give = give
        self.draws: list[Draw] = []
        self.given: list[Tensor] = []
        self.used = False
        self.exotic = False

    def __torch_function__(
        self,
        function: Callable[..., Any],
        types: Sequence[type],
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        kwargs = dict(kwargs or {})
        if kwargs.get("generator") is self._generator:
            if function in (torch.randn, torch.rand) and not kwargs.keys() - {"generator", "device"}:
                sizes = args[0] if len(args) == 1 and not isinstance(args[0], int) else args
                draw = Draw(function is torch.randn, tuple(sizes))
                given = self._give(draw)
                self.draws.append(draw)
                self.given.append(given)
                return given
            self.exotic = True
        flat = tree_flatten((args, kwargs))[0]
        self.used |= any(isinstance(value, PerReplica) or any(value is one for one in self.given) for value in flat)
        if function is torch.full and any(isinstance(value, Tensor | PerReplica) for value in flat):
            return full_of(*map(value_of, args), **kwargs)
        return function(*args, **kwargs)


class StackedNoise:
    """The noise of all replicas; `at(step)` gives the noise of every turn of a step.

    Args:
        template: the model that computes for all replicas under vmap.
        models: one per replica, for draws per replica.
        each: calls a function of the template and of tensors stacked along `axis`, for all replicas at once.
        turns: the phases in the order of play; a phase that shares noise gets that of the turn before it.
        batch_size: examples per batch and replica.
        generators: one per replica.
        device: of the noise.
        axis: of the replicas in each tensor: 0, or -1 for the last.
    """

    def __init__(
        self,
        template: Model,
        models: Sequence[Model],
        each: Callable[..., Any],
        turns: Sequence[Phase],
        batch_size: int,
        generators: Sequence[torch.Generator],
        device: torch.device,
        axis: int,
    ) -> None:
        self._template, self._models, self._each = template, models, each
        self._turns, self._batch_size = tuple(turns), batch_size
        self.generators = list(generators)
        self._device, self._axis = device, axis
        self._scratch = torch.Generator()
        self._block: list[list[TurnNoise]] = []
        self._start = 0
        self.odd = False  # whether torch keeps the second half of a pair of normal numbers in the generators

    def most_steps(self, first: int, numbers: int) -> int:
        """Return how many steps can be prepared at once; at least 1.

        Args:
            first: number of steps done before.
            numbers: the largest number of random numbers to hold.
        """
        return max(1, numbers // (1 + len(self.generators) * sum(draw.size for draw in self._plan_step(first).draws)))

    def prepare(self, first: int, count: int) -> None:
        """Draw all noise of `count` steps, beginning with step `first`."""
        self._start = first
        steps = range(first, first + count)
        plans = [self._plan_step(step) for step in steps]
        draws = [draw for plan in plans for draw in plan.draws]
        singles = sum(draw.size for draw in draws if draw.normal and draw.size < VECTORISED)
        drawn = None if any(plan.exotic for plan in plans) or self.odd else self._draw_all(draws)
        if drawn is None:
            self.odd = (self.odd + singles) % 2 == 1
            self._block = [self._replica_by_replica(step) for step in steps]
            return
        parts = iter(self._split(drawn, draws))
        self._block = [
            self._noise_of_step(step, plan, [next(parts) for _ in plan.draws])
            for step, plan in zip(steps, plans, strict=True)
        ]

    def at(self, step: int) -> list[TurnNoise]:
        """Return the noise of the turns of `step`, which must have been prepared."""
        return self._block[step - self._start]

    def _fresh(self) -> list[tuple[int, Phase]]:
        return [(turn, phase) for turn, phase in enumerate(self._turns) if phase.shares == "nothing" or turn == 0]

    def _plan_step(self, step: int) -> _Plan:
        """Record which numbers the model draws at this step, and which of its noise tensors are plain draws."""
        with ReplacedDraws(self._scratch, lambda draw: torch.zeros(draw.shape)) as replaced:
            noises = [self._template.noise(phase, self._batch_size, step, self._scratch) for _, phase in self._fresh()]
        indexes = {id(tensor): index for index, tensor in enumerate(replaced.given)}
        plain = None
        if not replaced.used:
            flat = [tree_flatten(noise) for noise in noises]
            plain = [([indexes.get(id(leaf), leaf) for leaf in leaves], form) for leaves, form in flat]
        return _Plan(replaced.draws, plain, replaced.exotic)

    def _draw_all(self, draws: Sequence[Draw]) -> Tensor | None:
        """(S, numbers) drawn by every replica, in order; None if they must be drawn step by step."""
        total = sum(draw.size for draw in draws)
        if not draws or all(not draw.normal for draw in draws):
            return torch.stack([torch.rand(total, generator=generator) for generator in self.generators])
        if all(draw.normal and draw.size % VECTORISED == 0 for draw in draws):
            return torch.stack([torch.randn(total, generator=generator) for generator in self.generators])
        if total % 2 == 0 and all(draw.normal and draw.size < VECTORISED for draw in draws) and box_muller_is_exact():
            uniform = torch.stack(
                [torch.rand(total, generator=generator, dtype=torch.float64) for generator in self.generators]
            )
            return box_muller(uniform)
        return None

    def _split(self, drawn: Tensor, draws: Sequence[Draw]) -> list[Tensor]:
        """The separate draws, on the device, with the replicas along the axis."""
        replicas = len(drawn)
        sizes = [draw.size for draw in draws]
        if self._axis == 0:
            parts = torch.split(drawn.to(self._device), sizes, 1)
            return [part.view(replicas, *draw.shape) for part, draw in zip(parts, draws, strict=True)]
        parts = torch.split(drawn.T.contiguous().to(self._device), sizes)
        return [part.view(*draw.shape, replicas) for part, draw in zip(parts, draws, strict=True)]

    def _noise_of_step(self, step: int, plan: _Plan, parts: list[Tensor]) -> list[TurnNoise]:
        """The noise of one step from its draws."""
        if plan.plain is not None:
            replicas = len(self.generators)
            noises = []
            for leaves, form in plan.plain:
                tensors = [
                    parts[leaf] if isinstance(leaf, int) else _spread(leaf.to(self._device), replicas, self._axis)
                    for leaf in leaves
                ]
                noises.append(tree_unflatten(tensors, form))
            return self._by_turn(noises)

        def noise_of(model: Model, *replica_parts: Tensor) -> list[TurnNoise]:
            left = iter(replica_parts)
            with ReplacedDraws(self._scratch, lambda draw: next(left)):
                return [model.noise(phase, self._batch_size, step, self._scratch) for _, phase in self._fresh()]

        return self._by_turn(self._each(noise_of, *parts))

    def _replica_by_replica(self, step: int) -> list[TurnNoise]:
        made: list[TurnNoise] = []
        replicas = [
            [model.noise(phase, self._batch_size, step, generator) for _, phase in self._fresh()]
            for model, generator in zip(self._models, self.generators, strict=True)
        ]
        for noises in zip(*replicas, strict=True):
            if any(tree_flatten(noise)[1] != tree_flatten(noises[0])[1] for noise in noises):
                raise SettingError(
                    "replicas of one group draw different random numbers, because a part is switched off in some of them: train each "
                    "value in a group of its own."
                )
            made.append(tree_map(lambda *leaves: torch.stack(leaves, self._axis).to(self._device), *noises))
        return self._by_turn(made)

    def _by_turn(self, noises: Sequence[TurnNoise]) -> list[TurnNoise]:
        found: list[TurnNoise] = []
        fresh = {turn: noise for (turn, _), noise in zip(self._fresh(), noises, strict=True)}
        for turn in range(len(self._turns)):
            found.append(fresh[turn] if turn in fresh else found[-1])
        return found


class _Plan(NamedTuple):
    """The draws of a step.

    Attributes:
        draws: in the order in which the model makes them.
        plain: the leaves of each noise bundle (the index of a draw, or a tensor without draws) and its structure; None if the
            noise is computed from the draws.
        exotic: whether the model draws numbers by other functions too.
    """

    draws: list[Draw]
    plain: list[tuple[list[Any], TreeSpec]] | None
    exotic: bool


def box_muller(uniform: Tensor) -> Tensor:
    """(S, 2 N) uniform float64 on [0, 1) -> (S, 2 N) normal float32, as torch computes them one by one."""
    angle, depth = 2 * math.pi * uniform[:, 0::2], uniform[:, 1::2]
    radius = torch.log1p(-depth).mul_(-2).sqrt_()
    return torch.stack([radius * angle.cos(), radius * angle.sin()], 2).flatten(1).float()


@functools.cache
def box_muller_is_exact() -> bool:
    """Whether this version of torch draws single normal numbers like `box_muller`, which it does not guarantee."""
    one, other = (torch.Generator().manual_seed(1) for _ in range(2))
    drawn = torch.cat([torch.randn(6, generator=one) for _ in range(4)])
    made = box_muller(torch.rand(1, 24, generator=other, dtype=torch.float64))[0]
    return torch.allclose(drawn, made, rtol=1e-6, atol=1e-7)


def _spread(value: Tensor, replicas: int, axis: int) -> Tensor:
    """The same value for every replica."""
    return value.expand(replicas, *value.shape) if axis == 0 else value.unsqueeze(-1).expand(*value.shape, replicas)
