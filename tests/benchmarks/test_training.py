"""The benchmark runs from its first process to its last table. Speed is not tested, because tests share their machine."""

from __future__ import annotations

import re

import pytest

from benchmarks.sides.tasks import TASKS
from tests.benchmarks.program import RESULTS, run


@pytest.mark.slow
def test_every_comparison_runs_and_gives_numbers() -> None:
    before = RESULTS.read_bytes() if RESULTS.exists() else None
    done = run("training", "--quick")
    assert done.returncode == 0, done.stderr
    for row in (
        "S1",
        "S2",
        "DCGAN 28x28, base 64, batch 128",
        "upsample",
        "perceptron",
        "DCGAN 28x28, batch 64",
    ):
        assert re.search(rf"^\| {row}.* \| \d+\.\d+ \(\d+\.\d+ to \d+\.\d+\) ", done.stdout, re.MULTILINE), row
        assert re.search(rf"^\| {row}.*%.*%", done.stdout, re.MULTILINE), row
    left_out = 4  # they differ from dcgan by a penalty alone
    assert len(re.findall(r"goal at (?:most|least) [\d.,]+: (?:not )?met", done.stdout)) == 1 + len(TASKS) - left_out
    assert re.search(r"\*\*[\d,]+ samples/s\*\*", done.stdout)
    assert "nan" not in done.stdout
    assert (RESULTS.read_bytes() if RESULTS.exists() else None) == before, "--quick must not write results"


@pytest.mark.slow
def test_a_comparison_that_is_not_known_is_named() -> None:
    done = run("training", "--only", "s7")
    assert done.returncode == 2
    assert "s7" in done.stderr
