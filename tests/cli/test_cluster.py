"""`saddlepoint cluster`: files, answers and exit codes; nothing is written when something is wrong."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import saddlepoint as sp
from saddlepoint.applications.cluster.clustered import Clustered
from saddlepoint.applications.cluster.settings import CRITERIA, METHODS, REPRESENTATIONS
from saddlepoint.cli.main import main

FAST = ["--steps", "3", "--seeds", "1", "--outliers", "3"]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    labels = np.arange(120) % 3
    points = (10 * labels[:, None] + rng.normal(size=(120, 2))).astype(np.float32)
    np.savez("points.npz", x=points, y=labels)
    np.savez("plain.npz", x=points)
    np.savez("hole.npz", x=np.where(np.arange(240).reshape(120, 2) == 17, np.nan, points))
    np.savez("one.npz", x=points[:1])
    np.savez("same.npz", x=np.ones((30, 2), dtype=np.float32))
    Path("file").write_text("mine\n")
    Path("taken").mkdir()
    Path("pages").mkdir()
    Path("pages/report.html").write_text("mine\n")
    Path("taken/mine.txt").write_text("mine\n")
    return tmp_path


def read(path: str) -> list[dict[str, str]]:
    with Path(path).open(newline="") as file:
        return list(csv.DictReader(file))


def test_data_are_clustered_scored_and_not_trained_on_again(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    argv = ["cluster", "points.npz", "--out", "out", "--json", *FAST]
    assert main(argv) == 0
    document = json.loads(capsys.readouterr().out)
    assert (document["clusters"], document["classes"]) == (3, ["0", "1", "2"])
    assert list(document["scores"]) == list(REPRESENTATIONS)
    for some in document["scores"].values():
        assert list(some) == list(METHODS)
        for score in some.values():
            for metric in ("ami", "nmi", "ari", "accuracy"):
                assert score[metric]["low"] <= score[metric]["value"] <= score[metric]["high"] <= 1
            assert "stability" not in score
    assert document["scores"]["raw"]["k-means"]["nmi"]["value"] == 1.0  # the groups are ten standard deviations apart
    assert document["probes"]["linear"]["raw"]["accuracy"]["value"] == 1.0
    assert len(document["outliers"]) == 3 * len(CRITERIA)
    assert len(document["headline"].split()) <= 12
    rows = read("out/clusters.csv")
    assert [int(row["index"]) for row in rows] == list(range(120))
    assert [row["class"] for row in rows] == [str(n % 3) for n in range(120)]
    assert set(rows[0]) == {"index", "name", "part", "class", *METHODS}
    assert json.loads(Path("out/clusters.json").read_text())["scores"] == document["scores"]
    (run,) = Path("out/runs").iterdir()
    trained = (run / "summary.json").stat().st_mtime_ns
    assert main(argv) == 2  # it is complete
    assert "--overwrite" in capsys.readouterr().err
    # A call that was killed while it wrote goes on with the trained run.
    Path("out/clusters.json").unlink()
    assert main(argv) == 0
    assert json.loads(capsys.readouterr().out)["scores"] == document["scores"]
    assert (run / "summary.json").stat().st_mtime_ns == trained
    page = Path("out/report.html").read_text()
    assert all(title in page for title in ("Probes", "Outliers", "Clusters and classes"))
    assert main(["cluster", str(run), "--out", "out", "--overwrite", "--json", *FAST[2:]]) == 0
    assert json.loads(capsys.readouterr().out)["scores"] == document["scores"]


@pytest.mark.slow
def test_classes_at_random_give_no_verdict(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    np.savez("random.npz", x=np.load("points.npz")["x"], y=np.random.default_rng(1).integers(0, 3, 120))
    assert main(["cluster", "random.npz", "--json", *FAST]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["verdict"] == "no difference is shown"
    assert document["headline"].startswith("k-means finds no classes: AMI ")
    assert len(document["headline"].split()) <= 12
    assert any("only rotate the raw values" in note for note in document["notes"])


@pytest.mark.slow
def test_without_classes_there_is_no_agreement_but_stability(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["cluster", "plain.npz", "--choose", "silhouette", "--json", *FAST]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["out"] == "clusters/plain"
    assert document["probes"] is None
    assert document["verdict"] is None
    assert "silhouette" in document["clusters_chosen_by"]
    for some in document["scores"].values():
        for score in some.values():
            assert not {"ami", "nmi", "ari", "accuracy"} & set(score)
        assert -1 <= some["k-means"]["stability"]["low"] <= some["k-means"]["stability"]["value"] <= 1
    assert all(row["class"] == "" for row in read("clusters/plain/clusters.csv"))
    assert "No classes are known" in Path("clusters/plain/report.html").read_text()


@pytest.mark.slow
def test_a_table_is_clustered_without_its_target(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("pandas")
    rows = [f"{n % 2 * 9 + n / 100},{'ab'[n % 2]},{'yes' if n % 2 else 'no'}" for n in range(60)]
    Path("rows.csv").write_text("\n".join(["<b>x</b>,kind,answer", *rows]) + "\n")
    assert main(["cluster", "rows.csv", "--target", "answer", *FAST]) == 0
    assert "row " in capsys.readouterr().out
    page = Path("clusters/rows/report.html").read_text()
    assert "&lt;b&gt;x" in page
    assert "<b>x</b>" not in page
    assert {row["class"] for row in read("clusters/rows/clusters.csv")} == {"yes", "no"}


def run_without_codes(folder: Path) -> str:
    sp.train("gan-digits", training={"steps": 1}, data={"limit": 64}, run="gan", pictures=False, listener=sp.Listener())
    return "gan"


def run_on_other_data(folder: Path) -> str:
    sp.train(
        "vae-waves",
        data="plain.npz",
        training={"steps": 1, "batch_size": 32},
        run="vae",
        pictures=False,
        listener=sp.Listener(),
    )
    np.savez("plain.npz", x=np.zeros((40, 5)) + np.arange(40)[:, None])
    return "vae"


@pytest.mark.parametrize(
    ("source", "argv", "said"),
    [
        (run_without_codes, [], "has no codes"),
        (run_on_other_data, [], "the data have changed"),
        (run_without_codes, ["--recipe", "vae-digits"], "--recipe is for data"),
        ("points.npz", ["--clusters", "121"], "at most as many clusters as examples"),
        ("points.npz", ["--clusters", "0"], "--clusters must be a whole number"),
        ("points.npz", ["--recipe", "gan-digits"], "has no codes"),
        ("points.npz", ["--target", "y"], "is no table"),
        ("points.npz", ["--choose", "bik"], 'Did you mean "bic"'),
        ("points.npz", ["--part", "test"], "--part"),
        ("points.npz", ["--seeds", "0"], "--seeds"),
        ("points.npz", ["--step", "best"], "--step is for a trained run"),
        ("points.npz", ["--out", "file"], "is a file"),
        ("points.npz", ["--out", "taken"], "other files"),
        ("points.npz", ["--out", "pages"], "holds report.html already"),
        ("hole.npz", [], "NaN in 1 of 120 examples"),
        ("one.npz", [], "one example"),
        ("same.npz", [], "equal"),
        ("sentences", [], "no recipe is recommended"),
        ("nothing.npz", [], "nothing.npz"),
    ],
)
def test_bad_input(folder: Path, capsys: pytest.CaptureFixture[str], source: Any, argv: list[str], said: str) -> None:
    name = source(folder) if callable(source) else source
    before = sorted(folder.rglob("*"))
    capsys.readouterr()
    assert main(["cluster", name, *argv]) == 2
    error = capsys.readouterr().err
    sentence = error.splitlines()[-1]
    assert sentence.startswith("saddlepoint: ")
    assert said in sentence
    assert sorted(folder.rglob("*")) == before


@pytest.mark.slow
def test_in_python_a_run_arrays_and_a_frame(folder: Path) -> None:
    pandas = pytest.importorskip("pandas")
    x, y = np.load("points.npz")["x"], np.load("points.npz")["y"]
    fast: dict[str, Any] = {"steps": 2, "seeds": 1, "progress": False}
    of_arrays = sp.cluster((x, y), **fast)
    assert isinstance(of_arrays, Clustered)
    assert of_arrays.verdict is not None
    assert of_arrays.subject.y is not None
    assert of_arrays.subject.y.tolist() == y[of_arrays.subject.index].tolist()
    assert {len(some) for some in of_arrays.assignments.values()} == {120}
    frame = pandas.DataFrame({"a": x[:, 0], "b": x[:, 1], "label": [f"c{n}" for n in y]})
    of_frame = sp.cluster(frame, target="label", **fast)
    assert of_frame.subject.y is not None
    assert [of_frame.subject.classes[n] for n in of_frame.subject.y] == [f"c{n}" for n in y[of_frame.subject.index]]
    run = sp.train(
        "vae-waves", data=x, training={"steps": 2, "batch_size": 32}, run="vae", pictures=False, listener=sp.Listener()
    )
    assert sp.cluster(run, clusters=4, seeds=1, progress=False).clusters == 4
    assert {path.name for path in folder.iterdir() if path.is_dir()} == {"taken", "pages", "vae"}
