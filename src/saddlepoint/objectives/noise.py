"""Random numbers of one phase, drawn by the model and handed to the loss as one typed bundle.

A loss never draws: exact resume, tests and replicas rely on it. Each kind of game has a frozen dataclass of its own; a field
that is None was not drawn. Bundles are nodes of torch's pytrees, so that `torch.func.vmap` stacks them.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any, TypeVar

from torch.utils import _pytree as pytree

T = TypeVar("T", bound=type)

Context = tuple[str, ...]


def noise_bundle(cls: T) -> T:
    """Register a frozen dataclass as a node of torch's pytrees; fields that are None are no leaves."""

    def flatten(bundle: Any) -> tuple[list[Any], Context]:
        present = tuple(f.name for f in dataclasses.fields(bundle) if getattr(bundle, f.name) is not None)
        return [getattr(bundle, name) for name in present], present

    def unflatten(values: Any, present: Context) -> Any:
        return cls(**dict(zip(present, values, strict=True)))

    register: Callable[..., None] = pytree.register_pytree_node
    register(cls, flatten, unflatten, serialized_type_name=f"saddlepoint.{cls.__name__}")
    return cls
