"""Texts: a file, or a folder of `.txt` files that are read in the order of their names as one text.

Symbols are characters or bytes. The alphabet is that of the part that is trained on: a model knows nothing of the held-out part,
not even its symbols, so held-out examples with unknown symbols are left out and counted.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from saddlepoint.data.alphabet import MOST_SYMBOLS, name_bytes
from saddlepoint.data.capacity import size
from saddlepoint.data.dataset import Dataset
from saddlepoint.data.event import Event
from saddlepoint.data.settings import DataSettings
from saddlepoint.data.split import Part, assemble
from saddlepoint.data.windows import DEFAULT_LENGTH, cut_windows, require_windows, split_stream
from saddlepoint.errors import DataError, RunError
from saddlepoint.records.files import read_bytes

MOST_BYTES = 1 << 28  # of all files together
MOST_FILES = 100_000
NAMED = 5  # symbols named in a note
# How files begin that say their encoding themselves.
ENCODINGS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))

Array = npt.NDArray[Any]


def load(settings: DataSettings) -> Dataset:
    """(N, length) uint8: windows of the text, one after another unless `stride` says otherwise.

    Raises:
        DataError: no text, a binary file, more than 256 different symbols or a single one, or less than one example.
    """
    path = Path(settings.source).expanduser()
    files = list_texts(path) if path.is_dir() else [path]
    total, parts = 0, []
    for file in files:
        try:
            raw = read_bytes(file, most=MOST_BYTES)
        except RunError as error:
            raise DataError(str(error)) from None
        total += len(raw)
        if total > MOST_BYTES:
            raise DataError(f"{path}: texts of more than {size(MOST_BYTES)} are not read; give a part of it.")
        parts.append(raw)
    name = path.name or str(path)
    if settings.level == "byte":
        return text_dataset(name, np.frombuffer(b"\n".join(parts), np.uint8), settings)
    whole = "\n".join(read_characters(file, raw) for file, raw in zip(files, parts, strict=True))
    return text_dataset(name, code_points(whole), settings)


def code_points(text: str) -> Array:
    """The code points (T,) uint32 of the characters of a text."""
    return np.frombuffer(text.encode("utf-32-le"), np.uint32)


def list_texts(folder: Path) -> list[Path]:
    """The `.txt` files in a folder and its subfolders, by name; hidden ones are passed over."""
    found = sorted(_walk(folder))
    if not found:
        raise DataError(f"{folder}: holds no .txt files; put texts into it, or give one text file.")
    return found


def _walk(folder: Path) -> Iterator[Path]:
    for number, path in enumerate(folder.rglob("*.txt")):
        if number >= MOST_FILES:
            raise DataError(f"{folder}: holds more than {MOST_FILES:,} .txt files; join them to fewer files.")
        if path.is_file() and not any(part.startswith(".") for part in path.relative_to(folder).parts):
            yield path


def read_characters(path: Path, raw: bytes) -> str:
    """The text of a file, whose lines then end in a newline alone.

    Raises:
        DataError: it is no text in UTF-8, nor in UTF-16 that says so.
    """
    encoding = next((name for mark, name in ENCODINGS if raw.startswith(mark)), "utf-8")
    try:
        text = raw.decode(encoding)
    except UnicodeDecodeError as error:
        binary = " (it holds NUL bytes, so it may be no text at all)" if b"\0" in raw else ""
        raise DataError(
            f"{path}: byte {error.start:,} is not {encoding.removesuffix('-sig').upper()}{binary}; save the text as UTF-8, or read "
            "it as bytes with --data.level byte."
        ) from None
    if "\0" in text:
        raise DataError(
            f"{path}: holds the character NUL at position {text.index(chr(0)):,}, so it is no text; remove it, or read the file as "
            "bytes with --data.level byte."
        )
    return text.replace("\r\n", "\n").replace("\r", "\n")


def text_dataset(name: str, symbols: Array, settings: DataSettings, *, notes: tuple[str, ...] = ()) -> Dataset:
    """The dataset of a stream of symbols.

    Args:
        name: of the data.
        symbols: (T,) code points (uint32), or bytes (uint8).
        settings: how to split and cut it.
        notes: about the data.
    """
    length = settings.length or DEFAULT_LENGTH
    noun = "bytes" if symbols.dtype == np.uint8 else "characters"
    if not len(symbols):
        raise DataError(f"{name}: the text is empty; give one with at least {length:,} {noun}.")
    stream, rest = split_stream(symbols, settings)
    require_windows(name, stream, length, noun)
    there = np.zeros(int(symbols.max()) + 1, dtype=bool)
    there[stream] = True
    known = np.flatnonzero(there)
    if len(known) > MOST_SYMBOLS:
        raise DataError(
            f"{name}: {len(known):,} different characters, and at most {MOST_SYMBOLS} are read; read its bytes instead "
            "(--data.level byte)."
        )
    if len(known) == 1:
        raise DataError(f"{name}: its only symbol is {chr(known[0])!r}, so there is nothing to learn; check the file.")
    alphabet = name_bytes(known.tolist()) if symbols.dtype == np.uint8 else tuple(map(chr, known.tolist()))
    event = Event((length,), "text", "uint8", 0.0, float(len(known) - 1), alphabet=alphabet)
    stride = settings.stride or length
    numbers = np.zeros(len(there), dtype=np.uint8)
    numbers[known] = np.arange(len(known))
    x = torch.from_numpy(cut_windows(numbers[stream], length, stride))
    windows = cut_windows(rest, length, stride)
    strange = ~there[windows]
    held_out, left_out = numbers[windows[~strange.any(1)]], _strangers(windows, strange)
    if len(rest) and not len(held_out) and not left_out:
        left_out = (f"Nothing is held out: the last {len(rest):,} {noun} are fewer than one example.",)
    test = Part(torch.from_numpy(held_out))
    return assemble(name, event, Part(x), settings, test=test, notes=(*notes, *left_out))


def _strangers(windows: Array, strange: Array) -> tuple[str, ...]:
    """A note on the held-out windows (N, T) that are left out for their unknown symbols; none where all are known."""
    out = int(strange.any(1).sum())
    if not out:
        return ()
    unknown = np.unique(windows[strange])
    symbols = name_bytes(unknown.tolist()) if windows.dtype == np.uint8 else [repr(chr(symbol)) for symbol in unknown]
    named = ", ".join(symbols[:NAMED]) + (", ..." if len(unknown) > NAMED else "")
    return (
        f"{out:,} of {len(windows):,} held-out examples are left out: they hold symbols that the training part does not have "
        f"({named}).",
    )
