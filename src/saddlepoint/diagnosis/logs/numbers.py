"""Numbers as programs print them: `1,234.5`, `3e-7`, `nan`, `-inf`, `80%`, `tensor(0.41, device='cuda:0')`."""

from __future__ import annotations

import re

# A number that stands alone: no part of a word (`conv2d`), of a longer number, or of a duration (`5s`).
NUMBER = r"[-+]?(?:[1-9]\d{0,2}(?:,\d{3})+(?:\.\d+)?|\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?|[-+]?(?:nan|inf(?:inity)?)"
_THOUSANDS = re.compile(r"[-+]?[1-9]\d{0,2}(?:,\d{3})+(?:\.\d+)?")
# "0,53" in a text without any "0.53": its numbers have decimal commas.
_ZERO_COMMA, _POINT = re.compile(r"(?<![\d.,])0,\d\d+(?![\d.,])"), re.compile(r"\d\.\d")
_DECIMAL_COMMA = re.compile(r"[-+]?\d+,\d+(?:[eE][-+]?\d+)?")
_TENSOR = re.compile(
    rf"(?:\w+\.)*(?:tensor|array|float\d+|Array)\(\s*({NUMBER})\s*(?:,[^()]*(?:\([^()]*\)[^()]*)*)?\)", re.I
)
LONGEST = 60  # characters of a cell that may be a number


def number(text: object, *, decimal_comma: bool = False) -> float | None:
    """Return the number that a cell holds, or None.

    Args:
        text: of the cell; "nan" and "inf" are numbers.
        decimal_comma: whether "0,53" is 0.53, as in files whose cells are separated by semicolons.
    """
    if isinstance(text, str):
        try:
            return float(text) if len(text) <= LONGEST else None
        except ValueError:
            pass
    if isinstance(text, bool):
        return None
    if isinstance(text, int | float):
        try:
            return float(text)
        except OverflowError:  # an integer beyond the range of floats
            return None
    cell = str(text).strip()
    if not cell or len(cell) > LONGEST:
        return None
    if decimal_comma and _DECIMAL_COMMA.fullmatch(cell):
        return float(cell.replace(",", "."))
    if _THOUSANDS.fullmatch(cell):
        return float(cell.replace(",", ""))
    if cell.endswith("%"):
        share = number(cell[:-1], decimal_comma=decimal_comma)
        return None if share is None else share / 100
    inner = _TENSOR.fullmatch(cell)
    return number(inner[1]) if inner else None


def has_decimal_commas(text: str) -> bool:
    """Whether the numbers of a text are written as 0,53."""
    return _ZERO_COMMA.search(text) is not None and _POINT.search(text) is None


def without_tensors(line: str) -> str:
    """Return a printed line with `tensor(0.41, grad_fn=...)` replaced by the number in it."""
    return _TENSOR.sub(r"\1", line) if "(" in line else line
