"""At which step a row was written: a column counts the steps, epochs, or batches of an epoch, or the rows themselves count.

Rows that were written apart for one step, such as the training and the validation row of Lightning's metrics.csv, become one row. Where steps
go back, the training was resumed or started again, or a counter starts at 0 in every epoch.
"""

from __future__ import annotations

import itertools
import math
from bisect import bisect_left
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from saddlepoint.diagnosis.log_rules.stretches import FEWEST
from saddlepoint.diagnosis.logs.table import Row, Table

STEPS = ("step", "_step", "global_step", "iteration", "iter", "batches_done", "epoch")
EPOCHS, BATCHES = ("epoch", "epochs"), ("batch", "batch_idx", "batches")
SAME = 0.1  # share of the rows that may have the step of the row before; with more, the column does not count rows
MOST_ROWS = 10_000  # of a longer log, neighbouring rows are averaged


@dataclass(frozen=True)
class Counted:
    """Rows with their steps.

    Attributes:
        steps: one for each row, ascending.
        rows: the numbers of each row by column, without counters.
        unit: what a step is: "step", "epoch" or "row".
        notes: what was done about steps that go back, and about long logs.
    """

    steps: tuple[int, ...]
    rows: tuple[Row, ...]
    unit: str
    notes: tuple[str, ...] = ()


def count_steps(table: Table, mapped: Collection[str] = (), clock: str | None = None) -> Counted:
    """Find the step of each row.

    Args:
        table: the numbers of the log.
        mapped: columns that the user has named as series, which are no counters.
        clock: the column that counts the steps, where the user has named it.
    """
    if table.counted is not None:
        return _thinned(table.counted, table.rows, "step", table.notes)
    known = {_plain(name): name for name in reversed(table.names) if name not in mapped}
    step = clock or next((known[name] for name in STEPS if name in known), None)
    epoch, batch = (next((known[name] for name in names if name in known), None) for names in (EPOCHS, BATCHES))
    counters = {step, *([epoch, batch] if clock is None else [])} - {None}
    steps: list[float | None] = [row.get(step) if step else None for row in table.rows]
    is_epoch = step is not None and step == epoch
    inner = batch if is_epoch and clock is None else step if epoch else None
    if is_epoch and inner is not None and len({row[inner] for row in table.rows if inner in row}) == 1:
        inner = None  # one row an epoch, at its last batch
    if (
        epoch is not None
        and inner is not None
        and clock is None
        and (is_epoch or _starts_again(table.rows, inner, epoch))
    ):
        steps = _within_epochs(table.rows, epoch, inner)
        is_epoch = False
    rows = [{name: value for name, value in row.items() if name not in counters} for row in table.rows]
    steps, rows = _merged(steps, rows)
    pairs = list(itertools.pairwise(steps))
    if sum(a is not None and a == b for a, b in pairs) > SAME * max(len(pairs), 1):
        steps, is_epoch = [None] * len(rows), False
    # Several losses of one moment may be printed in turn; fractions of an epoch count rows.
    unit = "epoch" if is_epoch and all(s is None or not math.isfinite(s) or s == int(s) for s in steps) else "step"
    unit = "row" if all(s is None for s in steps) or (is_epoch and unit == "step") else unit
    whole = [
        int(at) if at is not None and math.isfinite(at) and unit != "row" else place for place, at in enumerate(steps)
    ]
    whole, ordered, notes = _ascending(whole, rows)
    return _thinned(whole, ordered, unit, (*table.notes, *notes))


def _plain(name: str) -> str:
    return name.lower().replace(" ", "_").rpartition("/")[2]


def _starts_again(rows: Sequence[Row], inner: str, epoch: str) -> bool:
    """Whether the counter goes back wherever the epoch goes on."""
    both = [(row[epoch], row[inner]) for row in rows if epoch in row and inner in row]
    changes = [(one[1], other[1]) for one, other in itertools.pairwise(both) if other[0] > one[0]]
    return bool(changes) and all(later < earlier for earlier, later in changes)


def _within_epochs(rows: Sequence[Row], epoch: str, inner: str) -> list[float | None]:
    """Return steps that count on through epochs, from a counter that starts again in each."""
    counts = sorted({row[inner] for row in rows if math.isfinite(row.get(inner, math.nan))})
    gaps = [later - earlier for earlier, later in itertools.pairwise(counts)]
    length = (counts[-1] + min(gaps, default=1.0)) if counts else 1.0
    return [row[epoch] * length + row.get(inner, length - 1) if epoch in row else row.get(inner) for row in rows]


def _merged(steps: Sequence[float | None], rows: Sequence[Row]) -> tuple[list[float | None], list[dict[str, float]]]:
    """Join neighbouring rows of one step that have no column in common."""
    found_steps: list[float | None] = []
    found: list[dict[str, float]] = []
    for at, row in zip(steps, rows, strict=True):
        if found and row and at == found_steps[-1] and found[-1].keys().isdisjoint(row):
            found[-1] |= row
        elif row:
            found_steps.append(at)
            found.append(dict(row))
    return found_steps, found


def _ascending(steps: list[int], rows: Sequence[Row]) -> tuple[list[int], list[Row], list[str]]:
    """Order steps that go back: rows after a resumption replace earlier ones; a counter that starts again goes on."""
    back = [place for place in range(1, len(steps)) if steps[place] < steps[place - 1]]
    if not back:
        return steps, list(rows), []
    if len(steps) >= FEWEST and len(back) == len(steps) - 1:
        return steps[::-1], list(rows[::-1]), ["The newest row comes first; the rows were reversed."]
    starts = {steps[0], *(steps[place] for place in back)}
    if len(back) > 1 and len(starts) == 1:
        counted, offset = [], 0
        for at, before in zip(steps, [steps[0], *steps], strict=False):
            offset += before + 1 - steps[0] if at < before else 0
            counted.append(at + offset)
        return counted, list(rows), ["The counter starts again several times and was read as going on."]
    kept: list[int] = []
    found: list[Row] = []
    notes = []
    for start, stop in itertools.pairwise([0, *back, len(steps)]):
        first = bisect_left(kept, steps[start])
        if stop - start < min(FEWEST, len(kept) - first):
            notes.append(f"The steps go back to {steps[start]:,} for {stop - start} rows, which were left out.")
            continue
        if kept:
            word = "again from the start" if steps[start] <= steps[0] else f"from {steps[start]:,}"
            notes.append(f"The steps go back: the training went on {word}, and what was written later is read.")
        kept[first:], found[first:] = steps[start:stop], rows[start:stop]
    return kept, found, notes[-2:]


def _thinned(steps: Sequence[int], rows: Sequence[Row], unit: str, notes: Sequence[str]) -> Counted:
    """Average neighbouring rows of a very long log; NaN stays NaN."""
    if len(rows) <= MOST_ROWS:
        return Counted(tuple(steps), tuple(rows), unit, tuple(notes))
    width = math.ceil(len(rows) / MOST_ROWS)
    means = []
    for start in range(0, len(rows), width):
        group = rows[start : start + width]
        names = dict.fromkeys(name for row in group for name in row)
        cells = {name: [row[name] for row in group if name in row] for name in names}
        means.append({name: sum(values) / len(values) for name, values in cells.items()})
    averaged = f"Every {width:,} neighbouring rows were averaged."
    return Counted(tuple(steps[::width]), tuple(means), unit, (*notes, averaged))
