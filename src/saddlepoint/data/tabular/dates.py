"""Dates and times: formats of dates that are written as text, and dates as numbers of microseconds or whole ticks of their format."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

# Patterns that keep plain numbers and codes from being tried as dates, and the formats they may be.
FORMATS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (r"\d{4}-\d\d-\d\d", ("%Y-%m-%d",)),
    (r"\d{4}/\d\d/\d\d", ("%Y/%m/%d",)),
    (r"\d\d/\d\d/\d{4}", ("%d/%m/%Y", "%m/%d/%Y")),
    (r"\d\d\.\d\d\.\d{4}", ("%d.%m.%Y",)),
    (r"\d\d-\d\d-\d{4}", ("%d-%m-%Y", "%m-%d-%Y")),
    (r"\d\d-[A-Za-z]{3}-\d{4}", ("%d-%b-%Y",)),
    (r"\d\d [A-Za-z]{3} \d{4}", ("%d %b %Y",)),
)
TIMES: tuple[tuple[str, str], ...] = (
    (r"", ""),
    (r"T\d\d:\d\d:\d\d", "T%H:%M:%S"),
    (r" \d\d:\d\d:\d\d", " %H:%M:%S"),
    (r"T\d\d:\d\d", "T%H:%M"),
    (r" \d\d:\d\d", " %H:%M"),
    (r"T\d\d:\d\d:\d\dZ", "T%H:%M:%SZ"),
    (r" \d\d:\d\d:\d\d\.\d{6}", " %H:%M:%S.%f"),
    (r"T\d\d:\d\d:\d\d\.\d{6}", "T%H:%M:%S.%f"),
)


def find_format(texts: Sequence[str]) -> str | None:
    """The format in which all texts are dates, so that writing them gives the same texts; None where there is none."""
    import pandas as pd

    if not texts:
        return None
    series = pd.Series(list(texts), dtype=str)
    for day, forms in FORMATS:
        for time, time_form in TIMES:
            pattern = day + time
            if re.fullmatch(pattern, texts[0]) is None or not series.str.fullmatch(pattern).all():
                continue
            for form in forms:
                dates = pd.to_datetime(series, format=form + time_form, errors="coerce")
                if dates.notna().all() and (dates.dt.strftime(form + time_form) == series).all():
                    return form + time_form
    return None


def parse_dates(texts: Sequence[str], form: str) -> pd.DatetimeIndex:
    """The dates that texts of one format are."""
    import pandas as pd

    return pd.DatetimeIndex(pd.to_datetime(list(texts), format=form))


def to_iso(date: Any) -> str:
    """A date in ISO format, without a time of midnight; with a zone in UTC, since old zones differ by seconds, which ISO cannot say."""
    if getattr(date, "tzinfo", None) is not None:
        date = date.tz_convert("UTC")
    text: str = date.isoformat()
    return text.removesuffix("T00:00:00")
