"""Printed lines, such as `[Epoch 3/200] [Batch 120/938] [D loss: 0.41] [G loss: 2.3]` or `step 100 | recon 0.14 | kl 3e-7`.

A number belongs to the words before it. `3/200` is the number 3, and `.3 / .1` are two numbers of the same name. Numbers without
a name at the beginning of a line count epochs and batches. Lines that only count, such as `Epoch 3/30`, apply to the lines below.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from functools import lru_cache

from saddlepoint.diagnosis.logs.numbers import NUMBER, number, without_tensors
from saddlepoint.diagnosis.logs.source import Source
from saddlepoint.diagnosis.logs.table import Table, columns_of

EPOCH, BATCH, STEP = COUNTERS = ("epoch", "batch", "step")
_COUNTING = {
    **dict.fromkeys(("epoch", "epochs", "ep"), EPOCH),
    **dict.fromkeys(("batch", "batches", "minibatch"), BATCH),
    **dict.fromkeys(("step", "steps", "iter", "iters", "iteration", "iterations", "it", "global_step", "itr"), STEP),
}
LONGEST_LINE, MOST_WORDS = 4_000, 4  # characters; words of a name
REPEATED = 2  # lines in which a name must occur: others are settings that are printed once

_TERMINAL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_CLOCK_TIME = re.compile(
    r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d)?(?:[.,]\d+)?)?Z?|\b\d{1,3}:\d\d(?::\d\d)?(?:[.,]\d+)?\b"
)
# A number that is no part of a word, of a duration (`5s`) or of a rate (`170it/s`).
_NUMBER = re.compile(rf"(?<![^\s:=(\[{{,/|<>'\"])({NUMBER})(%?)(?![\w%]|\.\d)", re.I)
_BORDER = re.compile(r"[,;|\[\]{}<>]|\s-+\s|\t|\s{2,}|\n")
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
    for line in source.text.split("\n"):
        counted, values = _split(line)
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


def _split(line: str) -> tuple[dict[str, float], dict[str, float]]:
    """Return what a line counts, and its other numbers by name."""
    counted: dict[str, float] = {}
    values: dict[str, float] = {}
    unnamed: list[float] = []
    for name, value, is_share in _named_numbers(line):
        words = name.lower().split()
        counter = _COUNTING.get(words[-1].rstrip(".#")) if words else None
        if counter is not None:
            counted.setdefault(counter, value)
        elif words:
            name_of_value = name if name not in values else f"{name} (2)"
            values.setdefault(name_of_value, value / 100 if is_share else value)
        elif not values and not is_share:
            unnamed.append(value)
    free = [BATCH] if EPOCH in counted else [STEP] if len(unnamed) == 1 else [EPOCH, BATCH]
    if STEP not in counted:
        counted |= {name: value for name, value in zip(free, unnamed, strict=False) if name not in counted}
    return counted, values


def _named_numbers(line: str) -> Iterator[tuple[str, float, bool]]:
    """Yield the name before each number ("" for none), the number, and whether a percent sign follows it."""
    text = _CLOCK_TIME.sub(" ", without_tensors(_TERMINAL.sub("", line[:LONGEST_LINE])))
    end, before = 0, ""
    for found in _NUMBER.finditer(text):
        between = text[end : found.start()]
        value = number(found[1])
        if value is None:
            continue
        if end and _OF.fullmatch(between):
            # The total of a counter, or a second value under the same name.
            words = before.lower().split()
            if words and words[-1].rstrip(".#") not in _COUNTING:
                yield before, value, bool(found[2])
        else:
            before = _name(between)
            yield before, value, bool(found[2])
        end = found.end()


@lru_cache(4_096)  # lines of a log have the same words
def _name(text: str) -> str:
    """Return the words directly before a number, without what separates them from it."""
    parts = [part for part in _BORDER.split(text) if re.search(r"[A-Za-z]", part)]
    if not parts:
        return ""
    name = re.sub(r"^[^A-Za-z_]+|[\s:=\"'~(.-]+$", "", parts[-1])
    name = re.sub(r"^(?:INFO|DEBUG|WARNING|ERROR)\b[\s:]*|^.*[:=]\s+(?=\w)", "", name)
    return " ".join(name.split()[-MOST_WORDS:])
