"""`saddlepoint evaluate` of tables: rows of any program against real rows, runs on tables, and refusals."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

pd = pytest.importorskip("pandas")

from saddlepoint.cli.main import main  # noqa: E402
from saddlepoint.evaluation.tables.card import TableCard  # noqa: E402
from saddlepoint.evaluation.tables.metrics import METRICS  # noqa: E402
from tests.data.tabular.people import write_people  # noqa: E402
from tests.evaluation.cards import scorecard  # noqa: E402
from tests.evaluation.tables.tables import make_table  # noqa: E402


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with real.csv, test.csv and rows.csv of one distribution."""
    folder = tmp_path_factory.mktemp("files")
    for seed, name in enumerate(("real", "test", "rows")):
        make_table(60, seed).to_csv(folder / f"{name}.csv", index=False)
    return folder


@pytest.fixture
def few_metrics(monkeypatch: pytest.MonkeyPatch) -> None:
    """Measure what takes tenths of a second."""
    for name in METRICS.keys() - {"shapes", "detection-logistic", "copies", "attack-distance"}:
        monkeypatch.delitem(METRICS, name)


def given(files: Path, *more: str, rows: str = "rows.csv", real: str = "real.csv") -> list[str]:
    return ["evaluate", str(files / rows), "--real", str(files / real), *more]


@pytest.mark.slow
@pytest.mark.usefixtures("few_metrics")
def test_rows_of_any_program_are_scored_and_drawn(
    files: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "page.html"
    assert main(given(files, "--test", str(files / "test.csv"), "--page", str(page), "--json")) == 0
    document = json.loads(capsys.readouterr().out)
    assert document.pop("page") == str(page)
    card = TableCard.from_json(document)
    assert card.rows == {"generated": 60, "training": 60, "held out": 60}
    assert card["attack-distance"].baselines["duplicated"].value > 0.6
    text = page.read_text()
    assert card.headline in text
    assert text.count("<figure") == 5 + 6  # columns and pairs
    assert "http" not in text.replace("http-equiv", "")
    assert main(given(files, "--out", str(page))) == 2
    assert "--overwrite" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("more", "content", "said"),
    [
        ([], "age,sex\n1,F\n2,M\n", "have no column 'city'"),
        ([], "age,sex,city,income,born\n31,F,Rome,2000.5,1990-01-01\n", "one row of the generated table"),
        (["--target", "sexx"], None, 'Did you mean "sex"'),
        (["--target", "born"], None, "the target born is of the kind datetime"),
        (["--out", "page.png"], None, "must end with .html"),
        (["--page", "page.png"], None, "--page page.png must end with .html"),
        (["--page", "a.html", "--out", "b.html"], None, "leave one of them out"),
        (["--features", "pca"], None, "--features is for runs"),
        (["--seed", "-1"], None, "--seed is from 0"),
        (["--samples", "5"], None, "--samples is for runs"),
        (["--seeds", "4"], None, "--seeds is for runs"),
        (["--test", "{nowhere}"], None, "cannot be read"),
    ],
)
def test_impossible_requests_give_one_sentence(
    more: list[str],
    content: str | None,
    said: str,
    files: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    rows = files / "rows.csv"
    if content is not None:
        rows = files / f"{tmp_path.name}.csv"
        rows.write_text(content)
    options = [part.format(nowhere=files / "nowhere.csv") for part in more]
    assert main(given(files, *options, rows=rows.name)) == 2
    printed = capsys.readouterr()
    assert said in printed.err
    assert "Traceback" not in printed.err
    assert not list(tmp_path.iterdir())


def test_files_and_runs_are_not_confused(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", str(files / "rows.csv")]) == 2
    assert "--real TABLE" in capsys.readouterr().err
    assert main(["evaluate", "nowhere", "--test", "held_out.csv"]) == 2
    assert "not for runs" in capsys.readouterr().err
    assert main(["evaluate", "nowhere", "--target", "sex"]) == 2
    assert "--target is for rows of a table" in capsys.readouterr().err
    assert main(given(files, rows=".")) == 2
    assert "is a folder; leave --real out" in capsys.readouterr().err
    assert main(["evaluate", str(files / "test.csv"), *given(files)[1:]]) == 2
    assert "2 are named; give one at a time" in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.usefixtures("few_metrics")
def test_a_run_on_a_table_prints_the_scores_of_its_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("saddlepoint.cli.evaluate._scorecard", lambda *_: scorecard())  # of vectors, which takes long
    drawn = "saddlepoint.experiment.table_evaluation.write_table_page"  # as in the test above
    monkeypatch.setattr(drawn, lambda card, columns, pairs, path: path.write_text(card.headline))
    source, run = write_people(tmp_path / "people.csv"), tmp_path / "run"
    quick = [
        "--no-pictures",
        "--quiet",
        "--training.steps",
        "1",
        "--evaluation.samples",
        "64",
        "--data.held_out",
        "0.2",
    ]
    assert main(["train", "gaussian-table", "--data.source", str(source), "--run", str(run), *quick]) == 0
    capsys.readouterr()
    evaluate = ["evaluate", str(run), "--samples", "60", "--target", "sex"]
    assert main([*evaluate, "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    card = TableCard.from_json(document["table"])
    assert card == TableCard.load(run / "table_card.json")
    assert card.rows == {"generated": 60, "training": 160, "held out": 40}
    assert card.target == "sex"
    assert document["scores"][0]["metric"] == "frechet"
    assert main(evaluate) == 0  # stored
    printed = capsys.readouterr()
    assert printed.out.startswith(card.headline)
    assert str(run / "table.html") in printed.out
    assert "Scores of the encoded rows" in printed.out
