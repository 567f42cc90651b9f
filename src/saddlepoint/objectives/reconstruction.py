"""What an error of reconstruction costs: summed over the event, one number an example."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor
from torch.nn import functional

from saddlepoint.objectives.precision import at_least_float32


def l2(output: Tensor, x: Tensor) -> Tensor:
    """Squared error, (B, *event), (B, *event) -> (B,), in squared units of x."""
    # One operator instead of two: its backward pass is a third cheaper, which a small autoencoder feels.
    return functional.mse_loss(at_least_float32(output), x, reduction="none").flatten(1).sum(1)


def l1(output: Tensor, x: Tensor) -> Tensor:
    """Absolute error, (B, *event), (B, *event) -> (B,), in units of x."""
    return functional.l1_loss(at_least_float32(output), x, reduction="none").flatten(1).sum(1)


def bernoulli(output: Tensor, x: Tensor) -> Tensor:
    """-log p(x) in nats of independent Bernoulli variables with logits `output`; x in [0, 1].

    (B, *event), (B, *event) -> (B,). For x between 0 and 1 this is the cross-entropy, at least the entropy of x.
    """
    return functional.binary_cross_entropy_with_logits(at_least_float32(output), x, reduction="none").flatten(1).sum(1)


RECONSTRUCTIONS: dict[str, Callable[[Tensor, Tensor], Tensor]] = {"l2": l2, "l1": l1, "bernoulli": bernoulli}
