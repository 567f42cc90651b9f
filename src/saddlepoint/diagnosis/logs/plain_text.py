"""Printed lines, such as `[Epoch 3/200] [Batch 120/938] [D loss: 0.41] [G loss: 2.3]` or `step 100 | recon 0.14 | kl 3e-7`.

A number belongs to the words before it. `3/200` is the number 3, and `.3 / .1` are two numbers of the same name. Numbers without
a name at the beginning of a line count epochs and batches. Lines that only count, such as `Epoch 3/30`, apply to the lines below.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from functools import lru_cache

from saddlepoint.diagnosis.logs.numbers import NUMBER, has_decimal_commas, number, without_tensors
from saddlepoint.diagnosis.logs.source import Source
from saddlepoint.diagnosis.logs.table import Table, columns_of

EPOCH, BATCH, STEP = COUNTERS = ("epoch", "batch", "step")
_COUNTING = {
    **dict.fromkeys(("epoch", "epochs", "ep"), EPOCH),
    **dict.fromkeys(("batch", "batches", "minibatch"), BATCH),
    **dict.fromkeys(("step", "steps", "iter", "iters", "iteration", "iterations", "it", "global_step", "itr"), STEP),
}
COUNTER, VALUE, UNNAMED, NOTHING = "counter", "value", "unnamed", "nothing"  # roles of a number
LONGEST_LINE, MOST_WORDS = 4_000, 4  # characters; words of a name
REPEATED = 2  # lines in which a name must occur: others are settings that are printed once

_TERMINAL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_CLOCK_TIME = re.compile(
    r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d)?(?:[.,]\d+)?)?Z?|\b\d{1,3}:\d\d(?::\d\d)?(?:[.,]\d+)?\b"
)
# A number that is no part of a word, of a duration (`5s`) or of a rate (`170it/s`).
_NUMBER = re.compile(rf"(?<![^\s:=(\[{{,/|<>'\"])({NUMBER})(%?)(?![\w%]|\.\d)", re.I)
_BORDER = re.compile(r"[,;|\[\]{}<>]|\s-+\s|\t|\s{2,}|\n")
_DECIMAL_COMMA = re.compile(r"(?<=\d),(?=\d)")
_OF = re.compile(r"\s*(?:/|of|out of)\s*", re.I)


def read(source: Source) -> Table | None:
    """Read printed lines.

    Args:
        source: of the log.

    Returns:
        Their numbers, one row a line; None where no number has a name.
    """
    if source.is_folder:
        return None
    rows: list[dict[str, float]] = []
    context: dict[str, float] = {}
    text = source.text
    if has_decimal_commas(text):
        text = _DECIMAL_COMMA.sub(".", text)
    for line in text.split("\n"):
        counted, values = _split(line, context)
        if EPOCH in counted and counted[EPOCH] != context.get(EPOCH):
            context = {}
        context |= counted
        if values:
            rows.append({**context, **values})
    occurs = Counter(name for row in rows for name in row)
    often = {name for name, count in occurs.items() if count >= REPEATED} or set(occurs)
    kept = [{name: value for name, value in row.items() if name in often} for row in rows]
    kept = [row for row in kept if row.keys() - set(COUNTERS)]
    return Table("printed lines", tuple(kept), columns=columns_of(kept)) if kept else None


def _split(line: str, context: Mapping[str, float]) -> tuple[dict[str, float], dict[str, float]]:
    """Return what a line counts, below what the lines above count, and its other numbers by name."""
    text = _CLOCK_TIME.sub(" ", without_tensors(_TERMINAL.sub("", line[:LONGEST_LINE])))
    pieces = _NUMBER.split(text)
    counted: dict[str, float] = {}
    values: dict[str, float] = {}
    unnamed: list[float] = []
    # Pieces are a text, a number, a percent sign or nothing, a text, ...
    for (place, name), cell, percent in zip(_roles(tuple(pieces[:-1:3])), pieces[1::3], pieces[2::3], strict=True):
        value = number(cell)
        if value is None or place == NOTHING:
            continue
        if place == COUNTER:
            counted.setdefault(name, value)
        elif place == VALUE:
            values.setdefault(name, value / 100 if percent else value)
        elif not values and not percent:
            unnamed.append(value)
    if len(unnamed) == 1:
        free = [BATCH if EPOCH in counted or EPOCH in context else STEP]
    else:
        free = [BATCH] if EPOCH in counted else [EPOCH, BATCH]
    if STEP not in counted:
        counted |= {name: value for name, value in zip(free, unnamed, strict=False) if name not in counted}
    return counted, values


@lru_cache(4_096)  # lines of a log have the same words
def _roles(texts: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """Return what the number after each text of a line is: a role and a name.

    Args:
        texts: before each number of the line.
    """
    found: list[tuple[str, str]] = []
    before, taken = "", set()
    for place, text in enumerate(texts):
        is_second = place > 0 and _OF.fullmatch(text) is not None
        before = before if is_second else _name(text)
        words = before.lower().split()
        counter = _COUNTING.get(words[-1].rstrip(".#")) if words else None
        if is_second and (counter is not None or not words):
            found.append((NOTHING, ""))  # the total of a counter
        elif counter is not None:
            found.append((COUNTER, counter))
        elif words:
            name = before if before not in taken else f"{before} (2)"
            taken.add(name)
            found.append((VALUE, name))
        else:
            found.append((UNNAMED, ""))
    return tuple(found)


def _name(text: str) -> str:
    """Return the words directly before a number, without what separates them from it."""
    parts = [part for part in _BORDER.split(text) if re.search(r"[A-Za-z]", part)]
    if not parts:
        return ""
    name = re.sub(r"^[^A-Za-z_]+|[\s:=\"'~(.-]+$", "", parts[-1])
    name = re.sub(r"^(?:INFO|DEBUG|WARNING|ERROR)\b[\s:]*|^.*[:=]\s+(?=\w)", "", name)
    return " ".join(name.split()[-MOST_WORDS:])
