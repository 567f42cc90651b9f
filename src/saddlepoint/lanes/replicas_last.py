"""A graph of one replica, run for all replicas with the replicas as the last axis of every tensor.

`vmap` puts the replicas first, and a compiler that follows it makes loops over the axes behind them, which in a small game
have 4 or 8 entries. With the replicas last every loop runs over them. Broadcasting aligns axes from the right, so pointwise
operators need no change; what names axes or shapes is translated here, operator by operator. A graph with any other operator
is for `vmap`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.fx import GraphModule, Interpreter

aten = torch.ops.aten


class ReplicasLast(Interpreter):
    """Runs the graph of one replica on tensors (*shape, S); a tensor that is the same in all replicas is (*shape, 1)."""

    def call_function(self, target: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if target in TRANSLATED:
            return TRANSLATED[target](*args, **kwargs)
        return target(*args, **kwargs)

    def get_attr(self, target: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        value = super().get_attr(target, args, kwargs)
        return value[..., None] if isinstance(value, Tensor) else value


def translatable(graph: GraphModule) -> bool:
    """Whether `ReplicasLast` knows every operator of the graph."""
    targets = {node.target for node in graph.graph.nodes if node.op == "call_function"}
    return all(target in TRANSLATED or _pointwise(target) for target in targets)


def _pointwise(target: Any) -> bool:
    return target in ELEMENTWISE or torch.Tag.pointwise in getattr(target, "tags", ())


def _axis(x: Tensor, axis: int) -> int:
    """The axis of a replica's tensor, counted from the left."""
    return axis if axis >= 0 else x.dim() - 1 + axis


def _axes(x: Tensor, axes: Sequence[int] | None) -> list[int]:
    """The same for several; none given means all."""
    return [_axis(x, axis) for axis in axes] if axes else list(range(x.dim() - 1))


def _summed(x: Tensor, axes: Sequence[int] | None = None, keep: bool = False, *, dtype: Any = None) -> Tensor:
    named = _axes(x, axes)
    # Torch takes no axes for all of them, the replicas' too.
    return x.sum(named, keep, dtype=dtype) if named else x.to(dtype or x.dtype)


def _mean(x: Tensor, axes: Sequence[int] | None = None, keep: bool = False, *, dtype: Any = None) -> Tensor:
    named = _axes(x, axes)
    return x.mean(named, keep, dtype=dtype) if named else x.to(dtype or x.dtype)


def _viewed(x: Tensor, shape: Sequence[int]) -> Tensor:
    return x.reshape(*shape, x.shape[-1])


def _expanded(x: Tensor, shape: Sequence[int], *, implicit: bool = False) -> Tensor:
    return x.expand(*shape, x.shape[-1])


def _unsqueezed(x: Tensor, axis: int) -> Tensor:
    return x.unsqueeze(axis if axis >= 0 else axis - 1)


def _squeezed(x: Tensor, axis: int | Sequence[int]) -> Tensor:
    return x.squeeze(tuple(_axes(x, [axis] if isinstance(axis, int) else axis)))


def _transposed(x: Tensor, first: int, second: int) -> Tensor:
    return x.transpose(_axis(x, first), _axis(x, second))


def _matrix_transposed(x: Tensor) -> Tensor:
    return x.transpose(0, 1) if x.dim() == 3 else x


def _permuted(x: Tensor, axes: Sequence[int]) -> Tensor:
    return x.permute(*_axes(x, axes), x.dim() - 1)


def _sliced(x: Tensor, axis: int = 0, start: Any = None, end: Any = None, pace: int = 1) -> Tensor:
    sliced: Tensor = aten.slice.Tensor(x, _axis(x, axis), start, end, pace)
    return sliced


def _selected(x: Tensor, axis: int, index: int) -> Tensor:
    return x.select(_axis(x, axis), index)


def _joined(parts: Sequence[Tensor], axis: int = 0) -> Tensor:
    replicas = max(part.shape[-1] for part in parts)
    return torch.cat([part.expand(*part.shape[:-1], replicas) for part in parts], _axis(parts[0], axis))


def _stacked(parts: Sequence[Tensor], axis: int = 0) -> Tensor:
    return _joined([_unsqueezed(part, axis) for part in parts], axis)


def _made(factory: Any) -> Callable[..., Tensor]:
    """Something that is made from no tensor is the same in all replicas."""

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
    aten.sum.default: _summed,
    aten.sum.dim_IntList: _summed,
    aten.mean.default: _mean,
    aten.mean.dim: _mean,
    aten.view.default: _viewed,
    aten._unsafe_view.default: _viewed,
    aten.reshape.default: _viewed,
    aten.expand.default: _expanded,
    aten.unsqueeze.default: _unsqueezed,
    aten.squeeze.dim: _squeezed,
    aten.squeeze.dims: _squeezed,
    aten.transpose.int: _transposed,
    aten.t.default: _matrix_transposed,
    aten.permute.default: _permuted,
    aten.slice.Tensor: _sliced,
    aten.select.int: _selected,
    aten.cat.default: _joined,
    aten.stack.default: _stacked,
    aten.full.default: _made(aten.full.default),
    aten.zeros.default: _made(aten.zeros.default),
    aten.ones.default: _made(aten.ones.default),
    aten.scalar_tensor.default: _made(aten.scalar_tensor.default),
}
