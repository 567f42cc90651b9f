"""Rules are asked where they apply, and a finding is reported once."""

from __future__ import annotations

from collections.abc import Mapping

from saddlepoint.diagnosis import Diagnosis, History, Series, rule
from saddlepoint.records import Finding, Record


def found(code: str, step: int = 0) -> Finding:
    return Finding(code, "warning", step, "so it is")


@rule("A1")
def needs_both(d_loss: Series, g_loss: Series) -> Finding | None:
    return found("A1", d_loss.steps[-1]) if d_loss.last > g_loss.last else None


@rule("A2", objectives={"minimax"})
def of_minimax(d_loss: Series) -> Finding | None:
    return found("A2", d_loss.steps[-1])


@rule("A3")
def of_all(every_series: Mapping[str, Series]) -> Finding | None:
    return found("A3") if len(every_series) > 2 else None


RULES = (needs_both, of_minimax, of_all)


def test_a_rule_names_what_it_needs() -> None:
    assert needs_both.needs == ("d_loss", "g_loss")
    assert needs_both.objectives is None
    assert of_minimax.objectives == {"minimax"}
    assert of_all.needs == ("every_series",)


def test_a_rule_is_not_asked_before_its_series_exist() -> None:
    assert needs_both.ask(History([Record(1, 0.0, {"d/loss": 1.0})])) is None
    asked = needs_both.ask(History([Record(1, 0.0, {"d/loss": 1.0, "g/loss": 0.0})]))
    assert asked == found("A1", 1)
    # The plain function stays reachable for tests and for a user's own use.
    assert needs_both.judge(Series("d/loss", [1], [0.0]), Series("g/loss", [1], [1.0])) is None


def test_a_rule_is_asked_for_its_objectives_alone() -> None:
    record = Record(1, 0.0, {"d/loss": 1.0})
    assert Diagnosis("vae", RULES).watch(record) == []
    assert Diagnosis("minimax", RULES).watch(record) == [found("A2", 1)]


def test_a_finding_is_reported_once() -> None:
    watch = Diagnosis("vae", RULES)
    ill = {"d/loss": 1.0, "g/loss": 0.0}
    assert watch.watch(Record(1, 0.0, {"d/loss": 0.0, "g/loss": 1.0})) == []
    assert [f.code for f in watch.watch(Record(2, 0.0, ill))] == ["A1"]
    assert watch.watch(Record(3, 0.0, ill)) == []
    assert [f.code for f in watch.watch(Record(4, 0.0, {**ill, "d/grad_norm": 1.0}))] == ["A3"]
    assert set(watch.found) == {"A1", "A3"}


def test_resuming_equals_never_having_stopped() -> None:
    records = [Record(i, 0.0, {"d/loss": float(i), "g/loss": 3.0, **({"x/y": 0.0} if i > 6 else {})}) for i in range(9)]
    for stop in range(9):
        whole, first, second = (Diagnosis("minimax", RULES) for _ in range(3))
        reported = [finding for record in records[:stop] for finding in first.watch(record)]
        second.resume(records[:stop], reported)
        assert second.history.series == first.history.series
        after = [finding for record in records[stop:] for finding in second.watch(record)]
        assert reported + after == [finding for record in records for finding in whole.watch(record)]
