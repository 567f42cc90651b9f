"""When periodic actions are due: nothing is skipped where records are far apart, and recycling ignores how far apart they are."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from saddlepoint.experiment.schedule import FIRST, Due, Every, EveryTick, OpenEnded

STEPS = st.lists(st.integers(1, 500), min_size=1, max_size=40, unique=True).map(lambda steps: [0, *sorted(steps)])


def due_at(due: Due, steps: list[int]) -> list[int]:
    return [step for previous, step in pairwise([FIRST, *steps]) if due(previous, step)]


@given(STEPS, st.integers(1, 100))
def test_every_multiple_that_is_passed_makes_one_record_due(steps: list[int], period: int) -> None:
    found = due_at(Every(period, steps[-1]), steps)
    assert found[0] == 0
    assert found[-1] == steps[-1]
    multiples = range(0, steps[-1] + 1, period)
    first_at_or_after = {next(step for step in steps if step >= multiple) for multiple in multiples}
    assert set(found) == first_at_or_after | {steps[-1]}


@given(st.integers(1, 20), st.integers(1, 60), st.integers(1, 200), st.data())
def test_whole_ticks_are_due_for_any_spacing_of_records(tick: int, period: int, last: int, data: st.DataObject) -> None:
    due = EveryTick(period, tick, last)
    ticks = sorted({*range(0, last, tick), last})
    closer = sorted({*ticks, *data.draw(st.lists(st.integers(1, last), max_size=30))})
    assert due_at(due, closer) == due_at(due, ticks)
    assert {0, last}.isdisjoint(due_at(due, ticks))


def test_a_period_of_zero_is_never_due() -> None:
    assert due_at(EveryTick(0, 5, 20), [0, 5, 10, 15, 20]) == []


def test_an_open_ended_schedule_is_due_often_in_runs_of_any_length() -> None:
    due = OpenEnded(200, 20)
    for steps in (60, 1_000, 30_000):
        times = sum(due(step - 1, step) for step in range(1, steps + 1))
        assert times >= max(20, steps // 200)
    assert due(-1, 0)
    assert [step for step in range(8_001, 9_000) if due(step - 1, step)] == [8_200, 8_400, 8_600, 8_800]
