"""Labels of a model of classes: whether they are valid, and draws with the shares of the training data."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from saddlepoint.arguments import shown
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


def check_labels(
    where: str, each: str, n: int, labels: Tensor, classes: int | None, family: str, *, lowest: int = 0
) -> None:
    """Check that labels are classes of a model.

    Args:
        where: the name of the caller in error messages.
        each: what has one label: "sample" or "example".
        n: how many there must be.
        labels: what was given as labels.
        classes: number of classes of the model; None for a model without labels.
        family: of the model.
        lowest: the smallest valid label; -1 if a label may be unknown.

    Raises:
        SettingError: the model knows no classes, or labels are not n valid classes.
    """
    if classes is None:
        raise SettingError(f"{where}: this {family} was trained without labels and knows no classes: leave labels out.")
    is_whole = isinstance(labels, Tensor) and not labels.is_floating_point() and not labels.is_complex()
    if not is_whole or tuple(labels.shape) != (n,):
        got = shown(labels)
        if isinstance(labels, Tensor):
            got = f"a tensor of shape {tuple(labels.shape)} and type {str(labels.dtype).removeprefix('torch.')}"
        raise SettingError(
            f"{where}: labels is {got}; give one whole number for each {each}, a tensor of shape ({n},) and type int64, such "
            f"as torch.full(({n},), 0) or torch.tensor([0, 1, ...])."
        )
    low, high = (int(labels.min()), int(labels.max())) if n else (0, 0)
    if low < lowest or high >= classes:
        wrong = f"labels is {low}" if low == high else f"labels range from {low} to {high}"
        raise SettingError(
            f"{where}: {wrong}, but this {family} has {classes} classes: give labels from 0 to "
            f"{classes - 1}{', or -1 for an unknown class' if lowest < 0 else ''}."
        )
