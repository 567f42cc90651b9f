"""`saddlepoint simulate`: files, answers and exit codes; nothing is written when something is wrong."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from saddlepoint.cli.main import main
from saddlepoint.cli.simulate import ACTIONS
from tests.applications.simulate.runs import learn, trajectories

pytest.importorskip("gymnasium")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of trajectories of CartPole, one without arrays, and a run of a mass on a line."""
    place = tmp_path_factory.mktemp("simulate")
    assert main(["simulate", "record", "CartPole-v1", "--steps", "150", "--out", str(place / "cart.npz")]) == 0
    np.savez(place / "broken.npz", states=np.zeros((3, 2)), actions=np.zeros(3), next_states=np.zeros((3, 2)))
    trajectories().write(place / "mass.npz")
    learn(place / "mass", 60)
    shutil.copytree(place / "mass", place / "taken")
    (place / "taken" / "simulate").touch()
    return place


@pytest.fixture(autouse=True)
def there(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)


def test_recording_is_reproducible_and_one_document(capsys: pytest.CaptureFixture[str]) -> None:
    argv = ["simulate", "record", "CartPole-v1", "--steps", "120", "--policy", "mixed", "--json"]
    for out in ("one.npz", "two.npz"):
        assert main([*argv, "--out", out]) == 0
        document = json.loads(capsys.readouterr().out)
        assert (document["steps"], document["task"]) == (120, "CartPole-v1")
    one, two = np.load("one.npz"), np.load("two.npz")
    assert all(np.array_equal(one[name], two[name]) for name in one.files)


def test_an_evaluation_writes_its_numbers_and_a_page(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["simulate", "evaluate", "mass", "--horizons", "1", "3", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert [one["steps"] for one in document["horizons"]] == [1, 3]
    page = Path(document["page"]).read_text()
    assert "persistence" in page
    assert "http" not in page.replace("http-equiv", "")
    written = json.loads(Path("mass/simulate/evaluation.json").read_text())
    assert written["headline"] == document["headline"]


def test_training_and_planning_from_files_of_a_task(capsys: pytest.CaptureFixture[str]) -> None:
    argv = ["simulate", "train", "cart.npz", "cart.npz", "--run", "cart", "--steps", "20", "--no-pictures", "--quiet"]
    assert main([*argv, "--model.hidden", "8", "--evaluation.samples", "20"]) == 0
    assert Path("cart/data.npz").is_file()
    argv = ["simulate", "plan", "cart", "--planner", "shooting", "mppi", "--episodes", "2", "--horizon", "3"]
    capsys.readouterr()
    assert main([*argv, "--candidates", "4", "--iterations", "1", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert [one["planner"] for one in document["planners"]] == ["shooting", "mppi"]
    for one in document["planners"]:
        assert len(one["returns"]) == len(one["learnt_returns"]) == 2
        assert one["return_gap"]["value"] == pytest.approx(one["learnt"]["value"] - one["real"]["value"])
        assert 0 <= one["unusual"]["value"] <= 1
    assert "promised" in Path(document["page"]).read_text()
    assert main(["simulate", "plan", "cart", "--horizon", "900"]) == 2
    assert "give at most 500" in capsys.readouterr().err
    argv = ["simulate", "record", "CartPole-v1", "--run", "cart", "--steps", "15", "--out", "planned.npz"]
    capsys.readouterr()
    assert main([*argv, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["policy"] == "planning"
    planned = np.load("planned.npz")
    assert len(planned["states"]) == 15
    assert planned["terminated"][-1] or planned["truncated"][-1], "the recording ends within an episode"


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["record", "CartPoel-v1", "--out", "x.npz"], "no task"),
        (["record", "FrozenLake-v1", "--out", "x.npz"], "observations of this task are"),
        (["record", "CartPole-v1", "--out", "x.csv"], "must end with .npz"),
        (["record", "CartPole-v1", "--out", "mass.npz"], "--overwrite"),
        (["record", "CartPole-v1", "--out", "x.npz", "--policy", "helt"], 'Did you mean "held"'),
        (["record", "CartPole-v1", "--out", "x.npz", "--steps", "0"], "at least 1"),
        (["record", "CartPole-v1", "--out", "x.npz", "--run", "mass"], "name the recorded task"),
        (["record", "CartPole-v1", "--out", "x.npz", "--run", "mass", "--policy", "held"], "give run or policy"),
        (["train", "missing.npz"], "no such file"),
        (["train", "broken.npz"], "need the arrays rewards, terminated, episode_starts"),
        (["train", "mass.npz", "cart.npz"], "recordings of one task"),
        (["train", "mass.npz", "--model", "gam"], 'Did you mean "gan"'),
        (["train", "mass.npz", "--run", "mass"], "mass"),
        (["evaluate", "nowhere"], "not a run"),
        (["evaluate", "mass", "--horizons", "0"], "at least 1"),
        (["evaluate", "mass", "--seed", "-1"], "seed must be"),
        (["evaluate", "taken"], "is something else"),
        (["plan", "mass"], "do not name their task"),
        (["plan", "mass", "--task", "CartPole-v1"], "name the recorded task"),
        (["plan", "mass", "--planner", "cme", "--task", "CartPole-v1"], "no planner cme"),
        (["plan", "mass", "--candidates", "1"], "at least 2"),
        (["recrod"], 'Did you mean "record"'),
    ],
)
def test_bad_input(folder: Path, capsys: pytest.CaptureFixture[str], argv: list[str], said: str) -> None:
    before = sorted(folder.rglob("*"))
    assert main(["simulate", *argv]) == 2
    error = capsys.readouterr().err
    assert error.startswith("saddlepoint: ")
    assert said in error
    assert error.count("\n") == 1
    assert sorted(folder.rglob("*")) == before


@pytest.mark.parametrize("action", ACTIONS)
def test_each_action_explains_itself(action: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["simulate", action, "--help"]) == 0
    assert f"saddlepoint simulate {action}" in capsys.readouterr().out
