"""A network that caches its last forward pass.

Where two phases share their noise, the generator would compute the same samples twice: once for the discriminator's move,
and once for its own. The cached output comes with its graph, so that the generator can still be differentiated.
"""

from __future__ import annotations

from typing import Any

from torch import nn


class CachedForward:
    """A callable that returns the last output of a network again for the very same arguments.

    Arguments, positional and by name (labels), are compared by identity: equal tensors are computed again. A cached output
    is returned once, since its graph is good for one backward pass.
    """

    def __init__(self, network: nn.Module) -> None:
        self._network = network
        self._arguments: tuple[tuple[Any, ...], dict[str, Any]] | None = None
        self._output: Any = None

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        """The network's output for these arguments."""
        if self._arguments is not None and _are_identical(self._arguments, (arguments, named)):
            output, self._arguments, self._output = self._output, None, None
            return output
        self._arguments, self._output = (arguments, named), self._network(*arguments, **named)
        return self._output


def _are_identical(one: tuple[tuple[Any, ...], dict[str, Any]], other: tuple[tuple[Any, ...], dict[str, Any]]) -> bool:
    (arguments, named), (others, others_named) = one, other
    return (
        len(arguments) == len(others)
        and named.keys() == others_named.keys()
        and all(a is b for a, b in zip(arguments, others, strict=True))
        and all(value is others_named[name] for name, value in named.items())
    )
