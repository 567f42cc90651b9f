"""Layers of normalising flows, made of zuko's transformations of one number; this module needs the package zuko.

A coupling layer leaves half of the numbers unchanged and transforms the other half by functions whose parameters a network
computes from the first half and the class. Its inverse costs as much as the layer. A masked autoregressive layer computes the
parameters of each number from all numbers before it; its inverse needs one pass for each number.

References:
    Density estimation using Real NVP (Laurent Dinh, Jascha Sohl-Dickstein, Samy Bengio, 2016),
        https://arxiv.org/abs/1605.08803
    Neural Spline Flows (Conor Durkan, Artur Bekasov, Iain Murray, George Papamakarios, 2019),
        https://arxiv.org/abs/1906.04032
    Masked Autoregressive Flow for Density Estimation (George Papamakarios, Theo Pavlakou, Iain Murray, 2017),
        https://arxiv.org/abs/1705.07057
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from zuko.flows.autoregressive import MaskedAutoregressiveTransform
from zuko.nn import MLP
from zuko.transforms import DependentTransform, MonotonicAffineTransform, MonotonicRQSTransform
from zuko.utils import unpack

from saddlepoint.models.flow.settings import FlowSettings
from saddlepoint.objectives.precision import at_least_float32

Univariate = Callable[..., Any]


class Coupling(nn.Module):
    """One coupling layer: (B, D) -> (B, D).

    The numbers are put in a fixed random order. The first D // 2 of them are unchanged and come last in the output. A layer with an
    odd number permutes within the two parts of the output of the layer before, so that the unchanged numbers stay last and are
    transformed: every pair of layers transforms every number.

    Args:
        features: D.
        context: numbers that describe the class; 0 without classes.
        univariate: zuko's transformation of one number.
        shapes: of its parameters.
        hidden: widths of the network's hidden layers.
        number: of the layer, the seed of its order. The order depends on nothing else, so that models with other weights have
            the same one.
    """

    order: Tensor | None
    restore: Tensor | None

    def __init__(
        self,
        features: int,
        context: int,
        univariate: Univariate,
        shapes: Sequence[tuple[int, ...]],
        hidden: Sequence[int],
        number: int,
    ) -> None:
        super().__init__()
        self.kept, self.features = features // 2, features
        self.univariate, self.shapes = univariate, shapes
        self.parameters_each = sum(torch.Size(shape).numel() for shape in shapes)
        order = restore = None
        if features > 2:
            order = _order(features, number)
            restore = order.argsort()
        self.register_buffer("order", order)
        self.register_buffer("restore", restore)
        # A single number without a class is transformed by a function with constant parameters.
        self.network = MLP(
            max(self.kept + context, 1), (features - self.kept) * self.parameters_each, hidden_features=tuple(hidden)
        )
        start_at_identity(self.network[-1])

    def _transform(self, kept: Tensor, context: Tensor | None) -> Any:
        inputs = kept if context is None else torch.cat([kept, context], 1)
        if not inputs.shape[1]:
            inputs = inputs.new_ones(len(inputs), 1)
        parameters = at_least_float32(self.network(inputs)).reshape(
            len(inputs), self.features - self.kept, self.parameters_each
        )
        return DependentTransform(self.univariate(*unpack(parameters, self.shapes)), 1)

    def forward(self, x: Tensor, context: Tensor | None) -> tuple[Tensor, Tensor]:
        """Transform x (B, D), given the class (B, C) or None; returns (B, D) and the log determinants (B,)."""
        if self.order is not None:
            x = x.index_select(1, self.order)
        kept, changed = x[:, : self.kept], x[:, self.kept :]
        changed, log_det = self._transform(kept, context).call_and_ladj(changed)
        return torch.cat([changed, kept], 1), log_det

    def inverse(self, y: Tensor, context: Tensor | None) -> Tensor:
        """Undo `forward`: (B, D) -> (B, D)."""
        changed, kept = y[:, : self.features - self.kept], y[:, self.features - self.kept :]
        x = torch.cat([kept, self._transform(kept, context).inv(changed)], 1)
        return x if self.restore is None else x.index_select(1, self.restore)


class Autoregressive(MaskedAutoregressiveTransform):  # type: ignore[misc]
    """One masked autoregressive layer: (B, D) -> (B, D), for D of at least 2.

    Args:
        features: D.
        context: numbers that describe the class; 0 without classes.
        hidden: widths of the network's hidden layers.
        number: of the layer; layers with odd numbers have the opposite order.
    """

    def __init__(self, features: int, context: int, hidden: Sequence[int], number: int) -> None:
        order = torch.arange(features)
        super().__init__(features, context, order=order.flip(0) if number % 2 else order, hidden_features=tuple(hidden))
        start_at_identity(self.hyper[-1])

    def __new__(cls, *_: Any, **__: Any) -> Autoregressive:
        """Create a layer; zuko's method would choose another class for a single number."""
        layer: Autoregressive = nn.Module.__new__(cls)
        return layer

    def meta(self, c: Tensor | None, x: Tensor) -> Any:
        """Return the transformation of each number, given the class c (B, C) or None and the numbers before it, x (B, D)."""
        inputs = x if c is None else torch.cat([x, c], 1)
        parameters = at_least_float32(self.hyper(inputs)).reshape(len(inputs), x.shape[1], self.total)
        return DependentTransform(self.univariate(*unpack(parameters, self.shapes)), 1)

    def forward(self, x: Tensor, context: Tensor | None) -> tuple[Tensor, Tensor]:
        """Transform x (B, D), given the class (B, C) or None; returns (B, D) and the log determinants (B,)."""
        y, log_det = self.meta(context, x).call_and_ladj(x)
        return y, log_det

    def inverse(self, y: Tensor, context: Tensor | None) -> Tensor:
        """Undo `forward` in D passes: (B, D) -> (B, D)."""
        x: Tensor = super().forward(context).inv(y)
        return x


def _order(features: int, number: int) -> Tensor:
    """The order (D,) in which layer `number` of couplings takes the numbers of its input; D // 2 of them are left unchanged."""
    generator = torch.Generator().manual_seed(number)
    if number % 2 == 0:
        return torch.randperm(features, generator=generator)
    kept = features // 2  # by the layer before, whose output has them last
    changed = features - kept
    return torch.cat(
        [torch.randperm(changed, generator=generator), changed + torch.randperm(kept, generator=generator)]
    )


def start_at_identity(last: nn.Module) -> None:
    """Set the last layer of a network to 0: the transformation that it parametrises is then the identity."""
    for parameter in last.parameters():
        nn.init.zeros_(parameter)


def layers(settings: FlowSettings, features: int, context: int) -> list[nn.Module]:
    """Return the layers of a flow.

    Args:
        settings: of the flow.
        features: numbers in an example.
        context: numbers that describe the class; 0 without classes.
    """
    hidden, bins = settings.hidden, settings.bins
    if settings.flow == "maf" and features > 1:
        return [Autoregressive(features, context, hidden, number) for number in range(settings.transforms)]
    univariate, shapes = (
        (MonotonicRQSTransform, [(bins,), (bins,), (bins - 1,)])
        if settings.flow == "spline"
        else (MonotonicAffineTransform, [(), ()])
    )
    return [Coupling(features, context, univariate, shapes, hidden, number) for number in range(settings.transforms)]
