"""The optimisers of `training` as pure functions of the stacked parameters of all replicas.

Each takes the parameters and gradients of one player, with all replicas in one tensor, its state (tensors of the same shape),
and coefficients (one number per replica, shaped to broadcast), and returns the new parameters and state. The arithmetic equals
that of the single run's optimisers up to rounding.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from saddlepoint.training.schedules import SCHEDULES
from saddlepoint.training.settings import OptimiserName, OptimiserSettings

Tensors = dict[str, Tensor]
Given = Mapping[str, Tensor]
Formula = Callable[[Tensor, Tensor, Given, Given], tuple[Tensor, Tensors]]
RMSPROP_DECAY = 0.99  # torch's
AS_WEIGHTS = frozenset({"base", "slow", "mean"})  # state that starts as the weights; all other state starts as zeros


@dataclass(frozen=True)
class StackedOptimiser:
    """An optimiser.

    Attributes:
        formula: the function.
        memory: names of its state tensors.
        numbers: names of its constant coefficients; the `rate` comes in addition.
        updates: number of updates of Adam's moments per move.
    """

    formula: Formula
    memory: tuple[str, ...]
    numbers: tuple[str, ...]
    updates: int = 0


def sgd(p: Tensor, g: Tensor, kept: Given, c: Given) -> tuple[Tensor, Tensors]:
    """Gradient descent, with momentum if a replica has it."""
    if "momentum" not in c:
        return p - c["rate"] * g, {}
    velocity = c["momentum"] * kept["velocity"] + g
    return p - c["rate"] * velocity, {"velocity": velocity}


def adam(p: Tensor, g: Tensor, kept: Given, c: Given) -> tuple[Tensor, Tensors]:
    """Adam.

    References:
        Adam: A Method for Stochastic Optimization (Kingma, Ba, 2014). https://arxiv.org/abs/1412.6980
    """
    towards, moments = _direction(g, kept, c, 0)
    return p - c["rate"] * towards, moments


def adamw(p: Tensor, g: Tensor, kept: Given, c: Given) -> tuple[Tensor, Tensors]:
    """Adam with decoupled weight decay.

    References:
        Decoupled Weight Decay Regularization (Loshchilov, Hutter, 2017). https://arxiv.org/abs/1711.05101
    """
    return adam(p - c["rate"] * c["decoupled"] * p if "decoupled" in c else p, g, kept, c)


def rmsprop(p: Tensor, g: Tensor, kept: Given, c: Given) -> tuple[Tensor, Tensors]:
    """RMSprop with torch's decay of 0.99.

    References:
        Neural Networks for Machine Learning, lecture 6 (Tieleman, Hinton, 2012).
            https://www.cs.toronto.edu/~tijmen/csc321/slides/lecture_slides_lec6.pdf
    """
    second = RMSPROP_DECAY * kept["second"] + (1 - RMSPROP_DECAY) * g * g
    after, velocity = sgd(p, g / (second.sqrt() + c["epsilon"]), kept, c)
    return after, {"second": second, **velocity}


def optimistic_sgd(p: Tensor, g: Tensor, kept: Given, c: Given) -> tuple[Tensor, Tensors]:
    """See `saddlepoint.optimisers.optimistic`."""
    return p - c["rate"] * (g + c["begun"] * (g - kept["previous"])), {"previous": g}


def optimistic_adam(p: Tensor, g: Tensor, kept: Given, c: Given) -> tuple[Tensor, Tensors]:
    """See `saddlepoint.optimisers.optimistic`."""
    towards, moments = _direction(g, kept, c, 0)
    after, previous = optimistic_sgd(p, towards, kept, c)
    return after, {**moments, **previous}


def extra_adam(p: Tensor, g: Tensor, kept: Given, c: Given) -> tuple[Tensor, Tensors]:
    """See `saddlepoint.optimisers.extragradient`: the parameters are extrapolated from `base`."""
    towards, moments = _direction(g, kept, c, 0)
    base = kept["base"] - c["rate"] * towards
    ahead, moments = _direction(g, moments, c, 1)
    return base - c["rate"] * ahead, {**moments, "base": base}


MOMENTS = ("first", "second")
ADAM = ("epsilon", "beta2", "fresh1", "fresh2")
STACKED: dict[OptimiserName, StackedOptimiser] = {
    "adam": StackedOptimiser(adam, MOMENTS, (*ADAM, "weight_decay"), 1),
    "adamw": StackedOptimiser(adamw, MOMENTS, (*ADAM, "decoupled"), 1),
    "sgd": StackedOptimiser(sgd, ("velocity",), ("momentum", "weight_decay")),
    "rmsprop": StackedOptimiser(rmsprop, ("second", "velocity"), ("epsilon", "momentum", "weight_decay")),
    "optimistic-sgd": StackedOptimiser(optimistic_sgd, ("previous",), ("weight_decay",)),
    "optimistic-adam": StackedOptimiser(optimistic_adam, (*MOMENTS, "previous"), (*ADAM, "weight_decay"), 1),
    "extra-adam": StackedOptimiser(extra_adam, (*MOMENTS, "base"), (*ADAM, "weight_decay"), 2),
}


def update(name: OptimiserName, p: Tensor, g: Tensor, kept: Given, c: Given) -> tuple[Tensor, Tensors]:
    """One move of one player in all replicas.

    Args:
        name: of the optimiser.
        p: parameters.
        g: gradients.
        kept: state of the optimiser, by name.
        c: coefficients, by name.

    Returns:
        The new parameters and the new state. For historical averaging see `saddlepoint.optimisers.averaging`.

    References:
        Taming GANs with Lookahead-Minmax (Chavdarova, Pagliardini, Stich, Fleuret, Jaggi, 2021),
        https://arxiv.org/abs/2006.14567
    """
    if "weight_decay" in c:
        g = g + c["weight_decay"] * p
    if "pull" in c:
        g = g + c["pull"] * (p - kept["mean"])
    after, remembered = STACKED[name].formula(p, g, kept, c)
    if "pull" in c:
        mean = kept["mean"] + c["newest"] * (after - kept["mean"])
        remembered = {**remembered, "mean": mean}
    if "share" in c:
        slow = kept["slow"] + c["back"] * c["share"] * (after - kept["slow"])
        after, remembered = after + c["back"] * (slow - after), {**remembered, "slow": slow}
    return after, remembered


def memory(settings: Sequence[OptimiserSettings]) -> tuple[str, ...]:
    """Return the names of the state tensors that these replicas need.

    The velocity is needed only with momentum, slow weights only with lookahead, and a mean only with historical averaging.

    Args:
        settings: of each replica.
    """
    kept = STACKED[settings[0].name].memory
    if not any(own.momentum for own in settings):
        kept = tuple(name for name in kept if name != "velocity")
    kept = (*kept, "mean") if any(own.historical_averaging for own in settings) else kept
    return (*kept, "slow") if any(own.lookahead for own in settings) else kept


def constants(settings: Sequence[OptimiserSettings]) -> Tensors:
    """The constant coefficients, (S,) float32 each; terms that no replica has are left out."""
    columns = {
        "momentum": [own.momentum for own in settings],
        "weight_decay": [own.weight_decay for own in settings],
        "decoupled": [own.weight_decay for own in settings],
        "epsilon": [own.epsilon for own in settings],
        "beta2": [own.betas[1] for own in settings],
        # 1 - beta is computed here, because in float32 it would keep only five digits.
        "fresh1": [1 - own.betas[0] for own in settings],
        "fresh2": [1 - own.betas[1] for own in settings],
        "share": [own.lookahead_share for own in settings],
        "pull": [2 * own.historical_averaging for own in settings],
    }
    numbers = STACKED[settings[0].name].numbers
    needed = [name for name in numbers if name in ADAM or any(columns[name])]
    needed += ["share"] if any(own.lookahead for own in settings) else []
    needed += ["pull"] if any(columns["pull"]) else []
    return {name: torch.tensor(columns[name], dtype=torch.float32) for name in needed}


def by_step(settings: Sequence[OptimiserSettings], first: int, count: int, steps: int, moves: int) -> Tensors:
    """Return the coefficients that change from step to step, (count, moves, S) float64 each.

    Args:
        settings: of each replica.
        first: number of steps done before.
        count: number of steps.
        steps: of the whole training.
        moves: the player's moves per step.

    Returns:
        The `rate`, the corrections of Adam's moments, whether there is a previous move (`begun`), the share of the `newest`
        weights in their mean, and whether lookahead goes `back` after the move; those that apply.
    """
    shape = (count, moves, len(settings))
    found = {"rate": _rates(settings, first, count, steps)[:, None].expand(shape)}
    done = torch.arange(1, count * moves + 1, dtype=torch.float64).view(count, moves, 1) + first * moves
    optimiser = STACKED[settings[0].name]
    betas = torch.tensor([own.betas for own in settings], dtype=torch.float64)
    for update in range(optimiser.updates):
        updates = optimiser.updates * (done - 1) + update + 1
        found[f"correction{update}"] = (1 - betas[:, 0] ** updates).reciprocal()
        found[f"spread{update}"] = (1 - betas[:, 1] ** updates).rsqrt()
    if "previous" in optimiser.memory:
        found["begun"] = (done > 1).double().expand(shape)
    if any(own.historical_averaging for own in settings):
        found["newest"] = (1 / (done + 1)).expand(shape)
    every = torch.tensor([own.lookahead for own in settings], dtype=torch.float64)
    if every.any():
        found["back"] = ((every > 0) & (done % every.clamp(min=1) == 0)).double()
    return found


def _rates(settings: Sequence[OptimiserSettings], first: int, count: int, steps: int) -> Tensor:
    """The learning rates, (count, S) float64."""
    start = torch.tensor([own.learning_rate for own in settings], dtype=torch.float64)
    factors = torch.empty(count, len(settings), dtype=torch.float64)
    alike: dict[tuple[object, ...], list[int]] = {}
    for replica, own in enumerate(settings):
        key = (own.schedule, own.decay_rate, own.decay_steps, own.staircase, own.final_fraction, own.schedule_steps)
        alike.setdefault(key, []).append(replica)
    for members in alike.values():
        own = settings[members[0]]
        factor = [SCHEDULES[own.schedule](own, step, steps) for step in range(first, first + count)]
        factors[:, members] = torch.tensor(factor, dtype=torch.float64)[:, None]
    return start * factors


def _direction(g: Tensor, kept: Given, c: Given, update: int) -> tuple[Tensor, Tensors]:
    """Adam's direction and its updated moments."""
    first = kept["first"] + c["fresh1"] * (g - kept["first"])
    second = c["beta2"] * kept["second"] + c["fresh2"] * (g * g)
    towards = c[f"correction{update}"] * first / (second.sqrt() * c[f"spread{update}"] + c["epsilon"])
    return towards, {"first": first, "second": second}
