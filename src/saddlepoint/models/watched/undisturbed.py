"""Run other code between two steps of somebody else's training without any effect on it.

Sampling draws random numbers, networks have modes, and BatchNorm has running statistics: each of them would change the training
that follows. All are saved before the block and restored after it.
"""

from __future__ import annotations

import contextlib
import random
from collections.abc import Callable, Iterable, Iterator
from types import ModuleType
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from saddlepoint.networks.evaluating import evaluating

GENERATORS = (torch.Generator, np.random.Generator, np.random.RandomState, random.Random)


@contextlib.contextmanager
def undisturbed(modules: Iterable[nn.Module], generators: Iterable[Any] = ()) -> Iterator[None]:
    """Within the block: no gradients, and evaluation mode. Afterwards, random numbers, modes and buffers are as before.

    Args:
        modules: the networks that the block may use. The mode and the buffers of each layer are restored.
        generators: of random numbers of the user's own, of torch, NumPy or Python, that the block may use.
    """
    modules = list(modules)
    buffers = [(buffer, buffer.detach().clone()) for module in modules for buffer in module.buffers()]
    with _same_random_numbers(generators), evaluating(*modules):
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
def _same_random_numbers(generators: Iterable[Any]) -> Iterator[None]:
    """Restore the states of Python's, NumPy's and torch's global generators, and of other ones, after the block."""
    restore = [_restorer(generator) for generator in generators]
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
        for restored in restore:
            restored()


def _restorer(generator: Any) -> Callable[[], object]:
    """Return a function that gives a generator its present state again."""
    if isinstance(generator, torch.Generator):
        state = generator.get_state()
        return lambda: generator.set_state(state)
    if isinstance(generator, np.random.Generator):
        own, values = generator.bit_generator, generator.bit_generator.state
        return lambda: setattr(own, "state", values)
    if isinstance(generator, np.random.RandomState):
        legacy = generator.get_state()
        return lambda: generator.set_state(legacy)
    python = generator.getstate()
    return lambda: generator.setstate(python)


def attributes_of(value: Any) -> list[Any]:
    """Return the attributes of an object; none of a Python module, which has far too many."""
    attributes = {} if isinstance(value, ModuleType) else getattr(value, "__dict__", {})
    return list(attributes.values()) if isinstance(attributes, dict) else []


def generators_among(values: Iterable[Any]) -> list[Any]:
    """Return the generators of random numbers among objects, each once."""
    return list({id(value): value for value in values if isinstance(value, GENERATORS)}.values())


def seed_everything(seed: int, generators: Iterable[Any] = ()) -> None:
    """Seed Python's, NumPy's and torch's global generators and the given ones; call it within `undisturbed` only."""
    random.seed(seed)
    np.random.seed(seed % 2**32)  # noqa: NPY002
    torch.manual_seed(seed)
    for generator in generators:
        if isinstance(generator, torch.Generator):
            generator.manual_seed(seed)
        elif isinstance(generator, np.random.Generator):
            generator.bit_generator.state = type(generator.bit_generator)(seed).state
        else:
            generator.seed(seed)
