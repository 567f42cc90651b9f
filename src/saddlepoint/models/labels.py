"""Classes of samples, drawn with the shares of the training data."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from saddlepoint.data.event import Event
from saddlepoint.errors import SettingError
from saddlepoint.models.arrays import device_of
from saddlepoint.models.draws import draw_index


def draw_labels(shares: Sequence[float] | Tensor, n: int, generator: torch.Generator | None) -> Tensor:
    """Draw classes.

    Args:
        shares: of each class; they need not sum to 1.
        n: how many.
        generator: draws them; None takes torch's global generator.

    Returns:
        (n,) int64, on the device of the generator.
    """
    device = device_of(generator)
    # Apple's GPUs have no float64.
    weights = torch.as_tensor(shares).to(device, torch.float32 if device.type == "mps" else torch.float64)
    return torch.multinomial(weights, n, replacement=True, generator=generator) if n else torch.zeros(0).long()


def draw_labels_given(log_probs: Tensor, shares: Sequence[float], generator: torch.Generator | None) -> Tensor:
    """Draw the class of each example from p(y | x), which is in proportion to p(x | y) p(y).

    Args:
        log_probs: (N, K), log p(x | y) of each class in nats; x may be the known part of an example.
        shares: (K,), p(y).
        generator: draws them; None takes torch's global generator.

    Returns:
        (N,) int64, on the CPU.
    """
    joint = log_probs.cpu().double() + torch.as_tensor(shares, dtype=torch.float64).log()
    return draw_index(joint.softmax(1), generator)


def count_classes(conditional: bool, event: Event) -> int | None:
    """Return the number of classes that a model is trained with.

    Args:
        conditional: the setting `model.conditional`.
        event: what one example is.

    Returns:
        The number of classes; None for a model without labels.

    Raises:
        SettingError: the model is to be conditional, and the data have no labels.
    """
    if not conditional:
        return None
    check_conditional(conditional, len(event.class_names or ()))
    return len(event.class_names or ())


def check_conditional(conditional: bool, classes: int | None) -> None:
    """Check that the data have labels if the model needs them.

    Args:
        conditional: the setting `model.conditional`.
        classes: number of classes in the data, 0 without labels; None if it is unknown.

    Raises:
        SettingError: the model is to be conditional, and the data have no labels.
    """
    if conditional and classes == 0:
        raise SettingError(
            "model.conditional: it is true, which needs labels, and these data have none: set it to false, or use data with "
            "labels, such as a folder with one subfolder for each class."
        )
