"""Kinds of runs of conditional GANs and InfoGANs, with failures of their conditions.

They make the traces that the rules are tested by. The campaign does not count them, since the ground truth has no score of these
failures.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from failures.kinds import Kind

COLLAPSED = 3  # the class without variation


def discriminator_without_labels(model: Any, strength: float) -> None:
    """Give the discriminator the same label for all examples, so that nothing teaches the generator its own."""
    judge = model.players["d"].forward

    def forward(x: Tensor, labels: Tensor | None = None, **named: Any) -> Any:
        return judge(
            x,
            labels=None if labels is None else torch.zeros_like(labels[..., 0] if labels.ndim > 1 else labels),
            **named,
        )

    model.players["d"].forward = forward


def class_without_noise(model: Any, strength: float) -> None:
    """Take the noise from the generator's input for one class."""
    make = model.players["g"].forward

    def forward(z: Tensor, labels: Tensor) -> Any:
        classes = labels.argmax(1) if labels.ndim > 1 else labels
        return make(z * (classes != COLLAPSED)[:, None], labels)

    model.players["g"].forward = forward


def generator_without_codes(model: Any, strength: float) -> None:
    """Take the codes from the generator's input; the noise stays."""
    make, first = model.players["g"].forward, model.named_codes.first

    def forward(z: Tensor) -> Any:
        return make(torch.cat([z[:, :first], torch.zeros_like(z[:, first:])], 1))

    model.players["g"].forward = forward


CONDITIONAL_KINDS = {
    kind.name: kind
    for kind in (
        Kind("labels-ignored-digits", "gan-digits-conditional", "GAN121", model=discriminator_without_labels),
        Kind("class-collapse-digits", "gan-digits-conditional", "GAN122", model=class_without_noise),
        Kind("codes-unused-digits", "info-digits", "GAN123", model=generator_without_codes),
    )
}
