"""`saddlepoint augment`: files, answers and exit codes; nothing is written when something is wrong."""

from __future__ import annotations

import csv
import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from saddlepoint.cli.main import main
from saddlepoint.data.tabular.schema import Column, Schema
from saddlepoint.report.augmentation import write_augmentation_page

pytest.importorskip("pandas")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    rows = [f"{rng.normal() + k % 2:.3f},{k % 7},{'no' if k % 2 else 'yes'}" for k in range(40)]
    Path("people.csv").write_text("\n".join(["x,size,answer", *rows]) + "\n")
    Path("single.csv").write_text("\n".join(["x,size,answer", *rows, "0.5,2,perhaps"]) + "\n")
    Path("same.csv").write_text("\n".join(["x,size,answer", *(row.replace("no", "yes") for row in rows)]) + "\n")
    Path("few.csv").write_text("\n".join(["x,size,answer", *rows[:8]]) + "\n")
    Path("taken.csv").write_text("mine\n")
    columns = (Column(name="x", kind="continuous"), Column(name="answer", kind="category", categories=("yes", "maybe")))
    Path("schema.yaml").write_text(Schema(columns=columns).to_yaml())
    np.savez("grey.npz", x=rng.integers(0, 255, (20, 8, 8)).astype(np.uint8), y=np.arange(20) % 2)
    return tmp_path


def read(path: str) -> list[dict[str, str]]:
    with Path(path).open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.slow
def test_a_table_is_written_measured_and_continued(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    argv = ["augment", "people.csv", "--target", "answer", "--per-class", "15", "--out", "more.csv", "--json"]
    assert main([*argv, "--no-measure"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["measured"] is None
    rows = read("more.csv")
    assert Counter(row["answer"] for row in rows) == {"yes": 15, "no": 15}
    assert all(len(row["x"].partition(".")[2]) <= 3 and row["size"] in "0123456" for row in rows)
    manifest = json.loads(Path("more.csv.augment/manifest.json").read_text())
    assert (manifest["synthetic"], manifest["counts"], manifest["seed"]) == (True, {"yes": 15, "no": 15}, 0)
    assert Path("more.csv.augment/report.html").exists()
    assert main(argv) == 2  # it is complete
    assert "--overwrite" in capsys.readouterr().err
    written = Path("more.csv").read_bytes()
    Path("more.csv.augment/result.json").unlink()  # as after an interruption
    assert main([*argv, "--no-measure"]) == 0
    assert Path("more.csv").read_bytes() == written
    Path("more.csv.augment/result.json").unlink()
    assert main([*argv, "--no-measure", "--seed", "1"]) == 2  # another request


@pytest.mark.slow
def test_a_run_on_other_cells_is_refused(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    train = ["train", "trees-table", "--data.source", "people.csv", "--data.target", "answer", "--training.steps", "1"]
    assert main([*train, "--run", "run", "--fast", "--quiet"]) == 0
    header, *rows = Path("people.csv").read_text().splitlines()
    Path("texts.csv").write_text("\n".join([header, *(f"x{row}" for row in rows)]) + "\n")
    kinds = {"x": "category", "size": "integer", "answer": "category"}
    Path("texts.yaml").write_text("columns: [" + ", ".join(f"{{name: {n}, kind: {k}}}" for n, k in kinds.items()) + "]")
    capsys.readouterr()
    argv = ["augment", "--target", "answer", "--model", "run", "--no-measure", "--no-filter", "--per-class", "2"]
    assert main([*argv, "texts.csv", "--schema", "texts.yaml", "--out", "more.csv"]) == 2
    assert "x is of the kind continuous, and here it is of the kind category" in capsys.readouterr().err
    assert main([*argv, "people.csv", "--steps", "3", "--out", "more.csv"]) == 2
    assert "--steps is for a recipe to train" in capsys.readouterr().err
    assert not Path("more.csv").exists()
    assert main([*argv, "people.csv", "--out", "more.csv"]) == 0


def test_images_become_folders_of_classes(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    argv = ["augment", "grey.npz", "--per-class", "3", "--no-measure", "--no-filter"]
    assert main([*argv, "--out", "more/"]) == 0
    assert sorted(path.relative_to("more").parent.name for path in Path("more").rglob("*.png")) == ["0"] * 3 + ["1"] * 3
    assert main([*argv, "--out", "more.npz"]) == 0
    with np.load("more.npz") as arrays:
        assert arrays["x"].shape == (6, 1, 8, 8)
        assert arrays["y"].tolist() == [0, 0, 0, 1, 1, 1]


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["same.csv", "--target", "answer"], "every row has the class 'yes'"),
        (["single.csv", "--target", "answer"], "class perhaps has one example"),
        (["people.csv"], "needs --target"),
        (["people.csv", "--target", "answr"], 'Did you mean "answer"'),
        (["people.csv", "--target", "x"], "choose a column of categories"),
        (["people.csv", "--target", "answer", "--schema", "schema.yaml"], "does not list"),
        (["few.csv", "--target", "answer"], "--no-measure"),
        (["people.csv", "--target", "answer", "--sizes", "500"], "give a smaller size"),
        (["people.csv", "--target", "answer", "--splits", "1"], "--splits"),
        (["people.csv", "--target", "answer", "--per-class", "0"], "--per-class"),
        (["people.csv", "--target", "answer", "--model", "dcgan-digits"], ""),
        (["people.csv", "--target", "answer", "--out", "taken.csv"], "--overwrite"),
        (["people.csv", "--target", "answer", "--out", "people.csv"], "the table itself"),
        (["people.csv", "--target", "answer", "--out", "more.npz"], "must end with"),
        (["people.csv", "--target", "answer", "--size", "8"], "--size is the height and width of images"),
        (["grey.npz", "--out", "more.csv"], "end it with"),
        (["grey.npz", "--schema", "schema.yaml"], "--schema is for tables"),
        (["grey.npz", "--target", "y"], "no table"),
        (["moons"], "takes images with labels"),
        (["nothing.csv", "--target", "x"], "nothing.csv"),
    ],
)
def test_bad_input(folder: Path, capsys: pytest.CaptureFixture[str], argv: list[str], said: str) -> None:
    before = sorted(folder.iterdir())
    out = [] if "--out" in argv else ["--out", "out.npz" if argv[0] in ("grey.npz", "moons") else "out.csv"]
    assert main(["augment", *argv, *out]) == 2
    error = capsys.readouterr().err
    assert error.startswith("saddlepoint: ")
    assert said in error
    assert error.count("\n") == 1
    assert sorted(folder.iterdir()) == before


def test_the_page_escapes_what_the_data_say(tmp_path: Path) -> None:
    interval = {"value": 0.1, "low": 0.05, "high": 0.15}
    one = {"score": interval, "difference": interval, "verdict": "it helped"}
    scenario = {
        "title": "all examples", "n": 40, "rejected": 0.1, "unfiltered": 0, "against": {"duplicated": interval},
        "comparisons": [{"alternative": name, **one} for name in ("real", "real + generated")],
    }  # fmt: skip
    document = {
        "headline": "Generated examples helped: macro F1 +0.100 [+0.050, +0.150]", "examples": 4, "counts": {"<b>a</b>": 2, "b": 2},
        "drawn": 6, "rejected": {"another class": 2}, "notes": [], "notice": "Synthetic", "model": "gaussian-table", "seed": 0,
        "source": {"examples": 40, "sha256": "0"}, "content_sha256": "1", "recipe": {"name": "gaussian-table"},
        "measured": {"verdict": "it helped", "recommendation": "Train.", "splits": 5, "scenarios": [scenario]},
    }  # fmt: skip
    page = write_augmentation_page(document, tmp_path / "page.html").read_text()
    assert "&lt;b&gt;a" in page
    assert "<b>a</b>" not in page
    assert "+0.100 [+0.050, +0.150]" in page
    assert "http" not in page.replace("http-equiv", "")
