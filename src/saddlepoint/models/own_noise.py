"""Make the noise that a network itself draws from torch's global generators a function of the network's input.

Generators such as StyleGAN's add noise in their hidden layers, and dropout may be active in evaluation. The same code then
gives a different example at every call. Within `global_seed_from(z)` the global generators are seeded by z; afterwards their
states are restored, so that the caller's random numbers are not affected.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import torch
from torch import Tensor

_NUMBERS = 64  # how many numbers of z the seed is computed from


@contextlib.contextmanager
def global_seed_from(z: Tensor) -> Iterator[None]:
    """Context manager that seeds torch's global generators by z, and restores their states afterwards.

    Args:
        z: (N, ...) codes, on the device of the network. Under `torch.vmap` their values cannot be read, and the context manager
            does nothing: functions that are mapped do not draw from global generators.
    """
    if torch._C._functorch.is_batchedtensor(z):
        yield
        return
    seed = _seed_of(z)
    if z.device.type == "cpu":
        # torch.manual_seed would also note the seed, with a stack trace, for every kind of device that is not in use yet.
        state = torch.default_generator.get_state()
        try:
            torch.default_generator.manual_seed(seed)
            yield
        finally:
            torch.default_generator.set_state(state)
        return
    with torch.random.fork_rng(devices=[z.device] if z.device.type == "cuda" else []):
        torch.manual_seed(seed)
        yield


def _seed_of(z: Tensor) -> int:
    """A seed computed from the bits of the first numbers of z; 0 if z is empty."""
    bits = z.detach().flatten()[:_NUMBERS].to("cpu", torch.float32).contiguous().view(torch.int32).tolist()
    seed = 0
    for word in bits:
        seed = (seed * 1_000_003 + word) % (1 << 63)
    return seed
