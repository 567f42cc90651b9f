"""Groups are divided so that no worker is idle, and hold the same runs however they are divided."""

from __future__ import annotations

import pytest

from saddlepoint.studies.plan import SMALLEST_PART
from tests.studies.studies import plan_of, tiny


@pytest.mark.parametrize(
    ("seeds", "workers", "sizes"),
    [
        (18, 1, [36]),
        (18, 2, [18, 18]),
        (18, 3, [9, 9, 18]),
        (18, 64, [9, 9, 9, 9]),
        (SMALLEST_PART - 1, 2, [2 * SMALLEST_PART - 2]),
    ],
)
def test_a_group_is_divided_among_workers(seeds: int, workers: int, sizes: list[int]) -> None:
    plan = plan_of(tiny(lanes=256, seeds={"count": seeds}))
    groups = plan.groups(workers=workers)
    assert sorted(len(group.runs) for group in groups) == sizes
    (whole,) = plan.groups()
    assert {run.key for group in groups for run in group.runs} == {run.key for run in whole.runs}
    assert len({group.key for group in groups}) == len(groups)
    assert [group.work for group in groups] == sorted((group.work for group in groups), reverse=True)


def test_known_results_are_not_trained_again() -> None:
    plan = plan_of(tiny(lanes=256, seeds={"count": 18}))
    known = [run.key for run in plan.runs[:10]]
    assert {run.key for group in plan.groups(known, workers=2) for run in group.runs} == {
        run.key for run in plan.runs[10:]
    }
