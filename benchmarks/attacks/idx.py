"""IDX files that are damaged, lie about themselves, or unpack to more than they say."""

from __future__ import annotations

import random
import struct
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from .attempt import Attempt, Box, Kind, saddlepoint

IMAGES, LABELS = "train-images-idx3-ubyte", "train-labels-idx1-ubyte"


def idx(kind: int, shape: tuple[int, ...], content: bytes | None = None) -> bytes:
    """An IDX file; content: zeros of the right number where it is None."""
    size = {0x08: 1, 0x09: 1, 0x0B: 2, 0x0C: 4, 0x0D: 4, 0x0E: 8}.get(kind, 1)
    count = 1
    for length in shape:
        count *= length
    header = bytes([0, 0, kind, len(shape)]) + b"".join(struct.pack(">I", length) for length in shape)
    return header + (bytes(count * size) if content is None else content)


def _write(box: Box, images: bytes, labels: bytes | None = None, name: str = IMAGES) -> None:
    (box.work / name).write_bytes(images)
    if labels is not None:
        (box.work / LABELS).write_bytes(labels)


def attempts(shared: Path, rng: random.Random) -> Iterator[Attempt]:
    """All attempts."""
    pixels = rng.randbytes(20 * 64)
    sound = idx(8, (20, 8, 8), pixels)
    command = saddlepoint("data", IMAGES)
    yield Attempt("sound", partial(_write, images=sound), (command,))
    yield Attempt("100 axes", partial(_write, images=idx(8, (1,) * 100)), (command,))


KIND = Kind("idx", attempts)
