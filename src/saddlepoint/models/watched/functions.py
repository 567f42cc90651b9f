"""What the user's own code can do: sample, encode and decode, called so that the training around it is not changed."""

from __future__ import annotations

import contextlib
import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from saddlepoint.errors import PartError, SaddlepointError
from saddlepoint.models.arrays import as_tensor
from saddlepoint.models.watched.undisturbed import attributes_of, generators_among, seed_everything, undisturbed

Sampler = Callable[[int], Any]
Coder = Callable[[Tensor], Any]


@dataclass(frozen=True)
class Functions:
    """The user's functions, and the networks that they use.

    Attributes:
        sample: number of samples -> (n, ...) in the data's units; None where it was not given.
        encode: (N, *event) -> codes, or a pair of mean and log-variance; None where it was not given.
        decode: codes -> (N, ...) in the data's units; None where it was not given.
        modules: all networks that these functions and the players use.
        generators: of random numbers that these functions use.
    """

    sample: Sampler | None = None
    encode: Coder | None = None
    decode: Coder | None = None
    modules: tuple[nn.Module, ...] = ()
    generators: tuple[Any, ...] = ()

    @classmethod
    def of(
        cls, sample: Sampler | None, encode: Coder | None, decode: Coder | None, players: Mapping[str, nn.Module]
    ) -> Functions:
        """Return the functions with the networks of the players, and the networks and generators that they refer to."""
        used = [*players.values(), *(value for function in (sample, encode, decode) for value in names_of(function))]
        reached = [*used, *(attribute for value in used for attribute in attributes_of(value))]
        found = {id(module): module for module in reached if isinstance(module, nn.Module)}
        return cls(sample, encode, decode, tuple(found.values()), tuple(generators_among(reached)))

    def undisturbed(self) -> contextlib.AbstractContextManager[None]:
        """Context manager: evaluation mode without gradients; random numbers, modes and buffers are restored afterwards."""
        return undisturbed(self.modules, self.generators)

    def draw(self, n: int, seed: int) -> Tensor:
        """Draw samples; the same seed and weights give the same samples.

        Args:
            n: how many.
            seed: of all random numbers.

        Returns:
            (n, ...) float32 as the user's function shapes them.

        Raises:
            PartError: the function fails, or does not return n samples.
        """
        assert self.sample is not None
        with self.undisturbed(), calling("sample"):
            seed_everything(seed, self.generators)
            samples = first_tensor(self.sample(n), "sample: what it returns")
            if len(samples) != n:
                raise PartError(
                    f"sample: {n} samples were asked for, and {len(samples):,} came: return (n, ...) for sample(n)."
                )
            return samples.float()


@contextlib.contextmanager
def calling(name: str) -> Any:
    """Turn an error of the user's function into a PartError that names it."""
    try:
        yield
    except SaddlepointError:
        raise
    except Exception as error:
        raise PartError(f"{name}: your function failed with {type(error).__name__}: {error}") from error


def first_tensor(value: Any, what: str = "Outputs") -> Tensor:
    """Return the tensor that a function returned, the first one of several, without its graph."""
    return as_tensor(first_of(value), what).detach()


def first_of(output: Any) -> Any:
    """Return what a network or function returned, the first part if it returned several."""
    while isinstance(output, tuple | list) and output:
        output = output[0]
    return output


def names_of(function: Any) -> list[Any]:
    """Return a function, the object that it belongs to, and what the names in its code stand for."""
    if function is None:
        return []
    found = [function, getattr(function, "__self__", None)]
    with contextlib.suppress(TypeError, ValueError):  # it is not written in Python
        names = inspect.getclosurevars(getattr(function, "__func__", function))
        found += [*names.nonlocals.values(), *names.globals.values()]
    return found


def unwrapped(module: nn.Module) -> nn.Module:
    """Return the network inside DataParallel or DistributedDataParallel, whose forward pass waits for other processes."""
    wrappers = (nn.DataParallel, nn.parallel.DistributedDataParallel)
    return module.module if isinstance(module, wrappers) else module


def device_of(modules: Iterable[nn.Module]) -> torch.device:
    """Return the device of the first parameter; the CPU without any."""
    first = next((parameter for module in modules for parameter in module.parameters()), None)
    return torch.device("cpu") if first is None else first.device
