"""Tables of trained models: trials have places of their own, come in rounds, are trained once, and quick runs write nothing."""

from __future__ import annotations

import argparse
import importlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.benchmarks.program import RESULTS, run

# Calls of `trials` for three seeds.
TABLES: dict[str, dict[str, Any]] = {
    "defaults": {"recipes": ["gan-digits", "dcgan-digits"], "seeds": 3, "quick": False},
    "densities": {"data": ["ring", "moons"], "seeds": 3, "quick": False},
    "few_data": {"seeds": 3},
    "gan_recipes": {"seeds": 3, "quick": False},
    "stacked_mnist": {"seeds": 3, "quick": False},
    "text": {"seeds": 3, "text": Path("english.txt"), "quick": False},
    "zoo": {"data": ["ring", "digits"], "seeds": 3, "quick": False},
}
# The number of trials of a quick run, and the data that it needs below SADDLEPOINT_DATA.
QUICK = {
    "defaults": (6, ""),
    "densities": (8, ""),
    "few_data": (4, "cifar10-folder"),
    "gan_recipes": (7, ""),
    "pacgan": (8, ""),
    "stacked_mnist": (6, "mnist"),
    "text": (5, ""),
    "zoo": (8, ""),
}


@pytest.mark.parametrize("name", TABLES)
def test_trials_come_in_rounds_and_each_has_a_place_of_its_own(name: str, tmp_path: Path) -> None:
    options = TABLES[name]
    wanted = importlib.import_module(name).trials(**options)
    assert [one.seed for one in wanted] == sorted(one.seed for one in wanted)
    assert len({one.place(tmp_path) for one in wanted}) == len(wanted)
    fewer = importlib.import_module(name).trials(**{**options, "seeds": 2})
    assert [one.place(tmp_path) for one in fewer] == [one.place(tmp_path) for one in wanted[: len(fewer)]]
    quick = importlib.import_module(name).trials(**{**options, "quick": True})
    assert not {one.place(tmp_path) for one in wanted} & {one.place(tmp_path) for one in quick}


@pytest.mark.slow
@pytest.mark.parametrize("name", QUICK)
def test_quick_keeps_what_it_has_done_and_writes_nothing(
    name: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    expected, data = QUICK[name]
    if data and not (request.getfixturevalue("real_data") / data).is_dir():
        pytest.skip(f"$SADDLEPOINT_DATA/{data} is not there")
    before = RESULTS.read_bytes()
    command = (name, "--quick", "--keep", str(tmp_path / "keep"))
    done = run(*command, SADDLEPOINT_CACHE=str(tmp_path / "cache"))
    assert done.returncode == 0, done.stderr
    assert len(list((tmp_path / "keep").glob("*.json"))) == expected
    assert f"{expected}/{expected} " in done.stderr
    again = run(*command, SADDLEPOINT_CACHE=str(tmp_path / "cache"))
    assert "1/" not in again.stderr, "trained again"
    assert again.stdout == done.stdout
    assert RESULTS.read_bytes() == before


@dataclass(frozen=True)
class Outcome:
    value: int


@dataclass(frozen=True)
class Trial:
    seed: int

    def place(self, keep: Path) -> Path:
        return keep / f"{self.seed}.json"


def test_a_trial_that_fails_leaves_those_before_it(tmp_path: Path) -> None:
    from tables.trials import read_outcomes, train_missing

    trained: list[int] = []

    def train(trial: Trial) -> Outcome:
        trained.append(trial.seed)
        if trial.seed == 2 and len(trained) == 3:
            raise RuntimeError("out of memory")
        return Outcome(10 * trial.seed)

    wanted: Sequence[Trial] = [Trial(seed) for seed in range(4)]
    with pytest.raises(RuntimeError, match="out of memory"):
        train_missing(wanted, tmp_path, 1.0, train, lambda *_: "")
    assert [outcome.value for _, outcome in read_outcomes(wanted, tmp_path, Outcome)] == [0, 10]
    train_missing(wanted, tmp_path, 1.0, train, lambda *_: "")
    assert trained == [0, 1, 2, 2, 3]
    assert [outcome.value for _, outcome in read_outcomes(wanted, tmp_path, Outcome)] == [0, 10, 20, 30]
    assert json.loads((tmp_path / "3.json").read_text()) == {"value": 30}


def test_parts_share_the_trials_out() -> None:
    from tables.trials import part

    trials = list(range(10))
    assert sorted([*trials[part("0/3")], *trials[part("1/3")], *trials[part("2/3")]]) == trials
    for text in ("1/1", "3/3", "0/0", "-1/2", "1", "a/b"):
        with pytest.raises(argparse.ArgumentTypeError, match="I/N"):
            part(text)


def test_an_outcome_belongs_to_its_recipe(tmp_path: Path) -> None:
    from saddlepoint.recipe import Recipe
    from tables.trials import outcome_file

    recipe = Recipe.load("gan-digits")
    same = outcome_file(tmp_path, "a, b", recipe, 100)
    assert same == outcome_file(tmp_path, "a, b", recipe.override({"name": "other"}), 100)
    others = [
        outcome_file(tmp_path, "a, b", recipe.override({"training.seed": 1}), 100),
        outcome_file(tmp_path, "a, b", recipe, 101),
    ]
    assert len({same, *others}) == 3


def test_a_mean_has_its_standard_error_or_its_interval() -> None:
    import results

    assert results.with_error([1.0, 2.0, 3.0], 2) == "2.00 ± 0.58"
    assert results.with_interval([1.0, 2.0, 3.0], 2) == "2.00 ± 2.48"  # t of 2 degrees of freedom: 4.303
    assert (results.with_error([1.0], 1), results.with_interval([1.0], 1), results.with_interval([], 1)) == (
        "1.0",
        "1.0",
        "",
    )
