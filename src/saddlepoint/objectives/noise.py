"""Random numbers of one phase, drawn by the model and passed to the loss as one typed bundle.

A loss never draws random numbers itself: exact resume, tests and replicas depend on this. Each kind of game has its own frozen
dataclass; a field that is None was not drawn. Bundles are nodes of torch's pytrees, so that `torch.func.vmap` can stack them.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any, TypeVar

from torch.utils import _pytree as pytree

T = TypeVar("T", bound=type)

Context = tuple[str, ...]


def noise_bundle(cls: T) -> T:
    """Register a frozen dataclass as a node of torch's pytrees; a field that is None has no leaf."""

    names = tuple(field.name for field in dataclasses.fields(cls))

    def flatten(bundle: Any) -> tuple[list[Any], Context]:
        values = [(name, getattr(bundle, name)) for name in names]
        present = [(name, value) for name, value in values if value is not None]
        return [value for _, value in present], tuple(name for name, _ in present)

    def unflatten(values: Any, present: Context) -> Any:
        return cls(**dict(zip(present, values, strict=True)))

    register: Callable[..., None] = pytree.register_pytree_node
    register(cls, flatten, unflatten, serialized_type_name=f"saddlepoint.{cls.__name__}")
    return cls


def noise_form(noise: Any) -> tuple[Any, ...]:
    """What was drawn, as a key: the names of a bundle's fields that are not None, and of the parts in them."""
    if not dataclasses.is_dataclass(noise):
        return (str(pytree.tree_structure(noise)),)
    values = vars(noise).items()
    return tuple(
        (name, tuple(value) if isinstance(value, dict) else None) for name, value in values if value is not None
    )
