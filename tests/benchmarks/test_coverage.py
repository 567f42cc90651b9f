"""The benchmark of intervals has a row for every score, and judges a coverage by its own error."""

from __future__ import annotations

import re

import pytest

from benchmarks.sides.intervals import SCORES, lawful
from tests.benchmarks.program import RESULTS, run


@pytest.mark.slow
def test_every_score_has_its_row_and_a_quick_run_writes_no_results() -> None:
    before = RESULTS.read_bytes()
    done = run("coverage", "--quick")
    assert done.returncode == 0, done.stderr
    rows = re.findall(r"^\| (\S.*?) *\| \S+ +\| (\d+\.\d)% +\| \S+ +\| (\d+\.\d)% +\|$", done.stdout, re.MULTILINE)
    assert [title for title, *_ in rows] == [metric.title for metric in SCORES.values()]
    assert all(0 <= float(share) <= 100 for _, *shares in rows for share in shares)
    assert RESULTS.read_bytes() == before, "--quick must not write results"


@pytest.mark.parametrize(
    ("key", "held", "repeats", "baseline", "holds"),
    [
        ("frechet", 475, 500, False, True),
        ("frechet", 449, 500, False, True),
        ("frechet", 448, 500, False, False),
        ("frechet", 448, 500, True, False),
        ("frechet", 496, 500, False, True),
        ("frechet", 497, 500, False, False),
        ("frechet", 500, 500, True, True),
        ("modes_covered", 500, 500, False, True),
        ("frechet", 87, 100, False, True),
        ("frechet", 86, 100, False, False),
        ("frechet", 100, 100, False, True),  # nobody can tell
    ],
)
def test_a_coverage_is_judged_by_its_own_error(key: str, held: int, repeats: int, baseline: bool, holds: bool) -> None:
    assert lawful(key, held / repeats, repeats, baseline=baseline) == holds
