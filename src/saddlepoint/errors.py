"""What the user can get wrong, said in one sentence: where, what, got, and what to do.

Every error that a user can cause is a `SaddlepointError`; the command line prints its text alone and exits with 2.
Anything else that escapes is our own mistake and keeps its traceback.
"""

from __future__ import annotations

import errno
from collections.abc import Iterable

LONGEST_MESSAGE = 2_000  # characters; what came may be a file of megabytes


LONGEST_WORD = 80  # letters of a word that could be a misspelling


class SaddlepointError(Exception):
    """Base of all errors caused by input: the message says where, what was wrong, what came, and what to do."""

    def __str__(self) -> str:
        return printable(shortened(super().__str__(), LONGEST_MESSAGE))


class SettingError(SaddlepointError):
    """A recipe or an override names a setting that does not exist, or gives it a value it cannot take."""


class DataError(SaddlepointError):
    """The data cannot be read, or cannot be trained on."""


class RunError(SaddlepointError):
    """A run folder is missing, already taken, damaged, or holds another model than was asked for."""


class PartError(SaddlepointError):
    """A network, loss or other part of the user's own failed while it was used; `__cause__` is the error that it raised."""


class TrustError(SaddlepointError):
    """A recipe or run names code by import path, and the user has neither given that path nor said that it is trusted."""


class MissingExtraError(SaddlepointError):
    """An optional package is not installed; the message names the extra that brings it."""

    def __init__(self, package: str, extra: str, needed_for: str) -> None:
        super().__init__(
            f"{needed_for} needs the package {package!r}, which is not installed: pip install 'saddlepoint[{extra}]', or in a "
            f"checkout of the source pip install -e '.[{extra}]'"
        )


def is_out_of_memory(error: BaseException) -> bool:
    """Whether there was too little memory, whoever found out: Python, numpy, torch, or the operating system (in mapping a file)."""
    if isinstance(error, OSError):
        return error.errno == errno.ENOMEM
    # torch is not imported for this: its error is a RuntimeError with this text.
    return isinstance(error, MemoryError) or "can't allocate memory" in str(error) or "out of memory" in str(error)


def printable(text: str) -> str:
    """`text` with control characters written as escapes (`\\x1b`), so that names from files cannot steer a terminal.

    Line breaks and tabs stay.
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c in "\n\t" else c.encode("unicode_escape").decode() for c in text)


def shortened(text: str, most: int = 200) -> str:
    """`text` itself where it has at most `most` characters, else its beginning and its end."""
    if len(text) <= most:
        return text
    half = (most - 5) // 2
    return f"{text[:half]} ... {text[-half:]}"


def suggestion(word: str, known: Iterable[str]) -> str:
    """`' Did you mean "…"?'` for the known word that differs from `word` by a slip or two, or an empty string.

    Dotted names are compared by their last part, within the same section first: otherwise a shared "training." would make
    any two settings look alike.
    """
    found = nearest(word, known)
    return f' Did you mean "{found}"?' if found else ""


def nearest(word: str, known: Iterable[str]) -> str:
    """The known word that `word` is a misspelling of; empty where there is none."""
    if len(word) > LONGEST_WORD:
        return ""
    known = list(known)
    section, _, last = word.rpartition(".")
    leaves = {name: name.rpartition(".")[2] for name in known}
    siblings = [name for name in known if name.rpartition(".")[0] == section]
    namesakes = [name for name in known if last and _plain(leaves[name]) == _plain(last)]
    return (
        _nearest({name: edit_distance(leaves[name], last) for name in siblings}, _edits_allowed(last))
        or _nearest({name: edit_distance(name, word) for name in namesakes}, LONGEST_WORD)
        or _nearest({name: edit_distance(name, word) for name in known}, min(2, _edits_allowed(word)))
    )


def _nearest(distances: dict[str, int], most: int) -> str:
    """The first word at the smallest distance, where that is at most `most`."""
    least = min(distances.values(), default=most + 1)
    return next((word for word, distance in distances.items() if distance == least <= most), "")


def edit_distance(one: str, other: str) -> int:
    """How many letters have to be changed, added, left out or swapped with their neighbour to make one word the other.

    Case, hyphens and underscores do not count.
    """
    one, other = _plain(one), _plain(other)
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        rows = (before, row)
        before, row = row, [i]
        for j, b in enumerate(other, 1):
            least = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (a != b))
            if i > 1 and j > 1 and a == other[j - 2] and b == one[i - 2]:
                least = min(least, rows[0][j - 2] + 1)
            row.append(least)
    return row[-1]


def _edits_allowed(word: str) -> int:
    """More in a longer word: a short one would otherwise become any other."""
    length = len(_plain(word))
    return 0 if length <= 2 else 1 if length <= 4 else 2 if length <= 8 else 3


def _plain(word: str) -> str:
    return word.lower().replace("-", "").replace("_", "")
