"""`saddlepoint study` from end to end, in this process: its output, files and refusals."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

import saddlepoint as sp
from saddlepoint.cli.main import main
from saddlepoint.cli.study_tables import table
from saddlepoint.evaluation.statistics.intervals import Interval
from saddlepoint.recipe.studies import shipped_studies
from saddlepoint.studies.group import GroupResult
from saddlepoint.studies.plan import Group
from saddlepoint.studies.summary import PointSummary
from tests.studies.studies import TINY, made_up, quick

PICTURES = [
    {"kind": "survival"},
    {"kind": "heat map", "x": "training.optimiser.learning_rate", "y": "width", "value": "wasserstein"},
    {"kind": "power law", "x": "width", "value": "wasserstein"},
]


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    axes = TINY["axes"] | {"width": {"widths": {"model.generator": [2, 4]}}}
    path = tmp_path / "tiny.yaml"
    path.write_text(yaml.safe_dump(TINY | {"axes": axes, "pictures": PICTURES, "lanes": 8}))
    return path


@pytest.mark.slow
def test_a_study_prints_a_table_and_leaves_a_folder(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["study", "tiny.yaml", "--workers", "0", "--seeds.count", "2"]) == 0
    said = capsys.readouterr().out
    assert "learning rate  width" in said
    assert "95 % interval" in said
    folder = Path("studies/tiny")
    assert {path.name for path in folder.iterdir() if not path.name.startswith(".")} >= {
        "study.yaml", "cells", "results.csv", "series.csv", "summary.json", "pictures",
    }  # fmt: skip
    assert sorted(path.name for path in (folder / "pictures").iterdir()) == [
        "heat-map-wasserstein-width-training.optimiser.learning_rate.png",
        "power-law-wasserstein-width.png",
        "survival.png",
    ]
    assert len((folder / "results.csv").read_text().splitlines()) == 9
    # Its own study.yaml repeats it: nothing is left to train, and the same tables are written.
    before = (folder / "results.csv").read_bytes()
    assert main(["study", "studies/tiny", "--workers", "0", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert (document["trained"], document["kept"], document["runs"]) == (0, 8, 8)
    assert len(document["points"]) == 4
    assert set(document["points"][0]["outcomes"]["wasserstein"]) == {"value", "low", "high"}
    assert (folder / "results.csv").read_bytes() == before


REFUSED = {
    "fewer seeds": ["--seeds.count", "1"],
    "other seeds": ["--seeds.first", "7"],
    "another setting": ["--training.steps", "3"],
    "other values": {"training.optimiser.learning_rate": [0.01, 0.02]},
    "another axis": {"training.batch_size": [8, 4]},
}
GOES_ON = {
    "the same": [],
    "more seeds": ["--seeds.count", "3"],
    "another outcome": ["--measure.outcomes", "[wasserstein]"],
    "more values": {"training.optimiser.learning_rate": [0.01, 0.03, 0.02]},
    "an axis more": {"training.optimiser.learning_rate": [0.01, 0.03], "training.batch_size": [4, 8]},
}


def changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: list[str] | dict[str, list[float]]) -> list[str]:
    """A study of two runs that is finished, without training; and the command that asks for the changed one."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("saddlepoint.studies.engine.in_this_process.__defaults__", (quick,))
    content = TINY | {"measure": {"outcomes": ["wasserstein"]}, "seeds": {"count": 2}}
    path = tmp_path / "tiny.yaml"
    path.write_text(yaml.safe_dump(content))
    assert main(["study", "tiny.yaml", "--workers", "0", "--quiet"]) == 0
    (tmp_path / "studies/tiny/pictures").mkdir()
    for name in ("survival.png", "heat-map-wasserstein-a-b.png", "mine.png"):
        (tmp_path / "studies/tiny/pictures" / name).write_text(name)
    if isinstance(change, dict):
        path.write_text(yaml.safe_dump(content | {"axes": change}))
        change = []
    return ["study", "tiny.yaml", "--workers", "0", "--quiet", *change]


@pytest.mark.parametrize("name", REFUSED)
def test_a_table_is_not_replaced_by_one_without_its_runs(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    command = changed(tmp_path, monkeypatch, REFUSED[name])
    before = {path: path.read_bytes() for path in Path("studies").rglob("*") if path.is_file()}
    assert main(command) == 2
    lost = 4 if name in ("other seeds", "another setting") else 2
    assert f"holds a table of 4 runs, {lost} of them not among those asked for now" in capsys.readouterr().err
    assert {path: path.read_bytes() for path in before} == before
    assert main([*command, "--overwrite"]) == 0
    assert [path.name for path in Path("studies/tiny/pictures").iterdir()] == ["mine.png"]


@pytest.mark.parametrize("name", GOES_ON)
def test_a_larger_table_takes_a_smaller_ones_place(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert main(changed(tmp_path, monkeypatch, GOES_ON[name])) == 0


@pytest.mark.parametrize(
    ("after", "said"), [(0, "No group is finished yet"), (1, "1 finished group is"), (2, "2 finished groups are")]
)
def test_an_interrupted_command_reports_what_is_kept(
    after: int, said: str, file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file.write_text(file.read_text().replace("lanes: 8", "lanes: 3"))
    trained: list[int] = []

    def interrupted(group: Group, tell: Callable[[float], None]) -> GroupResult:
        if len(trained) == after:
            raise KeyboardInterrupt
        trained.append(1)
        return made_up(group)

    monkeypatch.setattr("saddlepoint.studies.engine.in_this_process.__defaults__", (interrupted,))
    assert main(["study", "tiny.yaml", "--workers", "0", "--quiet"]) == 130
    assert said in (out := capsys.readouterr().out)
    assert "kept in studies/tiny: the same command goes on." in out


@pytest.mark.slow
def test_from_python(file: Path) -> None:
    done = sp.study("tiny.yaml", settings={"seeds.count": 1, "training.steps": 10}, workers=0, quiet=True)
    assert len(done.rows) == 4
    assert {row["steps"] for row in done.rows} == {10}
    assert done.folder.path == Path("studies/tiny")
    content = {"base": "toy-gaussian-1", "overrides": {"training.steps": 3}, "seeds": {"count": 1}}
    assert len(sp.study(content, folder="elsewhere", workers=0, quiet=True).rows) == 1


def test_a_dry_run_trains_and_writes_nothing(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["study", "tiny.yaml", "--dry-run", "--training.optimiser.clip-norm", "1"]) == 0
    said = capsys.readouterr().out
    assert "4 points x 3 seeds = 12 runs in 12 groups" in said
    assert "clip_norm" in said
    assert not Path("studies").exists()
    assert main(["study", "tiny.yaml", "--dry-run", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["alone"] == 0


def test_the_ready_made_ones_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["study", "--list"]) == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == shipped_studies()
    assert main(["study", "--list", "--json"]) == 0
    assert [entry["name"] for entry in json.loads(capsys.readouterr().out)] == shipped_studies()


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        ([], "name a study"),
        (["learning-rat"], 'Did you mean "learning-rate"?'),
        (["nowhere.yaml"], "no study file"),
        (["tiny.yaml", "--engine", "dask"], "local or ray"),
        (["tiny.yaml", "--workers", "-1"], "0 or more"),
        (["tiny.yaml", "--address", "auto"], "add --engine ray"),
        (
            ["tiny.yaml", "--seeds", "4"],
            "--seeds is a section, not a setting: set one of its settings, such as --seeds.count.",
        ),
        (["tiny.yaml", "--count", "4"], 'Did you mean "--seeds.count"?'),
        (["tiny.yaml", "--name", "../tiny"], "a study's name is its folder's"),
        (["tiny.yaml", "--worker", "1"], 'Did you mean "--workers"?'),
        (["tiny.yaml", "--training.stepz", "1"], 'Did you mean "training.steps"?'),
        (["tiny.yaml", "--seeds.cuont", "1"], 'Did you mean "seeds.count"?'),
        (["tiny.yaml", "--dir", "tiny.yaml"], "cannot be written"),
    ],
)
def test_a_mistake_is_one_sentence(argv: list[str], said: str, file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["study", *argv]) == 2
    error = capsys.readouterr().err
    assert said in error
    assert "Traceback" not in error
    assert [path.name for path in Path().iterdir()] == ["tiny.yaml"]


def test_columns_are_as_wide_as_their_widest_word() -> None:
    some = Interval(1234.0, 900.0, float("inf"))
    never = Interval(float("inf"), float("inf"), float("inf"))
    points = [
        PointSummary({"a.width": 4}, 8, 1, Interval(0.5, 0.2, 0.8), some, {"wasserstein": Interval(0.1, 0.05, 0.15)}),
        PointSummary({"a.width": 16}, 8, 0, Interval(0.0, 0.0, 0.3), never, {"wasserstein": None}),
    ]
    lines = [line for line, _ in table(points, ["a.width"])]
    assert lines == [
        "width  n  diverged  converged  median steps   wasserstein",
        "4      8         1       50 %         1,234           0.1",
        "                     [20, 80]      [900, ∞]  [0.05, 0.15]",
        "16     8         0        0 %   not reached             -",
        "                      [0, 30]",
    ]


def test_lanes_is_an_option_too(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["study", "tiny.yaml", "--dry-run", "--json", "--lanes", "3", "--workers", "1"]) == 0
    assert json.loads(capsys.readouterr().out)["groups"] == 4
    assert main(["study", "tiny.yaml", "--dry-run", "--lanes", "none"]) == 2
    assert "lanes cannot be none" in capsys.readouterr().err
