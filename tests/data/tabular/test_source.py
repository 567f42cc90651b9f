"""Tables as data sources: the split, the target, edited schemas, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

pd = pytest.importorskip("pandas")

from saddlepoint.data import DataSettings, load  # noqa: E402
from saddlepoint.data.event import Event  # noqa: E402
from saddlepoint.data.tabular import Schema  # noqa: E402
from saddlepoint.data.tabular.infer import infer_schema  # noqa: E402
from saddlepoint.data.tabular.reading import read_frame  # noqa: E402
from saddlepoint.data.tabular.storage import read_codec, write_codec  # noqa: E402
from saddlepoint.errors import DataError, SaddlepointError, SettingError  # noqa: E402
from tests.data.tabular.people import write_people  # noqa: E402


@pytest.fixture
def people(tmp_path: Path) -> Path:
    return write_people(tmp_path / "people.csv")


def test_a_table_is_split_encoded_and_decoded(people: Path) -> None:
    dataset = load(DataSettings(source=str(people), held_out=0.25))
    held_out = dataset.held_out
    assert held_out is not None
    assert (len(dataset), len(held_out)) == (150, 50)
    assert dataset.table is not None
    assert dataset.event.shape == (dataset.table.width,)
    rows = pd.concat([dataset.table.decode(part.x) for part in (dataset, held_out)])
    source = read_frame(people).drop(columns="note")
    columns = list(source.columns)
    # Identifiers are new, and numbers of the held-out part are interpolated between those of the training part.
    exact = ["sex", "city", "married"]
    assert list(rows.columns) == columns
    assert rows[exact].sort_values(exact).values.tolist() == source[exact].sort_values(exact).values.tolist()
    assert any("note is free text" in note for note in dataset.notes)
    assert any("read as missing: NA" in note for note in dataset.notes)


def test_equal_files_have_equal_fingerprints(people: Path) -> None:
    first, second = (load(DataSettings(source=str(people))) for _ in range(2))
    assert first.fingerprint == second.fingerprint


@pytest.mark.parametrize("target", ["sex", "married", "city"])
def test_the_target_is_the_label_and_no_part_of_the_vectors(people: Path, target: str, tmp_path: Path) -> None:
    dataset = load(DataSettings(source=str(people), target=target, held_out=0))
    codec = dataset.table
    assert codec is not None
    assert target not in [block.column for block in codec.blocks]
    write_codec(codec, tmp_path / "table.json")
    again = read_codec(tmp_path / "table.json")
    rows = again.decode(dataset.x, labels=dataset.y)
    assert (
        rows[target].value_counts(dropna=False).to_dict()
        == read_frame(people)[target].value_counts(dropna=False).to_dict()
    )
    assert target not in again.decode(dataset.x)
    assert dataset.event.class_names == codec.label_names


def test_levels_are_bytes(people: Path) -> None:
    dataset = load(DataSettings(source=str(people), encoding="levels"))
    assert dataset.event.dtype == "uint8"
    assert dataset.event.levels == 256


def test_an_edited_schema_is_used_and_completed(people: Path, tmp_path: Path) -> None:
    path = tmp_path / "schema.yaml"
    path.write_text(
        "columns: [{name: age, kind: ordered}, {name: sex, kind: category}, {name: born, kind: datetime}, {name: income, kind: integer}]\n"
        'target: sex\nconstraints: ["income >= 10"]\n'
    )
    dataset = load(DataSettings(source=str(people), schema=str(path)))
    codec = dataset.table
    assert codec is not None
    assert codec.schema.names == ("age", "sex", "born", "income")
    assert codec.schema.column("age").categories == tuple(range(20, 60))
    assert codec.schema.column("born").format == "%Y-%m-%d"
    assert dataset.event.class_names == ("F", "M")


def test_a_schema_that_was_written_is_read_unchanged(people: Path, tmp_path: Path) -> None:
    path = tmp_path / "schema.yaml"
    schema = infer_schema(read_frame(people))
    path.write_text(schema.to_yaml())
    assert Schema.read(path) == schema
    with_schema = load(DataSettings(source=str(people), schema=str(path)))
    assert with_schema.fingerprint == load(DataSettings(source=str(people))).fingerprint


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"target": "incomes"}, 'Did you mean "income"'),
        ({"target": "income"}, "labels are categories"),
        ({"kind": "image"}, "is a table"),
        ({"schema": "absent.yaml"}, "saddlepoint data FILE --out absent.yaml"),
    ],
)
def test_wrong_settings_are_refused(people: Path, settings: dict[str, str], said: str) -> None:
    with pytest.raises(SaddlepointError, match=said):
        load(DataSettings(source=str(people), **settings))


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ("{name: agee, kind: integer}", 'Did you mean "age"'),
        ("{name: sex, kind: integer}", "column sex: 'M'.*is no number"),
        ("{name: sex, kind: datetime}", "no known format"),
        ("{name: sex, kind: category, categories: [F]}", "'M' is none of its categories"),
        ("{name: note, kind: text}", "no column can be learnt"),
    ],
)
def test_a_schema_that_does_not_fit_is_refused(people: Path, tmp_path: Path, columns: str, said: str) -> None:
    path = tmp_path / "schema.yaml"
    path.write_text(f"columns: [{columns}]")
    with pytest.raises((DataError, SettingError), match=said):
        load(DataSettings(source=str(people), schema=str(path)))


@pytest.mark.parametrize("rows", [1, 2])
def test_few_rows(tmp_path: Path, rows: int) -> None:
    path = tmp_path / "few.csv"
    path.write_text("x,c\n" + "".join(f"{n}.5,{'ab'[n]}\n" for n in range(rows)))
    if rows == 1:
        with pytest.raises(DataError, match="no column can be learnt"):
            load(DataSettings(source=str(path)))
        return
    assert len(load(DataSettings(source=str(path), held_out=0))) == 2


def test_constant_cells_come_back(tmp_path: Path) -> None:
    path = tmp_path / "c.csv"
    path.write_text("x,k,empty,day\n" + "".join(f"{n},7,,2020-01-01\n" for n in (5, 1, 9)))
    codec = load(DataSettings(source=str(path), held_out=0)).table
    assert codec is not None
    rows = codec.decode(np.zeros((2, codec.width)))
    assert rows["k"].tolist() == [7, 7]
    assert rows["empty"].isna().all()
    assert rows["day"].tolist() == ["2020-01-01"] * 2


@pytest.mark.parametrize("encoding", ["scores", "copula", "levels"])
def test_equal_rows_of_levels_are_no_copies(tmp_path: Path, encoding: str) -> None:
    from saddlepoint.data.preflight import preflight

    path = tmp_path / "few.csv"
    path.write_text("a,b\n" + "".join(f"{n % 3},{'xy'[n % 2]}\n" for n in range(60)), "utf-8")
    dataset = load(DataSettings(source=str(path), encoding=encoding))
    assert "DATA403" not in {finding.code for finding in preflight(dataset, 16)}


@pytest.mark.parametrize("encoding", ["copula", "scores"])
def test_all_numbers_of_a_cell_decode_to_one_value(people: Path, encoding: str) -> None:
    dataset = load(DataSettings(source=str(people), encoding=encoding))
    codec, event = dataset.table, dataset.event
    assert codec is not None
    assert {position for position, _, _ in event.cells} >= {
        block.start for block in codec.blocks if block.column == "married"
    }
    again = Event.from_json(json.loads(json.dumps(event.to_json())))
    assert again.cells == event.cells
    assert again == event
    assert event.groups == tuple((block.start, block.stop) for block in codec.blocks if block.kind == "one-hot")
    assert bool(event.groups) == (encoding == "scores")
    for position, low, high in event.cells:
        x = dataset.x[:1].repeat(50, 1).numpy().astype(np.float64)
        x[:, position] = low + (high - low) * (np.arange(50) + 0.5) / 50
        assert len(codec.decode(x).drop_duplicates(subset=[c.name for c in codec.columns])) == 1


@pytest.mark.parametrize(
    ("cells", "said"), [(["a", "a"], "every row has the class 'a'"), (["", ""], "every cell is missing")]
)
def test_a_target_of_one_class_is_refused(tmp_path: Path, cells: list[str], said: str) -> None:
    path = tmp_path / "one.csv"
    path.write_text("n,x\n" + "".join(f"{number},{cell}\n" for number, cell in enumerate(cells)))
    with pytest.raises(SettingError, match=said):
        load(DataSettings(source=str(path), target="x"))
