"""`saddlepoint evaluate`: the scorecard of one run, comparisons of several runs, and refusals."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from saddlepoint.cli.main import main
from saddlepoint.cli.scores import BAR, bar
from saddlepoint.evaluation.scorecard.scorecard import Scorecard

pytestmark = pytest.mark.slow  # every run is measured whole

QUICK = ["--samples", "30", "--seeds", "1", "--features", "pca"]


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two runs of one recipe, of which `long` has learnt something."""
    folder = tmp_path_factory.mktemp("runs")
    for name, steps in (("short", "2"), ("long", "150")):
        tiny = ["--training.steps", steps, "--training.tick=2", "--training.samples=4", "--evaluation.samples", "20"]
        assert main(["train", "vae-digits", *tiny, "--run", str(folder / name), "--quiet"]) == 0
    return folder


def document(capsys: pytest.CaptureFixture[str], *argv: str) -> Any:
    capsys.readouterr()
    assert main(["evaluate", *argv, *QUICK, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def error_message(capsys: pytest.CaptureFixture[str], *argv: str) -> str:
    capsys.readouterr()
    assert main(["evaluate", *argv]) == 2
    return capsys.readouterr().err


def test_one_run_answers_in_one_document(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    answer = document(capsys, str(runs / "long"))
    assert answer.pop("run") == str(runs / "long")
    assert Scorecard.from_json(answer) == Scorecard.load(runs / "long" / "scorecard.json")
    assert answer["card"]["n_fake"] == 30


def test_one_run_is_reported_in_a_table(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", str(runs / "long"), *QUICK, "--again"]) == 0
    printed = capsys.readouterr()
    lines = printed.out.splitlines()
    assert any(line.startswith("  Precision ") and "↑" in line for line in lines)
    assert sum("by PCA-28:" in line for line in lines) == 1
    assert any("the true distribution of these data is not known." in line for line in lines)
    assert lines[-1] == str(runs / "long" / "scorecard.json")
    assert "Evaluating" in printed.err
    assert "Evaluating" not in printed.out


def test_one_run_is_measured_once(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """An existing scorecard is shown at once; a different request, or --again, measures."""
    name = str(runs / "short")
    first = document(capsys, name)
    assert main(["evaluate", name, *QUICK]) == 0
    printed = capsys.readouterr()
    assert f"{name}: its scorecard answers this already (--again measures it again)" in printed.err
    assert "Evaluating" not in printed.err
    assert "Precision" in printed.out
    assert document(capsys, name)["card"]["finished"] == first["card"]["finished"]
    assert main(["evaluate", name, *QUICK, "--again"]) == 0
    assert f"Evaluating {name}\n" in capsys.readouterr().err
    assert main(["evaluate", name, *QUICK, "--seed", "1"]) == 0
    assert f"Evaluating {name}: its scorecard was measured with other settings (seed)\n" in capsys.readouterr().err


def test_two_runs_are_compared(runs: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    names = [str(runs / "short"), str(runs / "long")]
    picture = tmp_path / "both.png"
    answer = document(capsys, *names, "--out", str(picture))
    assert picture.read_bytes()[:4] == b"\x89PNG"
    found = {d["title"]: d for d in answer["differences"]}
    assert found["Held-out log-likelihood (lower bound)"]["winner"] == names[1]
    assert found["Held-out log-likelihood (lower bound)"]["paired"]
    assert len(answer["sentences"]) == 1
    assert len(answer["answer"]["pairs"]) == 1
    assert answer["answer"]["pairs"][0]["outcome"] in ("better", "mixed")
    kept = picture.read_bytes()
    assert "--overwrite" in error_message(capsys, *names, "--out", str(picture))
    assert picture.read_bytes() == kept
    document(capsys, *names, "--out", str(picture), "--overwrite")
    assert main(["evaluate", *names, *QUICK]) == 0
    printed = capsys.readouterr()
    assert printed.err.count("answers this already") == 2
    assert printed.out.startswith(answer["answer"]["sentence"])
    assert f"{names[1]} is better than {names[0]} in" in printed.out
    assert (runs / "comparison.png").is_file()
    assert main(["evaluate", *names, *QUICK, "--again"]) == 0
    assert "answers this already" not in capsys.readouterr().err


def test_other_protocols_are_refused_by_name(runs: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    other = tmp_path / "other"
    shutil.copytree(runs / "short", other)
    recipe = (other / "recipe.yaml").read_text()
    (other / "recipe.yaml").write_text(recipe.replace("split_seed: 0", "split_seed: 1"))
    words = error_message(capsys, str(runs / "short"), str(other), *QUICK)
    assert "examples of the split" in words
    assert "--force" in words
    forced = document(capsys, str(runs / "short"), str(other), "--force", "--out", str(tmp_path / "forced.png"))
    assert "different protocols" in forced["warnings"][0]
    assert not any(difference["paired"] for difference in forced["differences"])


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        ((), "required: RUN"),
        (("nowhere",), "nowhere is not a run"),
        (("{run}", "{run}"), "named twice"),
        (("{run}", "--step", "last"), "--step is newest, best"),
        (("{run}", "--step", "77"), "no checkpoint of step 77"),
        (("{run}", "--samples", "1"), "samples cannot be 1: it must be at least 2"),
        (("{run}", "--seeds", "0"), "seeds cannot be 0"),
        (("{run}", "--likelihood", "much"), "likelihood cannot be 'much'"),
        (("{run}", "--step", "²"), "--step is newest, best"),
        (("{run}", "--features", "classifer"), 'Did you mean "classifier"'),
        (("{run}", "--out", "foo.png"), "name a second run"),
        (("{run}", "{other}", "--out", "cmp.jpg"), "must end with .png"),
        (("{run}", "{other}", "--out", "{run}"), "is a folder"),
        (("{run}", "--data", "ring"), "of its own shape"),
        (("{run}", "--data", "nothing"), "neither a built-in name"),
    ],
)
def test_impossible_requests_give_one_sentence(
    argv: tuple[str, ...], words: str, runs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = {path.name for path in (runs / "short").iterdir()}
    message = error_message(capsys, *(part.format(run=runs / "short", other=runs / "long") for part in argv))
    assert words in message
    assert "Traceback" not in message
    assert {path.name for path in (runs / "short").iterdir()} == before


@pytest.mark.parametrize(("position", "filled"), [(0.0, 0), (1.0, BAR), (0.5, BAR // 2), (-3.0, 0), (9.0, BAR)])
def test_the_bar_runs_from_bad_to_real(position: float, filled: int) -> None:
    assert bar(position).count("━") == filled
    assert len(bar(position)) == BAR


def test_without_a_position_there_is_no_bar() -> None:
    assert bar(None) == ""
