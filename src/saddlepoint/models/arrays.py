"""Examples given as arrays, and functions of them in chunks; shared by the families."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from saddlepoint.arguments import shown
from saddlepoint.errors import SettingError

# Rows in one pass: convolutions run twice as fast on batches whose activations fit into the cache of the CPU.
CHUNK = 250

Numbers = Tensor | npt.NDArray[Any]


def as_tensor(x: Numbers, what: str = "Examples") -> Tensor:
    """Convert an array to a tensor; a tensor is returned unchanged.

    Args:
        x: (N, ...) real numbers.
        what: the name of x in error messages.

    Raises:
        SettingError: x is not an array of real numbers with at least one axis.
    """
    try:
        # A copy, since torch accepts no arrays that are read-only or have negative strides.
        tensor = x if isinstance(x, Tensor) else torch.from_numpy(np.array(x))
    except (TypeError, ValueError, RuntimeError):
        raise SettingError(
            f"{what} of type {type(x).__name__} are not an array of numbers; give a tensor or an array (N, ...)."
        ) from None
    if tensor.ndim == 0 or tensor.is_complex():
        kind = "are complex numbers" if tensor.is_complex() else "are a single number"
        raise SettingError(f"{what} {kind}; give a tensor or an array of real numbers (N, ...).")
    return tensor


def check_generator(where: str, generator: torch.Generator | None) -> None:
    """Check that a generator is a torch.Generator or None.

    Args:
        where: the name of the caller in the error message.
        generator: the argument.

    Raises:
        SettingError: it is neither.
    """
    if generator is not None and not isinstance(generator, torch.Generator):
        raise SettingError(
            f"{where}: generator is {shown(generator)}; give a torch.Generator, such as torch.Generator().manual_seed(0)."
        )


def in_chunks(function: Callable[[Tensor], Tensor], x: Numbers, size: int = CHUNK) -> Tensor:
    """Apply a function of independent rows to `size` rows at a time, to limit the use of memory.

    A single remaining row is added to the chunk before it, since networks that normalise by the batch need two rows.

    Args:
        function: (B, ...) -> (B, ...), row by row.
        x: (N, ...).
        size: rows in a chunk.

    Returns:
        (N, ...).

    Raises:
        SettingError: the network normalises by the batch, and x has one row.
    """
    x = as_tensor(x)
    parts = list(torch.split(x, size))
    if len(parts) > 1 and len(parts[-1]) == 1:
        parts[-2:] = [torch.cat(parts[-2:])]
    try:
        return torch.cat([function(part) for part in parts])
    except ValueError as error:
        if len(x) != 1 or "more than 1 value per channel" not in str(error):
            raise
        raise SettingError(
            "A network normalises by the batch (a BatchNorm without running statistics), and a batch of one example has no "
            "statistics: use two or more examples, or set track_running_stats=True in the layer."
        ) from error


def device_of(generator: torch.Generator | None) -> torch.device:
    """Return the device on which a generator draws; the CPU for torch's global generator (None)."""
    return torch.device("cpu") if generator is None else generator.device


def standard_error(values: Tensor) -> Tensor:
    """Return the standard error of the mean of values (N,), () float64, for N of at least 2."""
    return torch.tensor(float(values.std()) / math.sqrt(len(values)), dtype=torch.float64)


def check_completion(x: Numbers, known: Tensor, generator: torch.Generator | None) -> Tensor:
    """Check the arguments of `complete`.

    Args:
        x: (N, *event); missing numbers may have any value, or not even be numbers.
        known: (N, *event) bool.
        generator: the argument of that name.

    Returns:
        (N, *event) x with 0 where it is missing.

    Raises:
        SettingError: x is no array of numbers, known is no mask of it, or generator is no torch.Generator.
    """
    check_generator("complete", generator)
    x = as_tensor(x)
    if not isinstance(known, Tensor) or known.dtype != torch.bool or known.shape != x.shape:
        got = f"{tuple(known.shape)} {known.dtype}" if isinstance(known, Tensor) else shown(known)
        raise SettingError(
            f"complete: known is {got}; give a tensor of booleans of the shape of x, {tuple(x.shape)}, that says which numbers are "
            "known."
        )
    return torch.where(known, x, torch.zeros_like(x))


def normal_like(x: Tensor, generator: torch.Generator | None) -> Tensor:
    """Draw standard normal numbers of the shape, type and device of x."""
    return torch.randn(x.shape, generator=generator, device=device_of(generator)).to(x)


def uniform_like(x: Tensor, generator: torch.Generator | None) -> Tensor:
    """Draw uniform numbers on [0, 1) of the shape, type and device of x."""
    return torch.rand(x.shape, generator=generator, device=device_of(generator)).to(x)
