"""`saddlepoint impute`: files, answers and exit codes; nothing is written when something is wrong."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from saddlepoint.cli.main import main

pytest.importorskip("pandas")


@pytest.fixture
def people(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    rows = [f"{20 + k},{'north' if k % 3 else ''},{'NA' if k % 5 == 0 else 150 + k}" for k in range(40)]
    Path("people.csv").write_text("\n".join(["age,region,height", *rows]) + "\n")
    return tmp_path


def read(path: str) -> list[dict[str, str]]:
    with Path(path).open(newline="") as file:
        return list(csv.DictReader(file))


def test_a_table_is_completed(people: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["impute", "people.csv", "--out", "full.csv", "--method", "neighbours"]) == 0
    printed = capsys.readouterr()
    assert "22 missing cells filled by neighbours" in printed.out
    full, given = read("full.csv"), read("people.csv")
    for filled, before in zip(full, given, strict=True):
        assert filled["region"] == "north"
        assert filled["height"].isdigit()
        assert all(filled[name] == value for name, value in before.items() if value not in ("", "NA"))


def test_without_a_cell_to_fill_nothing_is_tried(people: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("full.csv").write_text("a,b\n" + "".join(f"{k / 2},{'xy'[k % 2]}\n" for k in range(30)))
    Path("empty.csv").write_text("a,b\n" + "".join(f"{k / 2},\n" for k in range(30)))
    assert main(["impute", "full.csv", "--out", "same.csv"]) == 0
    assert capsys.readouterr().out.split("\n")[:2] == ["No cell is missing", "same.csv"]
    assert read("same.csv") == read("full.csv")
    assert main(["impute", "empty.csv", "--out", "left.csv"]) == 0
    assert capsys.readouterr().out.startswith(
        "None of 30 missing cells could be filled\n  no column with missing cells"
    )


def test_draws_intervals_and_one_document(people: Path, capsys: pytest.CaptureFixture[str]) -> None:
    argv = ["impute", "people.csv", "--out", "full.csv", "--for", "inference", "--method", "matching", "--json"]
    assert main([*argv, "--intervals", "cells.csv", "--draws", "19"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert (document["draws"], document["method"], document["missing"]) == (19, "matching", 22)
    assert [int(row["imputation"]) for row in read("full.csv")] == [k for k in range(1, 20) for _ in range(40)]
    cells = read("cells.csv")
    assert len(cells) == 22
    assert all(float(cell["low"]) <= float(cell["high"]) for cell in cells if cell["column"] == "height")


@pytest.mark.slow
def test_a_page_shows_what_was_missing_and_filled_and_escapes_names(
    people: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = Path("people.csv").read_text().replace("height", "<b>height")
    Path("people.csv").write_text(text)
    argv = ["impute", "people.csv", "--out", "full.csv", "--page", "page.html", "--method", "mean"]
    assert main(argv) == 0
    assert "page.html" in capsys.readouterr().out
    page = Path("page.html").read_text()
    assert "<h1>" in page
    assert "22 missing cells filled by mean" in page
    assert page.count("<img ") == 3
    assert "<b>height" not in page
    assert "&lt;b&gt;height" in page
    assert main([*argv, "--overwrite"]) == 0
    assert main([*argv, "--overwrite", "--page", "page.txt"]) == 2


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--out", "people.csv"], "the table itself"),
        (["--out", "full.txt"], "must end with one of"),
        (["--out", "taken.csv"], "--overwrite"),
        (["--out", "full.csv", "--method", "tree"], 'Did you mean "trees"'),
        (["--out", "full.csv", "--method", "trees", "--draws", "5"], "best guesses"),
        (["--out", "full.csv", "--for", "sport"], "invalid choice"),
        (["--out", "full.csv", "--draws", "0"], "at least 1"),
        (["--out", "full.csv", "--intervals", "cells.csv"], "at least 19 draws"),
        (["--out", "full.csv", "--seed", "-1"], "--seed"),
        (["--out", "full.csv", "--page", "page.txt"], "--page page.txt must end with .html"),
        (["--out", "full.csv", "--intervals", "cells.csv", "--draws", "2"], "needs at least 19 draws"),
        (["--out", "full.csv", "--device", "cuda"], "add --model"),
        ([], "--out"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_written(
    people: Path, options: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("taken.csv").write_text("kept\n")
    before = {path.name: path.read_text() for path in people.iterdir()}
    assert main(["impute", "people.csv", *options]) == 2
    assert said in capsys.readouterr().err
    assert {path.name: path.read_text() for path in people.iterdir()} == before


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a,b\n1,2\n3\n", "line 3 has 1 cell"),
        ("a,a\n1,2\n", "two columns are called"),
        ("", "is empty"),
        ("a,imputation\n1,2\n,3\n", "has a column 'imputation'"),
    ],
)
def test_tables_that_cannot_be_read(people: Path, text: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path("wrong.csv").write_text(text)
    assert main(["impute", "wrong.csv", "--out", "full.csv", "--draws", "2"]) == 2
    assert said in capsys.readouterr().err
    assert not Path("full.csv").exists()
