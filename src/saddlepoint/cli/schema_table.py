"""The schema of a table on the terminal: a line a column with its kind, its range or categories, missing cells, and the reason."""

from __future__ import annotations

from saddlepoint.cli.console import Output
from saddlepoint.data.tabular import Column, Schema
from saddlepoint.errors import printable, shortened

WIDEST = 34  # characters of names and of values
NAMED = 4  # categories


def say_schema(schema: Schema, output: Output) -> None:
    """Print a line for each column, below headings."""
    lines = [("column", "kind", "values", "missing", "why")]
    lines += [
        (_cut(column.name), _kind(column, schema), _cut(values_text(column)), _share(column.missing), column.reason)
        for column in schema.columns
    ]
    widths = [max(len(line[n]) for line in lines) for n in range(4)]
    for number, line in enumerate(lines):
        cells = [text.ljust(width) for text, width in zip(line, widths, strict=False)]
        output.say(f"  {'  '.join(cells)}  {printable(shortened(line[4]))}".rstrip(), "bold" if number == 0 else None)
    for constraint in schema.constraints:
        output.say(f"  constraint   {constraint}")


def values_text(column: Column) -> str:
    """The range of numbers and dates, the first categories, or the value of a constant."""
    if column.categories and column.kind != "constant":
        between = " < " if column.kind == "ordered" else ", "
        more = f"{between}... ({len(column.categories):,})" if len(column.categories) > NAMED else ""
        return between.join(map(str, column.categories[:NAMED])) + more
    if column.low is not None and column.high is not None:
        unit = f" {column.unit}" if column.unit else ""
        return f"{_number(column.low)} to {_number(column.high)}{unit}"
    return "" if column.value is None else str(column.value)


def _kind(column: Column, schema: Schema) -> str:
    return f"{column.kind} (target)" if column.name == schema.target else column.kind


def _number(value: bool | int | float | str) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _share(share: float) -> str:
    return "" if share == 0 else f"{share:.1%}"


def _cut(text: str) -> str:
    text = printable(text).replace("\n", " ")
    return text if len(text) <= WIDEST else f"{text[: WIDEST - 3]}..."
