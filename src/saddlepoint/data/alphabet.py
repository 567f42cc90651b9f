"""Symbols of a text and the numbers that stand for them.

A character stands for itself. A byte is written as "\\\\x0a", four characters, so that an alphabet of bytes is known from one of
characters.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from torch import Tensor

from saddlepoint.data.event import Event

MOST_SYMBOLS = 256  # which a byte can hold
_BYTE = re.compile(r"\\x[0-9a-f]{2}")

Array = npt.NDArray[Any]


def name_bytes(values: Sequence[int]) -> tuple[str, ...]:
    """The names of bytes as an alphabet writes them: 10 -> "\\\\x0a"."""
    return tuple(f"\\x{value:02x}" for value in values)


def holds_bytes(alphabet: Sequence[str]) -> bool:
    """Whether the symbols of an alphabet are bytes, not characters."""
    return bool(alphabet) and all(_BYTE.fullmatch(symbol) for symbol in alphabet)


def encode(text: str, alphabet: Sequence[str]) -> Array:
    """The numbers (T,) uint8 of the symbols of a text; for an alphabet of bytes those of its UTF-8.

    Raises:
        KeyError: a symbol is not in the alphabet.
    """
    symbols = name_bytes(text.encode("utf-8")) if holds_bytes(alphabet) else text
    number = {symbol: n for n, symbol in enumerate(alphabet)}
    return np.array([number[symbol] for symbol in symbols], dtype=np.uint8)


def decode(x: Tensor, alphabet: Sequence[str]) -> list[str]:
    """The texts of numbers x (N, T). Bytes that are no UTF-8 become the replacement character."""
    rows = x.cpu().numpy()
    if holds_bytes(alphabet):
        table = np.array([int(symbol[2:], 16) for symbol in alphabet], dtype=np.uint8)
        return [table[row].tobytes().decode("utf-8", "replace") for row in rows]
    return ["".join(alphabet[value] for value in row) for row in rows.tolist()]


def drawable(x: Tensor, event: Event) -> Array:
    """Examples x (N, *event) as figures take them: numbers, and texts as strings (N,)."""
    if event.kind != "text" or event.alphabet is None:
        return x.cpu().numpy()
    texts = np.empty(len(x), dtype=object)
    texts[:] = decode(x, event.alphabet)
    return texts
