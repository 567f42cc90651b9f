"""The table of GANs with conditions and encoders: empty cells where a column does not apply, and nothing written too early."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.benchmarks import program


@pytest.fixture(autouse=True)
def _importable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(program.BENCHMARKS))


def test_every_trial_has_a_place_of_its_own(tmp_path: Path) -> None:
    import gan_recipes

    wanted = [
        gan_recipes.Trial(row, seed, quick) for row in gan_recipes.ROWS for seed in range(3) for quick in (False, True)
    ]
    assert len({trial.place(tmp_path) for trial in wanted}) == len(wanted)


def test_the_table_has_mean_and_range_where_a_column_applies() -> None:
    import gan_recipes

    found = {
        "one": [{"seconds": 1.0, "distance": 2.0}, {"seconds": 3.0, "distance": 2.0}],
        "other": [{"accuracy": 0.5}],
    }
    text = gan_recipes.body(found, 2)
    first, second = (line for line in text.splitlines() if line.startswith(("| one", "| other")))
    assert [cell.strip() for cell in first.split("|")[2:4]] == ["2 (1 to 3)", "2 (2 to 2)"]
    assert [cell.strip() for cell in second.split("|")[2:5]] == ["", "", "0.5 (0.5 to 0.5)"]


@pytest.mark.slow
def test_a_quick_run_measures_every_row_and_writes_nothing() -> None:
    import gan_recipes

    before = program.RESULTS.read_bytes()
    done = program.run("gan_recipes", "--quick")
    assert done.returncode == 0, done.stderr
    assert program.RESULTS.read_bytes() == before
    assert all(f"| {row} " in done.stdout for row in gan_recipes.ROWS)
