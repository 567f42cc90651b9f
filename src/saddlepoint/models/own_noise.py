"""Noise that a network draws by itself, from torch's global generators: decided by the network's input.

Generators in the manner of StyleGAN add noise in their hidden layers, and dropout may stay on. The same code then makes
another example at every call, whatever generator was given for the code. Within `decided_by(z)` the global generators start
from a seed that z alone decides, and are put back afterwards, so that the caller's random numbers stay what they were.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import torch
from torch import Tensor

_NUMBERS = 64  # of z that the seed is made of


@contextlib.contextmanager
def decided_by(z: Tensor) -> Iterator[None]:
    """Within it, what torch's global generators draw depends on z (N, ...) alone.

    Args:
        z: codes, on the device of the network. Under `torch.vmap`, where numbers cannot be read, nothing is decided: what
            is mapped draws from no global generator.
    """
    if torch._C._functorch.is_batchedtensor(z):
        yield
        return
    with torch.random.fork_rng(devices=[z.device] if z.device.type == "cuda" else []):
        torch.manual_seed(_seed_of(z))
        yield


def _seed_of(z: Tensor) -> int:
    """A seed from the bits of the first numbers of z; 0 for no numbers."""
    bits = z.detach().flatten()[:_NUMBERS].to("cpu", torch.float32).contiguous().view(torch.int32).tolist()
    seed = 0
    for word in bits:
        seed = (seed * 1_000_003 + word) % (1 << 63)
    return seed
