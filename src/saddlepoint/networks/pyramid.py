"""The levels of convolutional networks for sound (C, T), images (C, H, W) and volumes (C, D, H, W) of any size.

Sizes. From each level to the next smaller one, the length s of an axis becomes ceil(s / 2). The first two levels after the event
halve every axis longer than 1, and later levels every axis longer than 7, until no axis is longer (28 -> 14 -> 7,
64 -> 32 -> 16 -> 8 -> 4, 45 -> 23 -> 12 -> 6).

Channels. They double with each level away from the event, up to 16 times the first number.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Annotated, TypeGuard

from pydantic import Field

from saddlepoint.errors import SettingError

SMALLEST = 7
LARGEST_FACTOR = 16

Size = Annotated[int, Field(ge=0)]  # the longest side of a level; 0 for none


def levels(size: Sequence[int]) -> list[tuple[int, ...]]:
    """The lengths of an event's axes at every level, the event's own first (see the module's rule)."""
    found = [tuple(size)]
    while len(found) < 3 or max(found[-1]) > SMALLEST:
        shortest = 1 if len(found) < 3 else SMALLEST
        found.append(tuple(math.ceil(s / 2) if s > shortest else s for s in found[-1]))
    return found


def geometry(large: Sequence[int], small: Sequence[int]) -> dict[str, tuple[int, ...]]:
    """Kernel, stride and padding of a strided convolution by axis, between two neighbouring levels, in either direction."""
    stride = strides(large, small)
    return {
        "kernel_size": tuple(4 if s == 2 and length % 2 == 0 else 3 for s, length in zip(stride, large, strict=True)),
        "stride": stride,
        "padding": tuple(1 for _ in stride),
    }


def strides(large: Sequence[int], small: Sequence[int]) -> tuple[int, ...]:
    """The step along each axis from a level to the next smaller one: 2 if the axis is halved, otherwise 1."""
    return tuple(2 if after < before else 1 for before, after in zip(large, small, strict=True))


def channels(width: int, count: int) -> list[int]:
    """Channels of `count` levels, the one nearest to the event first."""
    return [width * min(2**level, LARGEST_FACTOR) for level in range(count)]


def ends_in_event(outputs: Sequence[int] | None, inputs: Sequence[int], network: str) -> TypeGuard[Sequence[int]]:
    """Whether a convolutional network maps a flat code to an event, and not an event to a flat output.

    Args:
        outputs: shape of one output; None for features.
        inputs: shape of one input.
        network: its name, for the message.

    Raises:
        SettingError: neither shape is that of a sound, an image or a volume, or both are.
    """
    if 2 <= len(inputs) <= 4 and (outputs is None or len(outputs) < 2):
        return False
    if len(inputs) < 2 and outputs is not None and 2 <= len(outputs) <= 4:
        return True
    raise SettingError(
        f"{network} maps a flat code to a sound (C, T), an image (C, H, W) or a volume (C, D, H, W), or back, but was asked to "
        f"map shape {tuple(inputs)} into {None if outputs is None else tuple(outputs)}: set both networks to mlp "
        "(--model.generator.network mlp --model.discriminator.network mlp; of a VAE or an autoencoder, "
        "--model.encoder.network mlp --model.decoder.network mlp)."
    )
