"""A cache of index tensors and the like, which cost more to build than to use."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import ParamSpec, TypeVar

import torch
from torch.utils._python_dispatch import _get_current_dispatch_mode

P = ParamSpec("P")
T = TypeVar("T")


def cached_tensors(build: Callable[P, T]) -> Callable[P, T]:
    """Decorator: cache a function whose result holds tensors.

    The function is called anew where new tensors are only described, as when memory is estimated without computing, and while a graph is
    traced or compiled: its tensors belong to this description or graph, and would bring it into later steps.
    """
    cached: Callable[P, T] = lru_cache(maxsize=64)(build)  # type: ignore[assignment]

    def get(*arguments: P.args, **named: P.kwargs) -> T:
        if torch.compiler.is_compiling() or _get_current_dispatch_mode() is not None:  # torch has no public name for it
            return build(*arguments, **named)
        with torch.inference_mode(False):  # what is cached must serve training too
            return cached(*arguments, **named)

    return get
