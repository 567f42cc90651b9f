"""The coverage law: a 95 % interval holds what it is about in 92 to 98 % of repeats, for every score that has one.

What it is about, and how it is estimated, stands in `benchmarks/sides/intervals.py`.

100 repeats tell a coverage of 95 % with a binomial error of 2.2 %. A score breaks the law where Wilson's 95 % interval around
its observed coverage lies wholly outside of 92 to 98 %: below 86 %. `benchmarks/coverage.py` asks the same of 500 repeats,
where that means below 89.7 or above 99.0 %. Scores of all metrics are looked at, so that one in forty may break it by chance
alone; the seeds are fixed.

On its floor, where the samples are as good as the data, a distance varies as 1 / N^2 and not as 1 / N, and its interval is
up to sqrt(2) times too wide: there only the lower end of the law is asked for.
"""

from __future__ import annotations

import pytest

from benchmarks.sides.intervals import SCORES, lawful, simulated

REPEATS = 100


@pytest.mark.slow
@pytest.mark.parametrize("floor", [False, True], ids=["different", "equal"])
@pytest.mark.parametrize("key", SCORES)
def test_intervals_cover(key: str, floor: bool) -> None:
    expectation, coverage = simulated(key, floor=floor, repeats=REPEATS)
    assert lawful(key, coverage, REPEATS, floor=floor), (expectation, coverage)
