"""Where a log comes from: a file, a folder that holds one, or standard input; and its text."""

from __future__ import annotations

import os
import sys
import zlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from saddlepoint.errors import RunError

STANDARD_INPUT = "-"
MOST_BYTES = 256 * 2**20
MOST_DAMAGE = 0.02  # share of characters that are no UTF-8, above which a file is binary
# Files that trainers write into a folder of their own, in the order in which they are looked for.
IN_FOLDERS = (
    "metrics.csv",
    "trainer_state.json",
    "history.json",
    "metrics.jsonl",
    "log.csv",
    "training.csv",
    "log.txt",
)
_GZIP, _FORMAT = b"\x1f\x8b", 31  # first bytes of a compressed file, and what zlib calls its format
_MINUS = "\u2212"  # the minus sign of typesetting
_MARKS = {b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16", b"\xef\xbb\xbf": "utf-8-sig"}


@dataclass(frozen=True)
class Source:
    """A log that can be read.

    Attributes:
        path: of the file or folder; "-" for standard input.
    """

    path: Path

    @property
    def is_input(self) -> bool:
        """Whether the log comes from standard input."""
        return str(self.path) == STANDARD_INPUT

    @property
    def name(self) -> str:
        """What messages call it."""
        return "standard input" if self.is_input else str(self.path)

    @property
    def is_folder(self) -> bool:
        """Whether it is a folder."""
        return not self.is_input and self.path.is_dir()

    @cached_property
    def text(self) -> str:
        """The text of the file, with line ends as "\\n".

        Raises:
            RunError: the file cannot be read, is empty, is too large, or is not text.
        """
        content = self._content()
        if not content.strip():
            raise RunError(f"{self.name} is empty: there is nothing to diagnose yet.")
        encoding = next((code for mark, code in _MARKS.items() if content.startswith(mark)), "utf-8")
        if encoding != "utf-16" and b"\0" in content[:65_536]:
            raise self._not_text()
        text = content.decode(encoding, errors="replace")
        if text.count("\ufffd") > MOST_DAMAGE * len(text):
            raise self._not_text()
        return text.replace(_MINUS, "-").replace("\r\n", "\n").replace("\r", "\n")

    def _content(self) -> bytes:
        try:
            if self.is_input:
                content = sys.stdin.buffer.read(MOST_BYTES + 1)
            else:
                with self.path.open("rb") as file:
                    content = file.read(MOST_BYTES + 1)
            if content.startswith(_GZIP):
                content = zlib.decompressobj(_FORMAT).decompress(content, MOST_BYTES + 1)
        except (OSError, zlib.error) as error:
            raise RunError(f"{self.name} cannot be read: {error}.") from None
        if len(content) > MOST_BYTES:
            raise RunError(
                f"{self.name} has more than {MOST_BYTES // 2**20} MiB: give a part of it, such as every hundredth line."
            )
        return content

    def _not_text(self) -> RunError:
        return RunError(
            f"{self.name} is not text: give a log as a CSV file, JSON lines or printed lines, or a folder of TensorBoard events."
        )


def log_in(folder: Path) -> Path | None:
    """Return the log in a folder by the names that trainers give it, also one folder below (Lightning's `version_0`).

    Raises:
        RunError: several folders below hold one.
    """
    for place in (folder, *_folders_below(folder)):
        for name in IN_FOLDERS:
            if (place / name).is_file():
                others = [other.name for other in _folders_below(folder) if (other / name).is_file()]
                if place != folder and len(others) > 1:
                    raise RunError(
                        f"{folder} has several logs ({', '.join(others[:8])}): give the folder of one of them."
                    )
                return place / name
    return None


def _folders_below(folder: Path) -> list[Path]:
    try:
        with os.scandir(folder) as entries:
            return sorted(Path(entry.path) for entry in entries if entry.is_dir(follow_symlinks=False))[:1_000]
    except OSError:
        return []
