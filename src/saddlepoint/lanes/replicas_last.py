"""Runs a graph of one replica for all replicas, with the replicas as the last axis of every tensor.

`vmap` puts the replicas first, and a compiler then makes loops over the axes behind them, which have 4 or 8 entries in a small
game. With the replicas last every loop runs over them. Broadcasting aligns axes from the right, so pointwise operators need no
change. Operators with axes or shapes as arguments are translated here. A graph with any other operator needs `vmap`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.fx import GraphModule, Interpreter

aten = torch.ops.aten


class ReplicasLast(Interpreter):
    """Runs the graph of one replica on tensors (*shape, S); tensors that are the same for all replicas are (*shape, 1)."""

    def call_function(self, target: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if target in TRANSLATED:
            return TRANSLATED[target](*args, **kwargs)
        return target(*args, **kwargs)

    def get_attr(self, target: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        value = super().get_attr(target, args, kwargs)
        return value[..., None] if isinstance(value, Tensor) else value


def is_translatable(graph: GraphModule) -> bool:
    """Whether `ReplicasLast` can run every operator of the graph."""
    targets = {node.target for node in graph.graph.nodes if node.op == "call_function"}
    return all(target in TRANSLATED or _pointwise(target) for target in targets)


def _pointwise(target: Any) -> bool:
    return target in ELEMENTWISE or torch.Tag.pointwise in getattr(target, "tags", ())


def _axis(x: Tensor, axis: int) -> int:
    """The axis of a single replica's tensor, counted from the left."""
    return axis if axis >= 0 else x.dim() - 1 + axis


def _axes(x: Tensor, axes: Sequence[int] | None) -> list[int]:
    """Several axes, as `_axis`; None or none means all."""
    return [_axis(x, axis) for axis in axes] if axes else list(range(x.dim() - 1))


def _sum(x: Tensor, axes: Sequence[int] | None = None, keep: bool = False, *, dtype: Any = None) -> Tensor:
    named = _axes(x, axes)
    # An empty list of axes would mean all of them for torch, including the replicas.
    return x.sum(named, keep, dtype=dtype) if named else x.to(dtype or x.dtype)


def _mean(x: Tensor, axes: Sequence[int] | None = None, keep: bool = False, *, dtype: Any = None) -> Tensor:
    named = _axes(x, axes)
    return x.mean(named, keep, dtype=dtype) if named else x.to(dtype or x.dtype)


def _view(x: Tensor, shape: Sequence[int]) -> Tensor:
    return x.reshape(*shape, x.shape[-1])


def _expand(x: Tensor, shape: Sequence[int], *, implicit: bool = False) -> Tensor:
    return x.expand(*shape, x.shape[-1])


def _unsqueeze(x: Tensor, axis: int) -> Tensor:
    return x.unsqueeze(axis if axis >= 0 else axis - 1)


def _squeeze(x: Tensor, axis: int | Sequence[int]) -> Tensor:
    return x.squeeze(tuple(_axes(x, [axis] if isinstance(axis, int) else axis)))


def _transpose(x: Tensor, first: int, second: int) -> Tensor:
    return x.transpose(_axis(x, first), _axis(x, second))


def _transpose_matrix(x: Tensor) -> Tensor:
    return x.transpose(0, 1) if x.dim() == 3 else x


def _permute(x: Tensor, axes: Sequence[int]) -> Tensor:
    return x.permute(*_axes(x, axes), x.dim() - 1)


def _slice(x: Tensor, axis: int = 0, start: Any = None, end: Any = None, pace: int = 1) -> Tensor:
    sliced: Tensor = aten.slice.Tensor(x, _axis(x, axis), start, end, pace)
    return sliced


def _select(x: Tensor, axis: int, index: int) -> Tensor:
    return x.select(_axis(x, axis), index)


def _cat(parts: Sequence[Tensor], axis: int = 0) -> Tensor:
    replicas = max(part.shape[-1] for part in parts)
    return torch.cat([part.expand(*part.shape[:-1], replicas) for part in parts], _axis(parts[0], axis))


def _stack(parts: Sequence[Tensor], axis: int = 0) -> Tensor:
    return _cat([_unsqueeze(part, axis) for part in parts], axis)


def _create(factory: Any) -> Callable[..., Tensor]:
    """A tensor that is created from numbers is the same for all replicas."""

    def make(*args: Any, **kwargs: Any) -> Tensor:
        value: Tensor = factory(*args, **kwargs)
        return value[..., None]

    return make


ELEMENTWISE: frozenset[Any] = frozenset(
    {
        aten.detach.default, aten.clone.default, aten.alias.default, aten.ones_like.default, aten.zeros_like.default,
        aten.full_like.default, aten._to_copy.default, aten.where.self, aten.softplus_backward.default,
        aten.tanh_backward.default, aten.sigmoid_backward.default, aten.threshold_backward.default,
        aten.leaky_relu_backward.default, aten.elu_backward.default, aten.gelu_backward.default,
        aten.silu_backward.default, aten.empty_like.default, aten.fill_.Scalar,
    }
)  # fmt: skip
TRANSLATED: dict[Any, Callable[..., Any]] = {
    aten.sum.default: _sum,
    aten.sum.dim_IntList: _sum,
    aten.mean.default: _mean,
    aten.mean.dim: _mean,
    aten.view.default: _view,
    aten._unsafe_view.default: _view,
    aten.reshape.default: _view,
    aten.expand.default: _expand,
    aten.unsqueeze.default: _unsqueeze,
    aten.squeeze.dim: _squeeze,
    aten.squeeze.dims: _squeeze,
    aten.transpose.int: _transpose,
    aten.t.default: _transpose_matrix,
    aten.permute.default: _permute,
    aten.slice.Tensor: _slice,
    aten.select.int: _select,
    aten.cat.default: _cat,
    aten.stack.default: _stack,
    aten.full.default: _create(aten.full.default),
    aten.zeros.default: _create(aten.zeros.default),
    aten.ones.default: _create(aten.ones.default),
    aten.scalar_tensor.default: _create(aten.scalar_tensor.default),
}
