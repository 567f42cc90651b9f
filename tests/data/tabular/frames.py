"""Random frames of all kinds of columns, for property tests."""

from __future__ import annotations

from typing import Any

import pandas as pd
from hypothesis import strategies as st

WORDS = st.text(st.characters(min_codepoint=32, max_codepoint=0x2FF, exclude_categories=["C"]), min_size=1, max_size=6)
WHOLE = st.integers(-(2**60), 2**60)
REAL = st.floats(-1e30, 1e30, allow_nan=False, allow_infinity=False).map(lambda value: value + 0.0)  # without -0.0
DATES = st.datetimes(pd.Timestamp("1700-01-01").to_pydatetime(), pd.Timestamp("2250-01-01").to_pydatetime())
# A type of pandas, values for it, and whether cells can be missing.
TYPES: list[tuple[str, st.SearchStrategy[Any], bool]] = [
    ("int64", WHOLE, False),
    ("int64", st.integers(-3, 3), False),
    ("int8", st.integers(-128, 127), False),
    ("uint16", st.integers(0, 2**16 - 1), False),
    ("Int64", WHOLE, True),
    ("UInt8", st.integers(0, 255), True),
    ("float64", REAL, True),
    ("float64", st.integers(-1000, 1000).map(lambda value: value / 100), True),
    ("float64", st.integers(-1000, 1000).map(float), True),
    ("float32", st.floats(-100, 100, width=32).map(lambda value: value + 0.0), True),
    ("Float64", REAL, True),
    ("bool", st.booleans(), False),
    ("boolean", st.booleans(), True),
    ("str", WORDS, True),
    ("object", WORDS, True),
    ("string", WORDS, True),
    (
        "str",
        st.dates().map(
            lambda day: day.replace(year=1900 + day.year % 300).isoformat() if day.day < 29 else "2000-01-31"
        ),
        True,
    ),
    ("category", st.sampled_from(["c", "a", "b"]), True),
    ("ordered", st.sampled_from([3, 1, 2]), True),
    ("datetime64[us]", DATES, True),
    ("datetime64[ns]", DATES, True),
    ("datetime64[us, Europe/Paris]", DATES, True),
    (
        "timedelta64[us]",
        st.timedeltas(
            min_value=pd.Timedelta(days=-999).to_pytimedelta(), max_value=pd.Timedelta(days=999).to_pytimedelta()
        ),
        True,
    ),
    ("int64[pyarrow]", WHOLE, True),
    ("date32[day][pyarrow]", st.dates(min_value=pd.Timestamp("1700-01-01").date()), True),
]


@st.composite
def frames(draw: st.DrawFn) -> pd.DataFrame:
    """Frames of 1 to 40 rows and 1 to 4 columns of any types, some of them with missing cells or constant."""
    rows = draw(st.integers(1, 40))
    columns = {}
    for number in range(draw(st.integers(1, 4))):
        dtype, values, can_miss = draw(st.sampled_from(TYPES))
        if draw(st.booleans()):
            values = st.sampled_from(draw(st.lists(values, min_size=1, max_size=4)))
        cells: st.SearchStrategy[Any] = values
        if can_miss and draw(st.booleans()):
            cells = st.none() | values
        columns[f"c{number}"] = series(draw(st.lists(cells, min_size=rows, max_size=rows)), dtype)
    return pd.DataFrame(columns)


def series(cells: list[Any], dtype: str) -> pd.Series[Any]:
    if dtype in ("category", "ordered"):
        categories = pd.Index(["b", "unused", "a", "c"] if dtype == "category" else [1, 2, 3, 9])
        return pd.Series(pd.Categorical(cells, categories=categories, ordered=dtype == "ordered"))
    if dtype.startswith("datetime64"):
        times = pd.Series(pd.to_datetime(pd.Series(cells, dtype="datetime64[us]")))
        return times.dt.tz_localize("UTC").astype(dtype) if "," in dtype else times.astype(dtype)
    return pd.Series(cells, dtype=dtype)
