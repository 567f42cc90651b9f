"""The lower half of the coverage law: no score's 95 % interval covers its expectation in fewer than 92 % of repeats.

What it is about, and how it is estimated, stands in `benchmarks/sides/intervals.py`.

A score breaks the law where Wilson's 95 % interval around its observed coverage lies wholly below 92 %: where nine or more of its
60 intervals miss. Most scores do not need all 60: those of which at most two of the first 24 miss, for equal and for different
samples, are left at that. Intervals that hold in 95 % break the law by chance in 2 of 1,000 cases; those that hold in 85, 80 or
75 % do in 49, 81 and 95 % of cases (of 60 repeats for all: in 3 of 1,000, and in 56, 87 and 98 %). That intervals are too wide, so
few repeats cannot tell: where 98 % hold, all 60 often do. `benchmarks/coverage.py` asks both of 500 repeats, 92 to 98 %, which
fewer than 449 or more than 496 break. Scores of all metrics are tested, so that one in eight whole tests may break the law by chance
alone; the seeds are fixed.
"""

from __future__ import annotations

import pytest
import torch

from benchmarks.sides.intervals import SCORES, coverage, enough, simulate

FIRST, REPEATS = 24, 60
DOUBTFUL = 3  # misses among the first


# One test for all, since the samples of a repeat are drawn for all scores together, and each process would draw its own.
@pytest.mark.slow
def test_intervals_hold_often_enough() -> None:
    first = simulate(SCORES, range(FIRST))
    assert all(side.keys() == SCORES.keys() for side in first)
    doubtful = {
        key for side in first for key, one in side.items() if coverage(key, one)[1] * FIRST < FIRST - DOUBTFUL + 0.5
    }
    found = {}
    for name, some, others in zip(
        ("different", "equal"), first, simulate(doubtful, range(FIRST, REPEATS)), strict=True
    ):
        for key in doubtful:
            values, low, high = (torch.cat(parts) for parts in zip(some[key], others[key], strict=True))
            found[key, name] = coverage(key, (values, low, high))
    assert not {case: facts for case, facts in found.items() if not enough(facts[1], REPEATS)}
