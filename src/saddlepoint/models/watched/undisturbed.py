"""Run other code between two steps of somebody else's training without any effect on it.

Sampling draws random numbers, networks have modes, and BatchNorm has running statistics: each of them would change the training
that follows. All are saved before the block and restored after it.
"""

from __future__ import annotations

import contextlib
import random
from collections.abc import Iterable, Iterator

import numpy as np
import torch
from torch import Tensor, nn

from saddlepoint.networks.evaluating import evaluating


@contextlib.contextmanager
def undisturbed(modules: Iterable[nn.Module]) -> Iterator[None]:
    """Within the block: no gradients, and evaluation mode. Afterwards, random numbers, modes and buffers are as before.

    Args:
        modules: the networks that the block may use. The mode and the buffers of each layer are restored.
    """
    modules = list(modules)
    buffers = [(buffer, buffer.detach().clone()) for module in modules for buffer in module.buffers()]
    with _same_random_numbers(), evaluating(*modules):
        try:
            yield
        finally:
            _restore(buffers)


def _restore(buffers: list[tuple[Tensor, Tensor]]) -> None:
    """Copy back the buffers that changed; writing to the others would mark them as modified for autograd."""
    with torch.no_grad():
        for buffer, before in buffers:
            if not torch.equal(buffer, before):
                buffer.copy_(before)


@contextlib.contextmanager
def _same_random_numbers() -> Iterator[None]:
    """Restore the states of Python's, NumPy's and torch's global generators after the block."""
    of_python, of_numpy = random.getstate(), np.random.get_state()  # noqa: NPY002  # the user's code may use it
    of_torch = torch.get_rng_state()
    of_cuda = torch.cuda.get_rng_state_all() if torch.cuda.is_available() else []
    has_mps = torch.backends.mps.is_available()
    of_mps = torch.mps.get_rng_state() if has_mps else None
    try:
        yield
    finally:
        random.setstate(of_python)
        np.random.set_state(of_numpy)  # noqa: NPY002
        torch.set_rng_state(of_torch)
        if of_cuda:
            torch.cuda.set_rng_state_all(of_cuda)
        if of_mps is not None:
            torch.mps.set_rng_state(of_mps)


def seed_everything(seed: int) -> None:
    """Seed Python's, NumPy's and torch's global generators; call it within `undisturbed` only."""
    random.seed(seed)
    np.random.seed(seed % 2**32)  # noqa: NPY002
    torch.manual_seed(seed)
