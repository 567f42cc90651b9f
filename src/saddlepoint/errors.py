"""What the user can get wrong, said in one sentence: where, what, got, and what to do.

Every error that a user can cause is a `SaddlepointError`; the command line prints its text alone and exits with 2.
Anything else that escapes is our own mistake and keeps its traceback.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable

LONGEST_MESSAGE = 2_000  # characters; what came may be a file of megabytes


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


class TrustError(SaddlepointError):
    """A recipe or run names code by import path, and the user has neither given that path nor said that it is trusted."""


class MissingExtraError(SaddlepointError):
    """An optional package is not installed; the message names the extra that brings it."""

    def __init__(self, package: str, extra: str, needed_for: str) -> None:
        super().__init__(
            f"{needed_for} needs the package {package!r}, which is not installed: pip install 'saddlepoint[{extra}]', or in a "
            f"checkout of the source pip install -e '.[{extra}]'"
        )


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
    """`' Did you mean "…"?'` for the known word nearest to `word`, or an empty string where none is near.

    Dotted names are compared by their last part first, within the same section: otherwise a shared "training." would
    make any two settings look alike.
    """
    known = list(known)
    section, dot, last = word.rpartition(".")
    siblings = {name.rpartition(".")[2]: name for name in known if name.rpartition(".")[0] == section}
    nearest = [siblings[name] for name in difflib.get_close_matches(last, siblings, n=1, cutoff=0.6)]
    nearest += difflib.get_close_matches(word, known, n=1, cutoff=0.75 if dot else 0.6)
    return f' Did you mean "{nearest[0]}"?' if nearest else ""
