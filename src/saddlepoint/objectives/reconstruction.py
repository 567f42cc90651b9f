"""Reconstruction errors: summed over the event, one value for each example."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor
from torch.nn import functional

from saddlepoint.objectives.precision import at_least_float32


def l2(output: Tensor, x: Tensor) -> Tensor:
    """Squared error ||output - x||^2.

    Args:
        output: (B, *event).
        x: (B, *event).

    Returns:
        (B,), in squared units of x.
    """
    # One operator instead of two: its backward pass is a third cheaper, which matters for small autoencoders.
    return functional.mse_loss(at_least_float32(output), x, reduction="none").flatten(1).sum(1)


def l1(output: Tensor, x: Tensor) -> Tensor:
    """Absolute error ||output - x||_1.

    Args:
        output: (B, *event).
        x: (B, *event).

    Returns:
        (B,), in units of x.
    """
    return functional.l1_loss(at_least_float32(output), x, reduction="none").flatten(1).sum(1)


def bernoulli(output: Tensor, x: Tensor) -> Tensor:
    """-log p(x) of independent Bernoulli variables.

    For x strictly between 0 and 1 this is the cross-entropy, which is at least the entropy of x.

    Args:
        output: (B, *event) logits.
        x: (B, *event) in [0, 1].

    Returns:
        (B,) nats.
    """
    return functional.binary_cross_entropy_with_logits(at_least_float32(output), x, reduction="none").flatten(1).sum(1)


RECONSTRUCTIONS: dict[str, Callable[[Tensor, Tensor], Tensor]] = {"l2": l2, "l1": l1, "bernoulli": bernoulli}
