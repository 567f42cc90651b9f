"""Kinds of runs of conditional GANs and InfoGANs, with failures of their conditions.

Ground truth comes from `condition_probes`. Some are also the traces that the rules are tested by: `tests/diagnosis/record_traces.py`.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from failures.kind import Kind

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


def _on(base: str, suffix: str) -> tuple[Kind, ...]:
    """The failures of labels, on a base with labels."""
    return (
        Kind(f"labels-ignored-{suffix}", base, "GAN121", model=discriminator_without_labels, seeds=5),
        Kind(f"class-collapse-{suffix}", base, "GAN122", model=class_without_noise, seeds=5),
    )


CONDITIONAL_KINDS = (
    *_on("gan-digits-conditional", "digits"),
    *_on("concatenate-digits", "concatenate"),
    Kind("codes-unused-digits", "info-digits", "GAN123", model=generator_without_codes, seeds=5),
    Kind("codes-unused-few", "info-few-digits", "GAN123", model=generator_without_codes, seeds=5),
)
