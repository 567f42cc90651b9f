"""How many processor threads a run uses.

Threads share one operator's work and wait for each other at its end. For an operator of microseconds that gains little
on an idle machine, and on a busy one, where a thread has to wait for a core, the others wait with it: small perceptrons
then train ten to a hundred times slower. So small games play on one thread.
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
    """`wanted`, or by the size of the game: 1 for a small one, torch's present number for others.

    The answer depends on nothing that varies between two runs on one machine, because the order of sums, and with it
    the last bits of a result, depends on the number of threads.
    """
    if wanted is not None:
        return wanted
    weights = sum(p.numel() for player in model.players.values() for p in player.parameters())
    return torch.get_num_threads() if weights * batch_size >= WORTH_SHARING else 1


@contextlib.contextmanager
def using_threads(threads: int) -> Iterator[None]:
    """Within the block torch computes on so many threads."""
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        yield
    finally:
        torch.set_num_threads(before)
