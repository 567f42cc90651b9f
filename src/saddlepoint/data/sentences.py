"""A text that is made here: sentences of a small probabilistic grammar, whose entropy is known exactly.

Every choice of a rule is independent, and a text has one derivation only, because the words of different rules differ. So a
sentence's entropy is the sum of the entropies of its choices, and the entropy rate of the text, which no model's bits a character
can be below on a long text, is a sentence's entropy divided by its mean length:

    H = sum_r p_r (-log2 p_r + sum of H of the parts of rule r),   L = sum_r p_r (sum of L of the parts of rule r)

References:
    Probabilistic Grammars and their Applications (Stuart Geman, Mark Johnson, 2002),
        https://www.sciencedirect.com/science/article/pii/B0080430767004897
"""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping, Sequence

import numpy as np

from saddlepoint.data.dataset import Dataset
from saddlepoint.data.settings import DataSettings
from saddlepoint.data.text import code_points, text_dataset
from saddlepoint.data.windows import DEFAULT_LENGTH
from saddlepoint.errors import DataError

EXAMPLES = 2_000  # windows to train on where the settings do not say how many
MOST_CHARACTERS = 1 << 26

# A symbol's rules: (weight, parts). A part that is no symbol is text.
GRAMMAR: Mapping[str, Sequence[tuple[int, tuple[str, ...]]]] = {
    "SENTENCE": (
        (5, ("GROUP", " ", "INTRANSITIVE", "END")),
        (6, ("GROUP", " ", "TRANSITIVE", " ", "GROUP", "END")),
        (3, ("GROUP", " ", "TRANSITIVE", " ", "GROUP", " ", "PLACE", "END")),
        (2, ("when ", "GROUP", " ", "INTRANSITIVE", ", ", "GROUP", " ", "TRANSITIVE", " ", "GROUP", "END")),
    ),
    "GROUP": ((6, ("ARTICLE", " ", "NOUN")), (4, ("ARTICLE", " ", "QUALITY", " ", "NOUN"))),
    "ARTICLE": ((5, ("the",)), (2, ("every",)), (2, ("one",)), (1, ("no",))),
    "QUALITY": ((4, ("old",)), (3, ("small",)), (3, ("quiet",)), (2, ("green",)), (1, ("clever",))),
    "NOUN": (
        (6, ("cat",)),
        (5, ("dog",)),
        (4, ("baker",)),
        (3, ("river",)),
        (3, ("child",)),
        (2, ("lantern",)),
        (2, ("fox",)),
        (1, ("queen",)),
        (1, ("violin",)),
    ),
    "INTRANSITIVE": ((4, ("sleeps",)), (3, ("waits",)), (2, ("sings",)), (1, ("vanishes",))),
    "TRANSITIVE": ((5, ("sees",)), (4, ("follows",)), (3, ("finds",)), (2, ("remembers",)), (1, ("paints",))),
    "PLACE": ((3, ("near ", "GROUP")), (2, ("in the garden",)), (1, ("behind ", "GROUP"))),
    "END": ((8, (".\n",)), (1, ("!\n",)), (1, ("?\n",))),
}
START = "SENTENCE"


def load(settings: DataSettings) -> Dataset:
    """(N, length) uint8: windows of sentences, one a line."""
    length = settings.length or DEFAULT_LENGTH
    stride = settings.stride or length
    wanted = ((settings.points or EXAMPLES) - 1) * stride + length + stride // 2
    total = math.ceil(wanted / (1 - settings.held_out))
    if total > MOST_CHARACTERS:
        raise DataError(
            f"sentences: {total:,} characters are more than {MOST_CHARACTERS:,}; lower data.points or data.length."
        )
    text = write_sentences(total, settings.split_seed)
    symbols = code_points(text)
    if settings.level == "byte":
        symbols = symbols.astype(np.uint8)  # all its characters are ASCII
    note = (
        f"The entropy of these sentences is {entropy_rate():.3f} bits a character; no model needs fewer on a long text."
    )
    return text_dataset("sentences", symbols, settings, notes=(note,))


def write_sentences(characters: int, seed: int) -> str:
    """The first so many characters of an endless text."""
    generator = np.random.default_rng(seed)
    parts: list[str] = []
    written = 0
    while written < characters:
        sentence = "".join(_expand(START, generator))
        parts.append(sentence)
        written += len(sentence)
    return "".join(parts)[:characters]


def entropy_rate() -> float:
    """Bits a character of the endless text."""
    bits, length = _entropy_and_length(START)
    return bits / length


def _expand(symbol: str, generator: np.random.Generator) -> list[str]:
    rules = GRAMMAR.get(symbol)
    if rules is None:
        return [symbol]
    bounds = _bounds(symbol)
    _, parts = rules[int(np.searchsorted(bounds, generator.random(), side="right"))]
    return [word for part in parts for word in _expand(part, generator)]


@functools.cache
def _bounds(symbol: str) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    weights = np.array([weight for weight, _ in GRAMMAR[symbol]], dtype=np.float64)
    bounds: np.ndarray[tuple[int], np.dtype[np.float64]] = np.cumsum(weights / weights.sum())[:-1]
    return bounds


@functools.cache
def _entropy_and_length(symbol: str) -> tuple[float, float]:
    """Entropy in bits and mean length in characters of what a symbol becomes."""
    if symbol not in GRAMMAR:
        return 0.0, float(len(symbol))
    total = sum(weight for weight, _ in GRAMMAR[symbol])
    bits = length = 0.0
    for weight, parts in GRAMMAR[symbol]:
        share, inner = weight / total, [_entropy_and_length(part) for part in parts]
        bits += share * (-math.log2(share) + sum(own for own, _ in inner))
        length += share * sum(own for _, own in inner)
    return bits, length
