"""Training of the small networks behind features: at most a fixed amount of work, minutes on any data."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from saddlepoint.progress import task

_WORK = 5e12  # floating-point operations, backward passes included: two minutes on two cores
_MOST_SEEN = 200_000  # examples in all batches together
_EPOCHS = 40
_LEAST_STEPS = 50
_LEARNING_RATE = 3e-3
_WEIGHT_DECAY = 0.01


def steps_for(
    network: nn.Module, example: Tensor, examples: int, batch: int, views: int = 1, work: float = _WORK
) -> int:
    """Number of training steps: 40 epochs, or fewer if that is too much work.

    Args:
        network: to train.
        example: (1, *event) in the network's units.
        examples: number of training examples.
        batch: examples in a batch.
        views: versions of each example of a batch.
        work: most floating-point operations of all steps, backward passes included.
    """
    network.eval()
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        network(example)
    # Of an example; a backward pass costs two forward passes.
    operations = 3 * views * max(1, counter.get_total_flops())
    seen = min(_EPOCHS * examples, _MOST_SEEN, int(work / operations))
    return max(_LEAST_STEPS, seen // batch)


def fit(
    networks: tuple[nn.Module, ...],
    loss: Callable[[Tensor], Tensor],
    *,
    examples: int,
    batch: int,
    steps: int,
    generator: torch.Generator,
    what: str,
) -> None:
    """Minimise a loss over the weights of networks; afterwards they are in evaluation mode, with frozen weights.

    Args:
        networks: to train together.
        loss: mean loss over the examples at index (batch,) int64.
        examples: number of training examples.
        batch: examples in a batch.
        steps: training steps.
        generator: of the order of examples.
        what: name of the task for progress displays.

    References:
        Decoupled Weight Decay Regularization (Ilya Loshchilov, Frank Hutter, 2019), https://arxiv.org/abs/1711.05101
        Super-Convergence: Very Fast Training of Neural Networks Using Large Learning Rates (Leslie N. Smith, Nicholay
            Topin,
        2019), for the one-cycle schedule, https://arxiv.org/abs/1708.07120
    """
    weights = [weight for network in networks for weight in network.parameters()]
    optimiser = torch.optim.AdamW(weights, _LEARNING_RATE, weight_decay=_WEIGHT_DECAY, fused=True)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, _LEARNING_RATE, total_steps=steps, pct_start=0.2)
    for network in networks:
        network.train()
    with task(what, steps) as advance, torch.enable_grad():
        for index in itertools.islice(_batches(examples, batch, generator), steps):
            value = loss(index)
            optimiser.zero_grad()
            value.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            schedule.step()
            advance(1)
    for network in networks:
        network.eval().requires_grad_(False)


def _batches(examples: int, batch: int, generator: torch.Generator) -> itertools.chain[Tensor]:
    """An endless sequence of batches of indices; each epoch has a new order, and an incomplete last batch is dropped."""
    size = min(batch, examples)
    orders = (torch.randperm(examples, generator=generator) for _ in itertools.count())
    return itertools.chain.from_iterable(torch.split(order[: examples - examples % size], size) for order in orders)
