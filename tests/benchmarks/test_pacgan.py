"""PacGAN's table: trials come in rounds, finished trials are not repeated, and a goal needs all of its trials."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARK = Path(__file__).parents[2] / "benchmarks" / "pacgan.py"
RESULTS = BENCHMARK.with_name("RESULTS.md")


@pytest.fixture(autouse=True)
def _importable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(BENCHMARK.parent))


def arguments(**values: object) -> argparse.Namespace:
    whole = {"trials": 3, "others": 2, "ablation": 1, "steps": 50, "rate": 1e-3, "quick": False}
    return argparse.Namespace(**{**whole, **values})


def test_trials_come_in_rounds_and_each_has_a_place_of_its_own(tmp_path: Path) -> None:
    import pacgan

    wanted = pacgan.trials(arguments())
    assert [one.seed for one in wanted] == sorted(one.seed for one in wanted)
    for data in pacgan.MODES:
        count = {row: sum((one.data, one.row) == (data, row) for one in wanted) for row in (*pacgan.ROWS, pacgan.BEST)}
        assert count == {**dict.fromkeys(pacgan.ROWS, 2), pacgan.BEST: 3}
    assert len({one.place(tmp_path) for one in wanted}) == len(wanted)
    longer = pacgan.trials(arguments(steps=60))
    assert [one.place(tmp_path) for one in wanted if one.row == pacgan.BEST] == [
        one.place(tmp_path) for one in longer if one.row == pacgan.BEST
    ]
    sizes = {one.row: one.recipe.model.discriminator.packing for one in wanted if one.row in pacgan.ROWS}
    assert sizes == pacgan.ROWS


def test_leaving_an_ingredient_out_changes_the_best_recipe(tmp_path: Path) -> None:
    import pacgan

    rows = {one.row: one.recipe for one in pacgan.trials(arguments()) if (one.data, one.seed) == ("grid", 0)}
    recipes = [rows[pacgan.BEST], *(rows[f"without {name}"] for name in pacgan.WITHOUT)]
    assert len({recipe.model_dump_json() for recipe in recipes}) == len(recipes)


def test_a_goal_needs_every_trial_and_all_of_them() -> None:
    import pacgan

    good = pacgan.Outcome(8, 0.96, 0.001, 0.5, 100, 1.0)
    bad = pacgan.Outcome(7, 0.96, 0.1, 0.5, 100, 1.0)
    assert all(line.endswith(": met") for line in pacgan.reached("ring", [good] * 10, 10))
    assert all(line.endswith("not met") for line in pacgan.reached("ring", [good] * 9, 10))
    verdicts = [line.endswith("not met") for line in pacgan.reached("ring", [*[good] * 9, bad], 10)]
    assert verdicts == [True, False, True]
    assert pacgan.spread([1.0, 2.0, 3.0], 2) == "2.00 ± 0.58"


@pytest.mark.slow
def test_quick_keeps_what_it_has_done_and_writes_nothing(tmp_path: Path) -> None:
    before = RESULTS.read_bytes()
    command = [sys.executable, str(BENCHMARK), "--quick", "--keep", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "8/8 " in done.stderr
    assert all(json.loads(path.read_text())["steps"] == 20 for path in tmp_path.iterdir())
    again = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (again.stdout, again.stderr) == (done.stdout, "")
    assert RESULTS.read_bytes() == before
