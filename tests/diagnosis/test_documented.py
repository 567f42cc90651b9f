"""docs/diagnosis.md and the README have every code, and every series that a rule reads."""

from __future__ import annotations

import re
from pathlib import Path

from saddlepoint.diagnosis.log_rules import LOG_RULES
from saddlepoint.diagnosis.rules import RULES
from saddlepoint.diagnosis.settings import CODES

CHECKOUT = Path(__file__).parents[2]
PAGE = (CHECKOUT / "docs" / "diagnosis.md").read_text("utf-8")


def test_every_code_is_documented() -> None:
    rows = set(re.findall(r"^\| ([A-Z]+\d{3}) \|", PAGE, re.MULTILINE))
    before_training = {"AR501", "DATA401", "DATA402", "DATA403", "DATA404", "DATA405"}
    before_training |= {"GAN110", "NUM305", "SET401", "SET402", "SET403", "DIFF701"}
    before_training |= {f"LOOP90{number}" for number in range(1, 9)}
    in_logs = {problem.rule.code for problem in LOG_RULES.values()}
    assert {rule.code for rule in RULES} | in_logs | before_training == rows == set(CODES)
    readme = (CHECKOUT / "README.md").read_text("utf-8")
    assert all(code in readme for code in rows)


def test_every_series_that_a_rule_names_is_documented() -> None:
    written = {name.replace("/", "_") for name in re.findall(r"`(\w+/\w+)`", PAGE)}
    written |= {name.replace("P_", f"{player}_", 1) for name in written for player in ("d", "g", "vae", "ae")}
    named = {name for rule in RULES for name in (*rule.needs, *rule.optional)} - {"every_series", "run"}
    assert named - written - {"ae_active_share"} == set()
    for pattern in (pattern for rule in RULES for pattern in rule.reads):
        assert f"`{pattern.replace('*', 'P')}`" in PAGE
