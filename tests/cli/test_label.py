"""`saddlepoint label`: files, answers and exit codes; nothing is written when something is wrong."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from saddlepoint.applications.label.methods import supervised
from saddlepoint.cli.main import main

pytest.importorskip("pandas")


@pytest.fixture
def people(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """60 rows of two clear classes, of which every third has its label."""
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    rows = []
    for k in range(60):
        kind = "<b>tall" if k % 2 else "short"
        height = (185 if k % 2 else 155) + rng.integers(8)
        rows.append(f"{height},{'north' if k % 2 else 'south'},{rng.normal():.2f},{kind if k % 3 == 0 else ''}")
    Path("people.csv").write_text("\n".join(["height,region,noise,<i>kind", *rows]) + "\n")
    return tmp_path


def read(path: str) -> list[dict[str, str]]:
    with Path(path).open(newline="") as file:
        return list(csv.DictReader(file))


def test_a_table_is_filled_and_nothing_else_changes(people: Path, capsys: pytest.CaptureFixture[str]) -> None:
    argv = ["label", "people.csv", "--labels", "<i>kind", "--out", "full.csv", "--method", "naive-bayes"]
    assert main(argv) == 0
    assert "40 missing labels filled by naive-bayes" in capsys.readouterr().out
    full, given = read("full.csv"), read("people.csv")
    assert list(full[0]) == [*given[0], "<i>kind probability"]
    for number, (filled, before) in enumerate(zip(full, given, strict=True)):
        assert filled["<i>kind"] == ("<b>tall" if number % 2 else "short")
        assert all(filled[name] == value for name, value in before.items() if name != "<i>kind")
        assert (
            float(filled["<i>kind probability"]) == 1
            if number % 3 == 0
            else 0.5 < float(filled["<i>kind probability"]) <= 1
        )
    page = Path("full.csv.label/report.html").read_text()
    assert page.count("<img ") == 2
    assert "<b>tall" not in page
    assert "&lt;b&gt;tall" in page
    assert not any(path.name.startswith(".") for path in people.iterdir())
    check(argv, "full.csv exists", capsys)
    Path("full.csv").unlink()
    check(argv, "full.csv.label exists", capsys)
    assert main([*argv, "--overwrite"]) == 0


def test_one_document_of_an_experiment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(supervised, "TREES", 10)
    monkeypatch.setattr(supervised, "FOLDS", 2)
    argv = [
        "label",
        "digits",
        "--per-class",
        "5",
        "--method",
        "gaussians",
        "--out",
        "found.npz",
        "--json",
        "--seed",
        "3",
    ]
    assert main(argv) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["visible"] == [5] * 10
    assert 0.7 < document["tested"]["inductive"]["value"] <= 1
    assert document["tested"]["baseline"]["value"] > 0.5
    assert [one["of"] for one in document["reliability"]] == ["held-out examples", "labelled examples, cross-validated"]
    assert "a choice by class" in document["choice"]
    found = np.load("found.npz")
    assert found["known"].sum() == 50
    assert found["probabilities"].shape == (1797, 10)
    assert document == {
        "data": "digits", "out": "found.npz", "page": "found.npz.label/report.html",
        **json.loads(Path("found.npz.label/result.json").read_text()),
    }  # fmt: skip


def test_an_experiment_without_cross_validation_shows_how_reliable_uncalibrated_probabilities_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(supervised, "TREES", 3)
    monkeypatch.setattr(supervised, "FOLDS", 2)
    argv = ["label", "digits", "--per-class", "5", "--method", "spreading", "--folds", "0", "--out", "found.npz"]
    assert main(argv) == 0
    assert "not calibrated" in capsys.readouterr().out
    page = Path("found.npz.label/report.html").read_text()
    assert "Probabilities are not calibrated" in page
    assert page.count("<img ") == 1


def write_labels(name: str, labels: list[str]) -> list[str]:
    Path(name).write_text("\n".join(labels) + "\n")
    return ["--labels", name]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (["--labels", "regio"], "has no column 'regio'. Did you mean \"region\"?"),
        ([], "needs --labels"),
        (["--labels", "noise"], "of the kind continuous"),
        (["--labels", "region"], "no label of people.csv is missing"),
        (["--labels", "<i>kind", "--classes", "short,high"], "'<b>tall', which is not among --classes"),
        (["--labels", "<i>kind", "--classes", "short,<b>tall,short"], "name each class once"),
        (["--labels", "<i>kind", "--classes", "short,"], "name each class once"),
        (["--labels", "<i>kind", "--classes", "short,<b>tall,wide"], "class wide has no label"),
        (["--labels", "<i>kind", "--method", "spredding"], 'Did you mean "spreading"'),
        (["--labels", "<i>kind", "--per-class", "1"], "--per-class"),
        (["--labels", "<i>kind", "--per-class", "50"], "give a smaller number"),
        (["--labels", "<i>kind", "--folds", "1"], "2 or more"),
        (["--labels", "<i>kind", "--folds", "0"], "auto chooses by cross-validation"),
        (["--labels", "<i>kind", "--seed", "-1"], "--seed"),
        (["--labels", "<i>kind", "--size", "8"], "this is a table"),
        (["--labels", "<i>kind", "--out", "out.txt"], "must end with one of"),
        (["--labels", "<i>kind", "--out", "out.npz"], "end it with .csv"),
        (["--labels", "<i>kind", "--out", "people.csv"], "which is read"),
    ],
)
def test_bad_arguments(people: Path, capsys: pytest.CaptureFixture[str], changes: list[str], said: str) -> None:
    check(["label", "people.csv", "--out", "full.csv", *changes], said, capsys)


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        (["a"] * 10 + [""] * 50, "is of the kind|all labels of data.csv are a|every row has"),
        (["a"] * 9 + ["b"] + [""] * 50, "class b has a single label"),
        ([""] * 60, "every cell of kind is missing"),
    ],
)
def test_bad_labels_of_a_table(people: Path, capsys: pytest.CaptureFixture[str], cells: list[str], said: str) -> None:
    Path("data.csv").write_text("\n".join(["size,kind", *(f"{k % 7},{cell}" for k, cell in enumerate(cells))]) + "\n")
    check(["label", "data.csv", "--labels", "kind", "--out", "full.csv"], said, capsys)


@pytest.mark.parametrize(
    ("labels", "said"),
    [
        (["1"] * 10, "has 10 labels, and there are 1,797 examples"),
        (["1", "2", "eleven"] + [""] * 1794, "the label 'eleven' of example 3 is none of the classes"),
        ([str(k % 10) for k in range(9)] + [""] * 1788, "class 0 has a single label|class 9 has no label"),
        ([""] * 1797, "every label of digits is missing"),
    ],
)
def test_bad_labels_in_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], labels: list[str], said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    check(["label", "digits", *write_labels("labels.txt", labels), "--out", "full.csv"], said, capsys)


def test_a_class_without_a_label_is_refused_outside_of_tables_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    argv = ["label", "digits", *write_labels("labels.txt", ["a", "a", "b", "b"] + [""] * 1793), "--out", "full.csv"]
    check([*argv, "--classes", "a,b,wide"], "class wide has no label", capsys)


def test_files_that_are_not_there_or_no_tables(people: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("picture.csv").write_bytes(bytes(range(256)))
    check(["label", "picture.csv", "--labels", "kind", "--out", "full.csv"], "picture.csv", capsys)
    check(["label", "digits", "--labels", "none.txt", "--out", "full.csv"], "there is no such file", capsys)
    check(["label", "nothing.npz", "--out", "full.csv"], "nothing.npz", capsys)


@pytest.mark.parametrize(
    ("x", "y", "said"),
    [
        (np.ones((20, 3)), np.arange(20) % 3 - 1, "constant"),
        (np.arange(20.0)[:, None] ** [1, 2], np.arange(20) % 2 * 2 - 1, "all labels of data.npz are 1 (-1 is a missing label)"),
        (np.arange(20.0)[:, None] ** [1, 2], np.r_[[0.0, 1.0] * 4, np.inf, [-1.0] * 11], "class inf has a single label"),
    ],
)  # fmt: skip
def test_arrays_that_nothing_is_learnt_from(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], x: np.ndarray, y: np.ndarray, said: str
) -> None:  # fmt: skip
    """Also nothing is kept for a later call."""
    monkeypatch.chdir(tmp_path)
    np.savez("data.npz", x=x, y=y)
    check(["label", "data.npz", "--method", "gaussians", "--out", "full.npz"], said, capsys)


def check(argv: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The command ends with code 2 and one sentence that matches, and writes nothing."""
    import re

    before = {path: path.stat().st_mtime_ns for path in Path().rglob("*")}
    assert main(argv) == 2
    printed = capsys.readouterr()
    assert not printed.out
    assert re.search("|".join(re.escape(part) for part in said.split("|")), printed.err), printed.err
    assert len(printed.err.strip().splitlines()) == 1
    assert {path: path.stat().st_mtime_ns for path in Path().rglob("*")} == before
