"""How many processor threads a run uses.

Threads share one operator's work and wait for each other at its end. For an operator of microseconds that gains little
on an idle machine, and on a busy one, where a thread has to wait for a core, the others wait with it: small perceptrons
then train ten to a hundred times slower. So small games are trained on one thread.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import torch

from saddlepoint.models.base import Model

# Weights times examples in a batch. On two idle cores a second thread made games below this at most 1.2 times faster,
# those above it 1.3 to 1.8 times; on busy ones it made the small ones up to 100 times slower.
WORTH_SHARING = 20_000_000


def threads_for(model: Model, batch_size: int, wanted: int | None = None) -> int:
    """Return the number of threads to train a model on.

    It depends on nothing that varies between two runs on one machine, because the order of sums, and with it the last
    bits of a result, depends on the number of threads.

    Args:
        model: the model to be trained.
        batch_size: examples in a batch.
        wanted: the setting `training.threads`; None takes 1 for a small game and torch's current number for others.
    """
    if wanted is not None:
        return wanted
    weights = sum(p.numel() for player in model.players.values() for p in player.parameters())
    return torch.get_num_threads() if weights * batch_size >= WORTH_SHARING else 1


@contextlib.contextmanager
def using_threads(threads: int) -> Iterator[None]:
    """Let torch use this number of threads within the block."""
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        yield
    finally:
        torch.set_num_threads(before)
