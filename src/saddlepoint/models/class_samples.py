"""Samples of a model together with their classes, whether these were given or drawn by the model."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from saddlepoint.models.capabilities import (
    Conditional,
    GenerativeModel,
    HasCodes,
    HasDensity,
    HasNamedCodes,
    SamplesClasses,
    has,
    require,
)
from saddlepoint.models.labels import draw_labels


def sample_with_labels(
    model: GenerativeModel, n: int, labels: Tensor | None = None, generator: torch.Generator | None = None
) -> tuple[Tensor, Tensor | None]:
    """Draw what `model.sample` draws, and return the classes as well.

    Args:
        model: any generative model.
        n: how many.
        labels: (n,) int64; None lets a conditional model draw classes.
        generator: draws the noise; None takes torch's global generator.

    Returns:
        Samples (n, *event) in the data's units, and their classes (n,) int64 on the CPU; None for a model without labels.
    """
    if labels is not None or generator is None or not has(model, SamplesClasses):
        return model.sample(n, labels=labels, generator=generator), labels
    if not has(model, Conditional) or has(model, HasDensity):  # a model with a density draws more than codes
        labels = draw_labels(model.event.shares, n, generator)
        return model.sample(n, labels=labels, generator=generator), labels.cpu()
    z = model.fixed_noise(n, generator)
    return model.decode(z), labels_of_codes(model, z)


def sample_with_codes(
    model: HasNamedCodes,
    n: int,
    values: Mapping[str, float],
    labels: Tensor | None = None,
    generator: torch.Generator | None = None,
) -> tuple[Tensor, Tensor | None]:
    """Draw samples with chosen values of named codes, such as those of an InfoGAN, and return their classes as well.

    Args:
        model: with named codes.
        n: how many.
        values: by the codes' names, as in `NamedCodes.with_values`; the other codes are drawn.
        labels: (n,) int64, for a model with labels; None lets it draw classes.
        generator: draws the noise; None takes torch's global generator.

    Returns:
        Samples (n, *event) in the data's units, and their classes (n,) int64 on the CPU; None for a model without labels.

    Raises:
        SettingError: there is no such code or value.
    """
    named = require(model, HasNamedCodes).named_codes
    assert named is not None, "the capability has been checked"
    z = model.fixed_noise(n, torch.default_generator if generator is None else generator)
    z = named.with_values(z, values)
    if labels is not None and has(model, Conditional):
        z = model.with_labels(z, labels.to(z.device))
    return model.decode(z), labels_of_codes(model, z)


def labels_of_codes(model: HasCodes, z: Tensor) -> Tensor | None:
    """Return the classes (N,) int64, on the CPU, that codes z (N, latent) end with; None for a model without labels."""
    weights = model.split_codes(z)[1] if has(model, Conditional) else None
    return None if weights is None else weights.argmax(1).cpu()


def with_classes_in_turn(model: HasCodes, z: Tensor, classes: int | None = None) -> tuple[Tensor, Tensor | None]:
    """Give codes the classes 0, 1, ... in turn, so that every class has as many.

    Args:
        model: decodes the codes.
        z: (N, latent).
        classes: only the first so many; None for all.

    Returns:
        Codes (N, latent), and their classes (N,) int64 on the CPU; the same codes and None for a model without labels.
    """
    if not has(model, Conditional) or not model.classes:
        return z, None
    labels = torch.arange(len(z)) % min(classes or model.classes, model.classes)
    return model.with_labels(z, labels.to(z.device)), labels
