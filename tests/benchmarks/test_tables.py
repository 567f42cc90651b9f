"""Tables of trained models: trials have keys of their own, come in rounds, are trained once, and quick runs write nothing."""

from __future__ import annotations

import argparse
import importlib
import json
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
    "defaults": (4, ""),
    "densities": (8, ""),
    "few_data": (4, "cifar10-folder"),
    "gan_recipes": (7, ""),
    "pacgan": (8, ""),
    "stacked_mnist": (7, "mnist"),
    "text": (5, ""),
    "zoo": (8, ""),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", TABLES)
def test_trials_come_in_rounds_and_each_has_a_key_of_its_own(name: str) -> None:
    options = TABLES[name]
    wanted = importlib.import_module(name).trials(**options)
    assert [one.seed for one in wanted] == sorted(one.seed for one in wanted)
    assert len({one.key for one in wanted}) == len(wanted)
    fewer = importlib.import_module(name).trials(**{**options, "seeds": 2})
    assert [one.key for one in fewer] == [one.key for one in wanted[: len(fewer)]]
    quick = importlib.import_module(name).trials(**{**options, "quick": True})
    assert not {one.key for one in wanted} & {one.key for one in quick}


def committed_files() -> dict[Path, bytes]:
    """What benchmarks write, when they are not quick."""
    return {path: path.read_bytes() for path in (RESULTS, *RESULTS.with_name("outcomes").iterdir())}


@pytest.mark.slow
@pytest.mark.parametrize("name", QUICK)
def test_quick_keeps_what_it_has_done_and_writes_nothing(
    name: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    expected, data = QUICK[name]
    if data and not (request.getfixturevalue("real_data") / data).is_dir():
        pytest.skip(f"$SADDLEPOINT_DATA/{data} is not there")
    before = committed_files()
    command = (name, "--quick", "--keep", str(tmp_path / "keep"))
    done = run(*command, SADDLEPOINT_CACHE=str(tmp_path / "cache"))
    assert done.returncode == 0, done.stderr
    lines = (tmp_path / "keep" / f"{name}.jsonl").read_text("utf-8").splitlines()
    assert len({json.loads(line)["key"] for line in lines}) == len(lines) == expected
    again = run(*command, SADDLEPOINT_CACHE=str(tmp_path / "cache"))
    assert "1/" not in again.stderr, "trained again"
    assert again.stdout == done.stdout
    assert committed_files() == before


def test_parts_share_the_trials_out() -> None:
    from tables.trials import part

    trials = list(range(10))
    assert sorted([*trials[part("0/3")], *trials[part("1/3")], *trials[part("2/3")]]) == trials
    for text in ("1/1", "3/3", "0/0", "-1/2", "1", "a/b"):
        with pytest.raises(argparse.ArgumentTypeError, match="I/N"):
            part(text)


def test_a_mean_has_its_standard_error_or_its_interval() -> None:
    import results

    assert results.with_error([1.0, 2.0, 3.0], 2) == "2.00 ± 0.58"
    assert results.with_interval([1.0, 2.0, 3.0], 2) == "2.00 ± 2.48"  # t of 2 degrees of freedom: 4.303
    assert (results.with_error([1.0], 1), results.with_interval([1.0], 1), results.with_interval([], 1)) == (
        "1.0",
        "1.0",
        "",
    )
