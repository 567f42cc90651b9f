"""Writes what a benchmark measured into RESULTS.md.

A benchmark has one or more sections there, each under a heading of its own:

    ## NAME
    2026-11-20; AMD EPYC, 2 cores, 2 threads; torch 2.13.0; load 0.1 at the start

    what was measured, tables, whether the goal was met

A repeated measurement replaces its section in place; all others stay as they are, to the byte.
"""

from __future__ import annotations

import datetime
import os
import platform
import re
import statistics
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).resolve().parent / "RESULTS.md"
PREAMBLE = (
    "# Measured\n\nWritten by the programs in this folder (`make bench`), one section a benchmark, each with its date and "
    "machine.\nNumbers of different machines do not compare; ratios of two sides measured in turn do.\n"
)


def write(name: str, body: str, *, origin: str | None = None, load: float | None = None, path: Path = RESULTS) -> None:
    """Put `body` (Markdown) under the heading `name`, in place of what was there.

    Args:
        name: of the section.
        body: without headings above ###.
        origin: when and where it was measured, see `describe_origin`; without it, now and here.
        load: the machine's load average before the measurement began, which shows whether others were working.
        path: the file.
    """
    text = path.read_text("utf-8") if path.exists() else PREAMBLE
    text = replaced(text, name, section(name, body, origin or machine(load)))
    with tempfile.NamedTemporaryFile("w", dir=path.parent, delete=False, encoding="utf-8") as file:
        file.write(text)
    Path(file.name).chmod(0o644)
    Path(file.name).replace(path)


def section(name: str, body: str, facts: str) -> str:
    """A whole section, from its heading to its last line end.

    Raises:
        ValueError: the text would end the section early.
    """
    if "\n" in name or re.search(r"^##? ", body, re.MULTILINE):
        raise ValueError(
            f"results: the section {name!r} must have a name of one line and no headings above ### in its body."
        )
    return f"## {name}\n{facts}\n\n{body}".rstrip() + "\n"


def replaced(text: str, name: str, new: str) -> str:
    """`text` with `new` in place of its section `name`, or at its end where it has none."""
    found = re.search(rf"^## {re.escape(name)}\n.*?(?=\n## |\Z)", text, re.MULTILINE | re.DOTALL)
    if found is None:
        return f"{text.rstrip()}\n\n{new}"
    return text[: found.start()] + new + text[found.end() :]


def table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A Markdown table, its columns padded so that it reads as plain text too."""
    cells = [list(columns), *([str(cell) for cell in row] for row in rows)]
    assert all(len(row) == len(columns) for row in cells), cells
    widths = [max(len(row[i]) for row in cells) for i in range(len(columns))]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |" for row in cells
    ]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(lines)


def with_error(values: Sequence[float], digits: int) -> str:
    """Mean ± standard error; the mean alone of a single value."""
    mean = f"{statistics.fmean(values):.{digits}f}"
    return f"{mean} ± {statistics.stdev(values) / len(values) ** 0.5:.{digits}f}" if len(values) > 1 else mean


def with_interval(values: Sequence[float], digits: int) -> str:
    """Mean ± half the width of its 95 % interval by Student's t; the mean alone of a single value, and nothing of none."""
    if len(values) < 2:
        return f"{values[0]:.{digits}f}" if values else ""
    import torch

    from saddlepoint.evaluation.statistics.intervals import mean_interval

    found = mean_interval(torch.tensor(values, dtype=torch.float64))
    return f"{found.value:.{digits}f} ± {found.high - found.value:.{digits}f}"


def goal(text: str, met: bool) -> str:
    """The one form of a goal and its result: "goal at most 1.05: met"."""
    return f"goal {text}: {'met' if met else 'not met'}"


def machine(load: float | None = None) -> str:
    """Date, processor, cores, threads and torch's version, in one line."""
    here = describe_origin([provenance()])
    return here if load is None else f"{here}; load {load:.1f} at the start"


def provenance() -> dict[str, Any]:
    """Today's date, this machine and versions, as a line of outcomes holds them."""
    import torch

    return {
        "date": datetime.datetime.now(tz=datetime.UTC).date().isoformat(),
        "processor": _processor(),
        "cores": os.cpu_count(),
        "threads": torch.get_num_threads(),
        "torch": str(torch.__version__),
        "python": platform.python_version(),
    }


def describe_origin(found: Sequence[Mapping[str, Any]]) -> str:
    """When and where something was measured, in one line: one date or the first and the last, and every machine and version.

    Args:
        found: what `provenance` returned, once or more.
    """
    dates = sorted(one["date"] for one in found)
    parts = [
        ["{processor}, {cores} cores, {threads} threads".format(**one) for one in found],
        ["torch {torch}, Python {python}".format(**one) for one in found],
    ]
    return "; ".join(
        [" to ".join(dict.fromkeys((dates[0], dates[-1]))), *(" and ".join(dict.fromkeys(part)) for part in parts)]
    )


def _processor() -> str:
    try:
        found = re.search(r"^model name\s*: (.*)$", Path("/proc/cpuinfo").read_text("utf-8"), re.MULTILINE)
    except OSError:
        found = None
    return found[1].strip() if found else platform.processor() or platform.machine()
