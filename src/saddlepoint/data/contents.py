"""What a file or folder holds, and so which loader reads it."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from pathlib import Path

from saddlepoint.data.tables import find_delimiter, how_to_load, table_suffix
from saddlepoint.data.tabular.reading import PARQUET
from saddlepoint.errors import DataError

TABLES = (".csv", ".tsv")  # also packed with gzip
SPREADSHEETS = (".xlsx", ".xls", ".ods")
WAV = (".wav", ".wave")
VIDEOS = (".mp4", ".m4v", ".mov", ".avi", ".mkv", ".webm", ".mpg", ".mpeg")
TEXTS = (".txt", ".text", ".md", ".rst", ".tex")  # texts that are meant to be read by people
CHECKED = 20_000  # files and folders from which the kind of a folder is decided
SAMPLE = 1 << 16  # bytes from which the kind of a file is decided
_HERE = "saddlepoint.data"
# The kinds of folders by what their files' names end in, and the loaders; images first, because other files lie beside them.
FOLDERS: tuple[tuple[tuple[str, ...], str], ...] = (
    ((".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif"), f"{_HERE}.images:load"),
    (WAV, f"{_HERE}.sound:load"),
    (VIDEOS, f"{_HERE}.videos:load"),
    ((".npy",), f"{_HERE}.array_folder:load"),
    ((".txt",), f"{_HERE}.text:load"),
    ((".csv",), f"{_HERE}.sequences:load"),
)
# What `data.kind` asks of a folder without arrays.
OF_KIND = {
    "text": f"{_HERE}.text:load",
    "series": f"{_HERE}.sequences:load",
    "video": f"{_HERE}.videos:load",
}


def loader_of_folder(path: Path, kind: str) -> str:
    """Which loader reads the folder, by `data.kind` or by its files."""
    from saddlepoint.data.idx import images_in

    if kind in OF_KIND:
        return OF_KIND[kind]
    if images_in(path):
        return f"{_HERE}.idx:load"
    endings = {name[name.rfind(".") :].lower() for name in itertools.islice(_names(path), CHECKED) if "." in name}
    for suffixes, loader in FOLDERS:
        if endings & set(suffixes):
            if ".csv" in suffixes:
                raise DataError(
                    f"{path}: holds tables (.csv): give one of these files, or, if they are time series, say so with --data.kind series."
                )
            return loader
    return f"{_HERE}.images:load"


def loader_of_file(path: Path, source: str, kind: str) -> str:
    """Which loader reads the file.

    Raises:
        DataError: it is a spreadsheet or a text of numbers, or a text whose characters are hardly meant to be learned; the message says how to read it.
    """
    suffix = path.suffix.lower()
    if kind == "text":
        return f"{_HERE}.text:load"
    if suffix in (".npy", ".npz"):
        return f"{_HERE}.arrays:load"
    if suffix in VIDEOS or kind == "video":
        return f"{_HERE}.videos:load"
    if suffix in WAV:
        return f"{_HERE}.sound:load"
    if kind == "series" and suffix == ".csv":
        return f"{_HERE}.sequences:load"
    table = table_suffix(path)
    if table in TABLES or suffix in PARQUET:
        return f"{_HERE}.tabular.source:load"
    if suffix in SPREADSHEETS:
        raise DataError(f"{source}: {suffix} files are not read; save the sheet as .csv, and give that file.")
    if table == ".txt" and holds_numbers(path):
        raise DataError(
            f"{source}: .txt files of numbers are not read; save the numbers with numpy.save as .npy, examples by row, and give that "
            f"file{how_to_load(path)}{_as_table(path)}."
        )
    if suffix in TEXTS:
        return f"{_HERE}.text:load"
    if "idx" not in path.name and suffix != ".gz" and looks_like_text(path):
        raise DataError(f"{source}: is a text; to train on its characters, say so with --data.kind text.")
    return f"{_HERE}.idx:load"


def _as_table(path: Path) -> str:
    """How a text with separators is read as a table, as the end of a sentence; empty for other texts."""
    with path.open(encoding="utf-8-sig", errors="replace") as file:
        is_table = find_delimiter(file.readline(1_000), path) is not None
    return f"; if it is a table whose columns have types of their own, rename it to {path.stem}.csv" if is_table else ""


def holds_numbers(path: Path) -> bool:
    """Whether at least half of what white space, commas and semicolons separate at the beginning of the file are numbers."""
    try:
        with path.open("rb") as file:
            words = file.read(SAMPLE).decode("utf-8", "replace").replace(",", " ").replace(";", " ").split()
    except OSError:
        return False
    numbers = sum(map(_is_number, words))
    return numbers > 0 and 2 * numbers >= len(words)


def looks_like_text(path: Path) -> bool:
    """Whether the file begins with printable UTF-8."""
    try:
        with path.open("rb") as file:
            start = file.read(SAMPLE)
    except OSError:
        return False
    text = start.decode("utf-8", "ignore")
    # A character may be cut off at the end.
    whole = len(text.encode("utf-8")) >= len(start) - 3
    return bool(text) and whole and all(c.isprintable() or c in "\n\r\t\f" for c in text)


def _is_number(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True


def _names(folder: Path) -> Iterator[str]:
    """Names of files below a folder, without hidden ones."""
    for _, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        yield from (name for name in files if not name.startswith("."))
