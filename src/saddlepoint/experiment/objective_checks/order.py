"""Check before the first step that no prediction depends on the number it predicts or on later ones: AR501.

Built-in networks have masks that make sure of this. A network of the user's own, or a mask of the wrong type, may read the number itself:
its loss then falls to almost nothing, and its samples are worthless, because sampling has no number to read.
"""

from __future__ import annotations

import torch
from torch import Tensor

from saddlepoint.models.base import Model
from saddlepoint.models.capabilities import PredictsInOrder
from saddlepoint.records import Finding

EXAMPLES = 16


def check_order(model: PredictsInOrder, x: Tensor, labels: Tensor | None) -> Finding | None:
    """Check the network of an autoregressive model on one batch.

    Args:
        model: the model before training.
        x: (B, *event) examples in the data's units.
        labels: (B,) int64, if the data have labels.

    Returns:
        The finding; None if the network keeps to the order.
    """
    assert isinstance(model, Model)
    some = x[:EXAMPLES]
    if model.classes is None or labels is None:
        own = None if model.classes is None else torch.zeros(len(some), dtype=torch.int64, device=some.device)
    else:
        own = labels[:EXAMPLES]
    leaks = model.find_leaks(some, own, torch.Generator().manual_seed(0))
    if not len(leaks):
        return None
    first = int(leaks[0]) + 1
    return Finding(
        "AR501",
        "failure",
        0,
        f"The network sees what it predicts: prediction {first:,} in the model's order changes with what it predicts or with what follows.",
        {"predictions_that_leak": len(leaks), "first": first},
        "Let the prediction of each number depend on the numbers before it only: exclude the number itself in the first layer (a mask of "
        "type A, an input shifted by one), and later numbers in all layers (masks of type B, causal attention).",
    )
