"""The benchmark runs from its first process to its last table. Speed is not tested, because tests share their machine."""

from __future__ import annotations

import re

import pytest

from tests.benchmarks.program import RESULTS, run

# One task of each section, the cheapest and the one with the goal, and the samples; every task's losses are compared in test_sides.py.
SHOWN = {"s2": "S2", "dcgan-published": "DCGAN 28x28, batch 64"}


@pytest.mark.slow
def test_comparisons_run_and_give_numbers() -> None:
    before = RESULTS.read_bytes() if RESULTS.exists() else None
    done = run("training", "--quick", "--only", *SHOWN, "sampling")
    assert done.returncode == 0, done.stderr
    for row in SHOWN.values():
        assert re.search(rf"^\| {row}.* \| \d+\.\d+ \(\d+\.\d+ to \d+\.\d+\) ", done.stdout, re.MULTILINE), row
        assert re.search(rf"^\| {row}.*%.*%", done.stdout, re.MULTILINE), row
    assert len(re.findall(r"goal at (?:most|least) [\d.,]+: (?:not )?met", done.stdout)) == 1 + len(SHOWN)
    assert re.search(r"\*\*[\d,]+ samples/s\*\*", done.stdout)
    assert "nan" not in done.stdout
    assert (RESULTS.read_bytes() if RESULTS.exists() else None) == before, "--quick must not write results"


@pytest.mark.slow
def test_a_comparison_that_is_not_known_is_named() -> None:
    done = run("training", "--only", "s7")
    assert done.returncode == 2
    assert "s7" in done.stderr
