"""Labels from files, arrays and lists: which are missing, and which class each of the others is.

A label is missing where it is empty, None, NaN or -1, as a number or as a text; so is the text NA.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from saddlepoint.applications.label.examples import Labels
from saddlepoint.data.missing_labels import MISSING
from saddlepoint.data.npy import read_npy
from saddlepoint.errors import DataError, printable, shortened, suggestion


def read_labels(path: Path, identities: Sequence[str] | None) -> list[str]:
    """The label of each example in a file, as text; empty where it is missing.

    Args:
        path: a `.npy` file (N,); with identities, a CSV file of name,label; else a text file with a label in each line.
        identities: (N,) names of the examples; None for examples in an order.

    Raises:
        DataError: it cannot be read, or has the label of an unknown example, or one twice.
    """
    if path.suffix.lower() == ".npy":
        return [as_text(value) for value in np.asarray(read_npy(path)).reshape(-1).tolist()]
    try:
        text = path.read_text("utf-8-sig")
        rows = list(csv.reader(text.splitlines(), strict=True)) if identities is not None else []
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        reason = (error.strerror or str(error)) if isinstance(error, OSError) else "it is not text in UTF-8 with commas"
        raise DataError(f"label: {path}: cannot be read as labels ({reason}).") from None
    if identities is None:
        return [as_text(line) for line in text.splitlines()]
    return _by_name(rows, identities, path)


def _by_name(rows: Sequence[Sequence[str]], identities: Sequence[str], path: Path) -> list[str]:
    """Labels in the order of the identities, from rows of name and label below a header or without one."""
    places = {name: at for at, name in enumerate(identities)}
    for brief in ([Path(name).name for name in identities], [Path(name).stem for name in identities]):
        if len(set(brief)) == len(brief):  # else a shorter name would stand for several examples
            places = {name: at for at, name in enumerate(brief)} | places
    found = [""] * len(identities)
    seen: dict[int, int] = {}
    for number, row in enumerate(rows, 1):
        if not row or not any(cell.strip() for cell in row):
            continue
        if len(row) != 2:
            raise DataError(f"label: {path}, line {number}: it has {len(row)} cells; give name,label in each line.")
        name, label = row[0].strip(), row[1].strip()
        if name not in places:
            if number == 1:
                continue  # a header
            raise DataError(
                f"label: {path}, line {number}: there is no image {printable(name)!r}.{suggestion(name, list(places))}"
            )
        at = places[name]
        if at in seen:
            raise DataError(
                f"label: {path}, line {number}: {name} is already labelled in line {seen[at]}; label it once."
            )
        seen[at], found[at] = number, as_text(label)
    return found


def as_text(value: Any) -> str:
    """A label as text, and the empty text for one that is missing; 3.0 and 3 are the same label."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    text = (value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)).strip()
    return "" if text.lower().strip("<>") in ("-1", "nan", "none", "na", "-1.0") else text


def number_labels(
    texts: Sequence[str], n: int, where: str, classes: Sequence[str] | None = None
) -> tuple[Labels, tuple[str, ...]]:
    """Labels as numbers.

    Args:
        texts: a label for each example; empty where it is missing.
        n: number of examples.
        where: the labels come from, for messages.
        classes: all classes; None takes those that occur, in the order of their numbers or names.

    Returns:
        (N,) classes from 0, or -1, and the names of the classes.

    Raises:
        DataError: not one for each example, or a label that is not among the classes.
    """
    if len(texts) != n:
        raise DataError(
            f"label: {where} has {len(texts):,} labels, and there are {n:,} examples; give one for each, empty where it is missing."
        )
    present = {text for text in texts if text}
    names = tuple(classes) if classes is not None else tuple(sorted(present, key=_order))
    codes: Mapping[str, int] = {name: code for code, name in enumerate(names)}
    unknown = sorted(present - codes.keys(), key=_order)
    if unknown:
        first = next(at for at, text in enumerate(texts) if text in unknown)
        raise DataError(
            f"label: {where}: the label {printable(unknown[0])!r} of example {first + 1} is none of the classes "
            f"({shortened(', '.join(names))}).{suggestion(unknown[0], names)} Correct it."
        )
    return np.array([codes[text] if text else MISSING for text in texts], dtype=np.int64), names


def _order(text: str) -> tuple[int, float, str]:
    try:
        return 0, float(text), text
    except ValueError:
        return 1, 0.0, text
