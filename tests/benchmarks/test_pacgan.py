"""PacGAN's table: trials come in rounds, finished trials are not repeated, and a goal needs all of its trials."""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest

BENCHMARK = Path(__file__).parents[2] / "benchmarks" / "pacgan.py"
RESULTS = BENCHMARK.with_name("RESULTS.md")


def arguments(**values: object) -> argparse.Namespace:
    whole = {"trials": 3, "others": 2, "ablation": 1, "steps": 50, "rate": 1e-3, "quick": False}
    return argparse.Namespace(**{**whole, **values})


@pytest.mark.slow
def test_trials_come_in_rounds_and_each_has_a_key_of_its_own() -> None:
    import pacgan

    wanted = pacgan.trials(arguments())
    assert [one.seed for one in wanted] == sorted(one.seed for one in wanted)
    for data in pacgan.MODES:
        count = {row: sum((one.data, one.row) == (data, row) for one in wanted) for row in (*pacgan.ROWS, pacgan.BEST)}
        assert count == {**dict.fromkeys(pacgan.ROWS, 2), pacgan.BEST: 3}
    assert len({one.key for one in wanted}) == len(wanted)
    longer = pacgan.trials(arguments(steps=60))
    assert [one.key for one in wanted if one.row == pacgan.BEST] == [
        one.key for one in longer if one.row == pacgan.BEST
    ]
    sizes = {one.row: one.recipe.model.discriminator.packing for one in wanted if one.row in pacgan.ROWS}
    assert sizes == pacgan.ROWS


@pytest.mark.slow
def test_leaving_an_ingredient_out_changes_the_best_recipe() -> None:
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
