"""docs/logs.md has every format, every series and every problem of logs."""

from __future__ import annotations

import re
from pathlib import Path

from saddlepoint.diagnosis.log_rules import LOG_RULES
from saddlepoint.diagnosis.logs.meanings import MEANINGS
from saddlepoint.diagnosis.logs.readers import READERS

PAGE = (Path(__file__).parents[3] / "docs" / "logs.md").read_text("utf-8")


def test_every_problem_is_documented_with_its_code() -> None:
    table = PAGE.split("## What losses show")[1].split("## From Python")[0]
    rows = set(re.findall(r"\| ([A-Z]+\d{3}) \| ([a-z ]+) \|", table))
    assert rows == {(problem.rule.code, problem.sure) for problem in LOG_RULES.values()}


def test_every_series_is_documented() -> None:
    written = set(re.findall(r"`(\w+/\w+)`", PAGE))
    written |= {name.replace("P/", f"{player}/") for name in written for player in ("vae", "ae", "d", "g", "model")}
    named = {name.replace("_", "/", 1) for one in LOG_RULES.values() for name in (*one.rule.needs, *one.rule.optional)}
    assert (named - {"every/series", "run"}) | set(MEANINGS) <= written


def test_every_format_is_documented() -> None:
    table = PAGE.split("## Formats")[1].split("## How columns")[0]
    assert all(kind.split()[0].lower() in table.lower() for kind in READERS)
