"""Rules are evaluated where they apply; findings open, persist and close."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from saddlepoint.diagnosis import Diagnosis, Facts, History, Series, rule
from saddlepoint.diagnosis.declaration import UNDECIDED, Undecided
from saddlepoint.records import Finding, Record, active_findings


def make_finding(code: str, step: int = 0) -> Finding:
    return Finding(code, "warning", step, "something is wrong")


@rule("A1")
def needs_both(d_loss: Series, g_loss: Series) -> Finding | None:
    return make_finding("A1", d_loss.step) if d_loss.last > g_loss.last else None


@rule("A2", traits={"saturates"})
def of_minimax(d_loss: Series) -> Finding | None:
    return make_finding("A2", d_loss.step)


@rule("A3")
def reads_every_series(every_series: Mapping[str, Series]) -> Finding | None:
    return make_finding("A3") if len(every_series) > 2 else None


@rule("A4")
def takes_more(d_loss: Series, run: Facts, x_y: Series | None = None) -> Finding | None:
    return make_finding("A4") if x_y is not None and run.progress(d_loss.step) > 0.5 else None


@rule("B1", opens=3, closes=2)
def patient(d_loss: Series) -> Finding | None:
    if d_loss.last <= 0:
        return None
    return Finding("B1", "failure" if d_loss.last > 1 else "warning", d_loss.step, "too large")


@rule("B2", opens=2, closes=2)
def hesitant(d_loss: Series) -> Finding | Undecided | None:
    if d_loss.last == 0:
        return UNDECIDED
    return make_finding("B2", d_loss.step) if d_loss.last > 0 else None


RULES = (needs_both, of_minimax, reads_every_series)


def codes(findings: Sequence[Finding]) -> list[str]:
    return [finding.code for finding in findings]


def losses(values: Sequence[float]) -> list[Record]:
    return [Record(10 * i, 0.0, {"d/loss": value}) for i, value in enumerate(values)]


@pytest.mark.parametrize(
    ("values", "states"),
    [
        ([1, 0, 1, 1], ["open"]),
        ([1, 0, 1, 0, 1], []),
        ([1, 1, 0, 0, 0, 0], ["open"]),
        ([1, 1, -1, 0, -1], ["open", "closed"]),
        ([1, 1, -1, -1], ["open", "closed"]),
    ],
)
def test_an_undecided_rule_neither_opens_nor_closes(values: list[float], states: list[str]) -> None:
    diagnosis = Diagnosis("gan", [hesitant], Facts(steps=100))
    assert [finding.state for record in losses(values) for finding in diagnosis.watch(record)] == states


def test_parameters_declare_what_a_rule_needs() -> None:
    assert needs_both.needs == ("d_loss", "g_loss")
    assert needs_both.traits == frozenset()
    assert of_minimax.traits == {"saturates"}
    assert reads_every_series.needs == ("every_series",)
    assert (takes_more.needs, takes_more.optional) == (("d_loss", "run"), ("x_y",))


def test_a_rule_is_evaluated_once_its_series_exist() -> None:
    history = History([Record(1, 0.0, {"d/loss": 1.0})])
    assert needs_both.missing(history) == ["g_loss"]
    asked = needs_both.evaluate(History([Record(1, 0.0, {"d/loss": 1.0, "g/loss": 0.0})]))
    assert asked == make_finding("A1", 1)
    # The plain function stays reachable for tests and for a user's own use.
    assert needs_both.judge(Series("d/loss", [1], [0.0]), Series("g/loss", [1], [1.0])) is None


def test_missing_series_are_named() -> None:
    watch = Diagnosis("minimax", RULES)
    watch.watch(Record(1, 0.0, {"d/loss": 1.0}))
    assert watch.not_evaluated() == {"A1": ["g_loss"]}


def test_a_rule_of_all_series_is_evaluated_where_one_that_it_reads_exists() -> None:
    @rule("A5", reads=("*/dead_units", "*/grad_norm"))
    def reads_some_series(every_series: Mapping[str, Series]) -> Finding | None:
        return make_finding("A5")

    watch = Diagnosis("vae", [reads_some_series])
    assert watch.watch(Record(1, 0.0, {"d/loss": 1.0})) == []
    assert watch.not_evaluated() == {"A5": ["*/dead_units or */grad_norm"]}
    assert codes(watch.watch(Record(2, 0.0, {"d/grad_norm": 1.0}))) == ["A5"]
    assert watch.not_evaluated() == {}


def test_optional_series_are_passed_where_they_exist() -> None:
    watch = Diagnosis("vae", [takes_more], Facts(steps=10))
    assert watch.watch(Record(6, 0.0, {"d/loss": 1.0})) == []
    assert watch.watch(Record(7, 0.0, {"d/loss": 1.0, "x/y": 1.0}))
    watch = Diagnosis("vae", [takes_more], Facts(steps=100))
    assert watch.watch(Record(7, 0.0, {"d/loss": 1.0, "x/y": 1.0})) == []


def test_a_rule_is_evaluated_only_in_runs_with_its_traits() -> None:
    record = Record(1, 0.0, {"d/loss": 1.0})
    assert Diagnosis("vae", RULES).watch(record) == []
    assert codes(Diagnosis("minimax", RULES).watch(record)) == ["A2"]
    assert codes(Diagnosis(("gan", "minimax"), RULES).watch(record)) == ["A2"]


def test_a_finding_is_reported_once() -> None:
    watch = Diagnosis("vae", RULES)
    ill = {"d/loss": 1.0, "g/loss": 0.0}
    assert watch.watch(Record(1, 0.0, {"d/loss": 0.0, "g/loss": 1.0})) == []
    assert codes(watch.watch(Record(2, 0.0, ill))) == ["A1"]
    assert watch.watch(Record(3, 0.0, ill)) == []
    assert codes(watch.watch(Record(4, 0.0, {**ill, "d/grad_norm": 1.0}))) == ["A3"]
    assert set(watch.found) == {"A1", "A3"}


def test_a_single_spike_opens_no_finding_and_a_single_pause_closes_none() -> None:
    watch = Diagnosis("vae", [patient])
    said = [change for record in losses([1, 1, 0, 1, 1, 1, 0, 1, 0, 0, 0]) for change in watch.watch(record)]
    assert [(change.state, change.step) for change in said] == [("open", 50), ("closed", 90)]
    assert said[0].evidence == {"window": [30, 50], "series": ["d/loss"]}
    assert watch.found == {}


@pytest.mark.parametrize("unknown", [math.nan, math.inf])
def test_non_finite_values_close_no_finding(unknown: float) -> None:
    @rule("B2", opens=1, closes=2)
    def by_the_level(d_loss: Series) -> Finding | None:
        return make_finding("B2", d_loss.step) if math.isfinite(d_loss.last) and d_loss.last > 0 else None

    watch = Diagnosis("vae", [by_the_level])
    said = [change for record in losses([1, *[unknown] * 9]) for change in watch.watch(record)]
    assert [change.state for change in said] == ["open"]
    said = [change for record in losses([0, unknown, 0]) for change in watch.watch(record)]
    assert [change.state for change in said] == ["closed"]


def test_a_finding_that_becomes_more_severe_is_reported_again() -> None:
    watch = Diagnosis("vae", [patient])
    said = [change for record in losses([1, 1, 1, 1, 5, 5, 1]) for change in watch.watch(record)]
    assert [(change.severity, change.step) for change in said] == [("warning", 20), ("failure", 40)]


def test_a_record_without_new_values_is_not_counted() -> None:
    watch = Diagnosis("vae", [patient])
    for step in range(9):
        assert watch.watch(Record(step, 0.0, {"d/loss": 1.0} if step == 0 else {"g/loss": 1.0})) == []


@given(st.lists(st.sampled_from([0.0, 1.0, 2.0]), max_size=30))
def test_active_findings_are_the_last_lines_of_the_log(values: list[float]) -> None:
    watch = Diagnosis("vae", [patient])
    log = [change for record in losses(values) for change in watch.watch(record)]
    assert active_findings(log) == list(watch.found.values())
    assert all(before.state != after.state or after.severity == "failure" for before, after in zip(log, log[1:]))  # noqa: B905, RUF007


@pytest.mark.parametrize("stop", range(9))
def test_resumed_training_equals_uninterrupted_training(stop: int) -> None:
    rules = (*RULES, patient)
    records = [Record(i, 0.0, {"d/loss": float(i), "g/loss": 3.0, **({"x/y": 0.0} if i > 6 else {})}) for i in range(9)]
    whole, first, second = (Diagnosis("minimax", rules) for _ in range(3))
    reported = [finding for record in records[:stop] for finding in first.watch(record)]
    second.resume(records[:stop])
    assert second.history.series == first.history.series
    after = [finding for record in records[stop:] for finding in second.watch(record)]
    assert reported + after == [finding for record in records for finding in whole.watch(record)]
