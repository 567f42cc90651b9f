"""The tables of gpu.py, from the rows of its parts. A row with a "problem" says it in the place of its numbers."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

import results

from .gpu_parts import Row
from .pairs import quartiles


def loops(rows: Sequence[Row], batch: int, goal: float) -> str:
    """Our loop and the loop by hand, a row for each precision."""
    columns = [
        "precision",
        "ours, images/s",
        "by hand, images/s",
        "by hand with our kernels, images/s",
        "time ours / by hand",
        "goal",
        "time ours / by hand with our kernels",
    ]
    lines = []
    for row in rows:
        if "problem" in row:
            lines.append(_problem([row["precision"]], row, columns))
            continue
        ours, hand, repeatable = (row[name] for name in ("ours", "by hand", "repeatable"))
        ratio = _ratios(ours, hand)
        lines.append(
            [
                row["precision"],
                *(_images(times, batch) for times in (ours, hand, repeatable)),
                _spread(ratio),
                results.goal(f"at most {goal:g}", quartiles(ratio)[1] <= goal),
                _spread(_ratios(ours, repeatable)),
            ]
        )
    return results.table(columns, lines)


def attempts(rows: Sequence[Row], batch: int) -> str:
    """The forms of the step by hand, each measured in turn with the eager one."""
    columns = ["precision", "step by hand", "images/s", "times as fast as eager", "s before the first measured step"]
    lines, skipped = [], []
    for row in rows:
        if "problem" in row:
            lines.append(_problem([row["precision"], row.get("title", "")], row, columns))
            continue
        lines.append(
            [
                row["precision"],
                row["title"],
                _images(row["attempt"], batch),
                _spread(_ratios(row["eager"], row["attempt"])),
                f"{row['prepared']:.1f}",
            ]
        )
        if row["skipped"]:
            skipped.append(f"\n{row['title']}, {row['precision']}: the compiler left out {row['skipped']} CUDA graphs.")
    return results.table(columns, lines) + ("\n" + "".join(skipped) if skipped else "")


def lanes(rows: Sequence[Row]) -> str:
    """Many replicas at once."""
    columns = ["replicas", "step", "ms a step", "replica steps/s", "s to build", "s to the first record"]
    lines = []
    for row in rows:
        names = [f"{row['size']:,}", "compiled" if row["compiled"] else "as it is"] if "size" in row else ["", ""]
        if "problem" in row:
            lines.append(_problem(names, row, columns))
            continue
        rate = row["size"] * 1e3 / row["ms"]
        lines.append([*names, f"{row['ms']:.3g}", f"{rate:,.0f}", f"{row['built']:.1f}", f"{row['first']:.1f}"])
    return results.table(columns, lines)


def tests(row: Row) -> str:
    """How the tests for CUDA ended, in one line, and those that failed."""
    if "problem" in row:
        return f"`pytest -m cuda`: {row['problem']}."
    counts = ", ".join(f"{row[kind]} {kind}" for kind in ("passed", "failed", "errors", "skipped"))
    ended = f"; {row['stopped']}" if row.get("stopped") else ""
    broken = "\n".join(f"- {line}" for line in row["broken"])
    return f"`pytest -m cuda`: {counts}{ended}." + (f"\n\n{broken}" if broken else "")


def _problem(names: Sequence[str], row: Row, columns: Sequence[str]) -> list[str]:
    return [*names, row["problem"], *[""] * (len(columns) - len(names) - 1)]


def _ratios(times: Sequence[float], others: Sequence[float]) -> list[float]:
    """Round by round."""
    return [a / b for a, b in zip(times, others, strict=True)]


def _images(times: Sequence[float], batch: int) -> str:
    return f"{batch / statistics.median(times):,.0f}"


def _spread(values: list[float]) -> str:
    low, middle, high = quartiles(values)
    return f"{middle:.3f} ({low:.3f} to {high:.3f})"
