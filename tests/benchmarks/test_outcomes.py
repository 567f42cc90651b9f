"""Files of outcomes: nothing that was measured is lost or measured twice, and quick runs leave the committed files alone."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests import processes
from tests.benchmarks.program import BENCHMARKS


@dataclass(frozen=True)
class Outcome:
    value: float
    words: tuple[str, ...] = ()


@dataclass(frozen=True)
class Trial:
    seed: int

    @property
    def key(self) -> str:
        return f"trial-{self.seed}"


TRIALS = [Trial(seed) for seed in range(4)]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "folder" / "name.jsonl"


def values(file: Path) -> dict[int, float]:
    from tables.outcomes import read_outcomes

    return {trial.seed: outcome.value for trial, outcome in read_outcomes(TRIALS, file, Outcome)}


def test_outcomes_are_read_as_they_were_written(file: Path) -> None:
    from tables.outcomes import append_outcome, group_outcomes, read_outcomes, unfinished

    assert unfinished(TRIALS, file) == TRIALS
    for trial, value in zip(TRIALS, (math.pi, math.inf, -math.inf, math.nan), strict=True):
        append_outcome(file, trial, Outcome(value, ("é",)))
    assert file.read_bytes().count(b"\n") == 4
    found = read_outcomes(TRIALS[::-1], file, Outcome)
    assert [trial.seed for trial, _ in found] == [3, 2, 1, 0]
    assert [one.value for _, one in found[1:]] == [-math.inf, math.inf, math.pi]
    assert math.isnan(found[0][1].value)
    assert list(found[0][1].words) == ["é"]
    parities = group_outcomes(TRIALS, file, Outcome, lambda trial: trial.seed % 2)
    assert [one.value for one in parities[0]] == [math.pi, -math.inf]
    assert unfinished([*TRIALS, Trial(4)], file) == [Trial(4)]


def test_the_last_outcome_of_a_trial_counts(file: Path) -> None:
    from tables.outcomes import append_outcome

    for value in (1.0, 2.0):
        append_outcome(file, Trial(0), Outcome(value))
    assert values(file) == {0: 2.0}


def test_a_line_that_was_cut_is_reported_and_spoils_no_other(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from tables.outcomes import append_outcome

    for seed in range(2):
        append_outcome(file, Trial(seed), Outcome(seed))
    whole = file.read_bytes()
    file.write_bytes(whole[:-20])
    assert values(file) == {0: 0.0}
    assert values(file) == {0: 0.0}
    assert capsys.readouterr().err.count("name.jsonl, line 2") == 1
    append_outcome(file, Trial(2), Outcome(2.0))
    assert values(file) == {0: 0.0, 2: 2.0}
    file.write_bytes(whole[:-1])  # the line is there, but for its end
    append_outcome(file, Trial(2), Outcome(2.0))
    assert values(file) == {0: 0.0, 1: 1.0, 2: 2.0}


@pytest.mark.slow
def test_two_processes_append_at_once(file: Path) -> None:
    count = 300
    code = f"""
import sys, time
from pathlib import Path
sys.path.insert(0, {str(BENCHMARKS)!r})
from tables.outcomes import append_outcome
from tests.benchmarks.test_outcomes import Outcome, Trial

file, first = Path(sys.argv[1]), int(sys.argv[2])
file.with_name(f"ready-{{first}}").touch()
while len(list(file.parent.glob("ready-*"))) < 2:
    time.sleep(0.001)
for seed in range(first, 2 * {count}, 2):
    append_outcome(file, Trial(seed), Outcome(seed, ("word" * 1_000,)))
"""
    file.parent.mkdir()
    root = {"cwd": BENCHMARKS.parent}
    with (
        processes.start("-c", code, str(file), "0", **root) as one,
        processes.start("-c", code, str(file), "1", **root) as other,
    ):
        for process in (one, other):
            _, said = process.communicate(60)
            assert process.returncode == 0, said
    keys = [json.loads(line)["key"] for line in file.read_text("utf-8").splitlines()]
    assert len(keys) == 2 * count
    assert set(keys) == {f"trial-{seed}" for seed in range(2 * count)}


def test_a_trial_that_fails_leaves_those_before_it(file: Path) -> None:
    from tables.trials import train_missing

    trained: list[int] = []

    def train(trial: Trial) -> Outcome:
        trained.append(trial.seed)
        if trial.seed == 2 and len(trained) == 3:
            raise RuntimeError("out of memory")
        return Outcome(10.0 * trial.seed)

    with pytest.raises(RuntimeError, match="out of memory"):
        train_missing(TRIALS, file, 1.0, train, lambda *_: "")
    assert values(file) == {0: 0.0, 1: 10.0}
    train_missing(TRIALS, file, 0.0, train, lambda *_: "")
    assert trained == [0, 1, 2], "no time, no training"
    train_missing(TRIALS, file, 1.0, train, lambda *_: "")
    assert trained == [0, 1, 2, 2, 3]
    assert values(file) == {0: 0.0, 1: 10.0, 2: 20.0, 3: 30.0}


@pytest.mark.slow
def test_a_quick_run_leaves_the_committed_file_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("pandas")
    import table_scores
    from tables import outcomes

    assert outcomes.OUTCOMES == BENCHMARKS / "outcomes"
    with outcomes.outcomes_file("table_scores", None, quick=False) as file:
        assert file == BENCHMARKS / "outcomes" / "table_scores.jsonl"
    monkeypatch.setattr(outcomes, "OUTCOMES", tmp_path / "committed")
    assert table_scores.main(["--quick"]) == 0
    assert "4/4 " in capsys.readouterr().err
    assert not (tmp_path / "committed").exists()
    assert table_scores.main(["--quick", "--keep", str(tmp_path / "own"), "--part", "0/4"]) == 0
    assert [path.name for path in (tmp_path / "own").iterdir()] == ["table_scores.jsonl"]


def test_the_key_is_that_of_the_recipe() -> None:
    from saddlepoint.recipe import Recipe
    from tables.outcomes import recipe_key

    recipe = Recipe.load("gan-digits")
    same = recipe_key("a, b", recipe, 100)
    assert same.startswith("a-b-")
    assert same == recipe_key("a, b", recipe.override({"name": "other"}), 100)
    others = [recipe_key("a, b", recipe.override({"training.seed": 1}), 100), recipe_key("a, b", recipe, 101)]
    assert len({same, *others}) == 3


def test_the_key_of_a_text_is_that_of_its_characters(tmp_path: Path) -> None:
    import text

    folders = [tmp_path / name for name in ("one", "two")]
    for folder in folders:
        folder.mkdir()
    one, two = (text.trials(1, text.write_english(500, folder), quick=True) for folder in folders)
    longer = text.trials(1, text.write_english(501, tmp_path), quick=True)
    assert [trial.key for trial in one] == [trial.key for trial in two]
    assert not {trial.key for trial in one} & {trial.key for trial in longer}


def test_the_origin_names_the_range_of_dates_and_every_machine(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import results
    from tables.outcomes import append_outcome, origin

    here = {"date": "2026-11-22", "processor": "A", "cores": 2, "threads": 1, "torch": "2.13.0", "python": "3.11.7"}
    places = [here, {**here, "date": "2026-11-20"}, {**here, "processor": "B", "cores": 8}]
    for trial, place in zip(TRIALS, places, strict=False):
        monkeypatch.setattr(results, "provenance", lambda place=place: place)
        append_outcome(file, trial, Outcome(0.0))
    monkeypatch.undo()
    versions = "torch 2.13.0, Python 3.11.7"
    assert origin(TRIALS[:1], file) == f"2026-11-22; A, 2 cores, 1 threads; {versions}"
    assert (
        origin(TRIALS, file) == f"2026-11-20 to 2026-11-22; A, 2 cores, 1 threads and B, 8 cores, 1 threads; {versions}"
    )
    assert origin([Trial(9)], file) == results.machine()
