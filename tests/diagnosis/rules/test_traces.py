"""Every rule on two recorded runs: it finds the failure of one and nothing in the other."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from functools import cache, reduce
from pathlib import Path
from typing import Any

import pytest

from saddlepoint.diagnosis import Diagnosis, Facts, Rule
from saddlepoint.diagnosis.rules import RULES
from saddlepoint.recipe import Recipe
from saddlepoint.records import Finding, Record

TRACES = Path(__file__).parents[1] / "traces"
WITHOUT_REMEDY = {"negative_kl", "not_the_kl_of_its_heads", "kl_is_subtracted", "clamped_heads"}
WITHOUT_REMEDY |= {
    "slope_runs_away",
    "slope_vanishes",
}  # recorded in loops of other people, which have no settings of ours
BY_NAME = {rule.judge.__name__: rule for rule in RULES}


@cache
def read_trace(name: str, state: str) -> Any:
    trace = json.loads((TRACES / f"{name}-{state}.json").read_text("utf-8"))
    return trace | {"settings": present_settings(trace["settings"])}


def present_settings(recorded: dict[str, Any]) -> dict[str, Any]:
    """The settings of a trace, which may have been recorded by an earlier version, by their present names."""
    content: dict[str, Any] = {}
    for name, value in recorded.items():
        *sections, last = name.split(".")
        reduce(lambda below, section: below.setdefault(section, {}), sections, content)[last] = value
    present = Recipe.from_mapping(content).settings()
    return {entry.name: value for entry, value in present if entry.name.startswith(("model.", "training."))}


def records(trace: Any) -> Iterator[Record]:
    return (Record.from_json({"seconds": 0.0, **line}) for line in trace["records"])


def findings_of(rule: Rule, trace: Any) -> list[Finding]:
    facts = Facts(steps=trace["steps"], settings=trace["settings"])
    watch = Diagnosis(trace["objectives"], [rule], facts)
    assert watch.rules, f"{rule.code} does not apply to {trace['objectives']}"
    return [finding for record in records(trace) for finding in watch.watch(record)]


@pytest.mark.parametrize("name", BY_NAME)
def test_a_rule_finds_the_failure_of_a_run(name: str) -> None:
    rule, trace = BY_NAME[name], read_trace(name, "ill")
    found = findings_of(rule, trace)
    assert found
    first = found[0]
    assert (first.code, first.state) == (rule.code, "open")
    assert first.severity in ("warning", "failure")
    assert first.title.endswith(".")
    assert first.advice.endswith(".")
    assert first.step <= first.evidence["window"][1] >= first.evidence["window"][0]
    # A remedy changes settings that this run has; a mistake in the code has none.
    assert (first.remedy is None) == (name in WITHOUT_REMEDY)
    assert set(first.remedy or {}) <= set(trace["settings"])
    assert all(trace["settings"][setting] != value for setting, value in (first.remedy or {}).items())


@pytest.mark.parametrize("name", BY_NAME)
def test_a_rule_finds_nothing_in_a_run_without_the_failure(name: str) -> None:
    assert findings_of(BY_NAME[name], read_trace(name, "well")) == []


@pytest.mark.parametrize("name", BY_NAME)
def test_a_rule_cites_its_source(name: str) -> None:
    words = BY_NAME[name].judge.__doc__ or ""
    assert "https://" in words or BY_NAME[name].code == "NUM301"


@pytest.mark.parametrize("name", BY_NAME)
def test_a_rule_with_traits_is_left_out_without_them(name: str) -> None:
    rule = BY_NAME[name]
    assert not rule.traits or Diagnosis("something else", [rule]).rules == []


@pytest.mark.parametrize("name", BY_NAME)
def test_a_rule_accepts_nan(name: str) -> None:
    rule, trace = BY_NAME[name], read_trace(name, "ill")
    watch = Diagnosis(trace["objectives"], [rule], Facts(steps=trace["steps"], settings=trace["settings"]))
    for record in records(trace):
        watch.watch(Record(record.step, 0.0, dict.fromkeys(record.values, math.nan)))


@pytest.mark.parametrize("name", BY_NAME)
def test_a_rule_needs_no_settings(name: str) -> None:
    trace = read_trace(name, "ill")
    without = {**trace, "settings": {}}
    if name != "kl_outweighs":  # which is about one
        assert [finding.code for finding in findings_of(BY_NAME[name], without)][:1] == [BY_NAME[name].code]
