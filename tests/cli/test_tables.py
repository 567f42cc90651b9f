"""Tables on the command line: the schema is shown and written, and a run on a table writes rows without its source."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

pd = pytest.importorskip("pandas")

from saddlepoint.cli.main import main  # noqa: E402
from saddlepoint.data.tabular import Schema  # noqa: E402
from saddlepoint.data.tabular.reading import read_frame  # noqa: E402
from tests.data.tabular.people import write_people  # noqa: E402


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with two runs on a table that is there no more: one of them by sex."""
    folder = tmp_path_factory.mktemp("tables")
    source = write_people(folder / "people.csv")
    quick = ["--no-pictures", "--training.steps", "1", "--training.checkpoint_every", "1", "--evaluation.samples", "64"]
    for run, more in (("plain", []), ("by-sex", ["--data.target", "sex", "--model.conditional", "true"])):
        given = ["train", "gaussian-table", "--data.source", str(source), "--run", str(folder / run), *quick, *more]
        assert main(given) == 0
    source.unlink()
    return folder


def test_data_shows_the_schema_and_writes_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = write_people(tmp_path / "people.csv")
    assert main(["data", str(source), "--out", str(tmp_path / "schema.yaml")]) == 0
    said = capsys.readouterr().out
    for words in ("city", "Oslo, Paris, Rome", "20 to 59", "all are dates written %Y-%m-%d", "read as missing: NA"):
        assert words in said
    assert Schema.read(tmp_path / "schema.yaml").column("note").kind == "text"
    assert main(["data", str(source), "--schema", str(tmp_path / "schema.yaml"), "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["schema"]["columns"][1]["kind"] == "integer"


@pytest.mark.slow
@pytest.mark.parametrize("ending", [".csv", ".parquet"])
def test_rows_have_the_columns_types_and_formats_of_the_source(folder: Path, tmp_path: Path, ending: str) -> None:
    source = read_frame(write_people(tmp_path / "people.csv")).drop(columns="note")
    out = tmp_path / f"rows{ending}"
    assert main(["sample", str(folder / "plain"), "-n", "300", "--out", str(out)]) == 0
    rows = read_frame(out)
    assert len(rows) == 300
    assert (rows.dtypes == source.dtypes).all()
    assert rows["age"].between(20, 59).all()
    assert set(rows["city"]) == {"Rome", "Oslo", "Paris"}
    assert 0 < rows["income"].isna().mean() < 0.3
    assert rows["id"].is_unique
    if ending == ".csv":
        assert all(len(line.split(",")[4].partition(".")[2]) in (0, 2) for line in out.read_text().splitlines()[1:])
    again = tmp_path / f"again{ending}"
    assert main(["sample", str(folder / "plain"), "-n", "300", "--out", str(again)]) == 0
    assert again.read_bytes() == out.read_bytes()


@pytest.mark.slow
def test_conditions_hold_in_all_rows(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "rows.csv"
    assert main(["sample", str(folder / "by-sex"), "-n", "50", "--condition", "age>50,sex=F", "--out", str(out)]) == 0
    rows = read_frame(out)
    assert len(rows) == 50
    assert (rows["age"] > 50).all()
    assert set(rows["sex"]) == {"F"}
    assert main(["sample", str(folder / "by-sex"), "-n", "4", "--labels", "F,M", "--out", str(out), "--overwrite"]) == 0
    assert read_frame(out)["sex"].tolist() == ["F", "M", "F", "M"]
    excluded = ["--labels", "F,M", "--condition", "sex=M", "--out", str(tmp_path / "none.csv")]
    assert main(["sample", str(folder / "by-sex"), "-n", "4", *excluded]) == 2


@pytest.mark.slow
@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["--condition", "agee>3"], 'Did you mean "age"'),
        (["--condition", "age>90"], "no row can meet"),
        (["--condition", "age>30", "--out", "x.npz"], "end --out with one of"),
        (["--labels", "F"], "without labels"),
        (["--out", "x.xlsx"], "(rows of the table)"),
        (["--out", "rows/"], "(rows of the table)"),
    ],
)
def test_what_cannot_be_drawn_is_refused(
    folder: Path,
    tmp_path: Path,
    given: list[str],
    said: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["sample", str(folder / "plain"), "-n", "5", *given]) == 2
    assert said in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
