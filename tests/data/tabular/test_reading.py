"""Tables from files and from other libraries: types, missing cells, and errors with line and column."""

import gzip
from pathlib import Path

import numpy as np
import pytest

from saddlepoint.data.tabular import Column, Schema
from saddlepoint.data.tabular.infer import infer_schema
from saddlepoint.data.tabular.reading import read_frame
from saddlepoint.errors import DataError, MissingExtraError

pandas = pytest.importorskip("pandas")
TEXT = "name,age,weight,ok\nAnn, 5,1.50,True\nBen,NA,2.25,\n\n" + '"Car, Lo",7,,False\n'


def written(tmp_path: Path, text: str, name: str = "a.csv") -> Path:
    path = tmp_path / name
    path.write_bytes(gzip.compress(text.encode()) if name.endswith(".gz") else text.encode())
    return path


@pytest.mark.parametrize("name", ["a.csv", "a.CSV.gz"])
def test_text_files_have_types_and_missing_cells(tmp_path: Path, name: str) -> None:
    frame = read_frame(written(tmp_path, TEXT, name))
    assert {key: str(value) for key, value in frame.dtypes.items()} == {
        "name": "str",
        "age": "Int64",
        "weight": "float64",
        "ok": "boolean",
    }
    assert frame.isna().sum().tolist() == [0, 1, 1, 1]
    assert frame["name"].tolist() == ["Ann", "Ben", "Car, Lo"]
    schema = infer_schema(frame)
    assert schema.column("age").marks == ("NA",)
    assert "read as missing: NA" in schema.column("age").reason
    assert schema.column("weight").format == "%.2f"


@pytest.mark.parametrize("delimiter", [";", "\t", "|"])
def test_other_separators(tmp_path: Path, delimiter: str) -> None:
    frame = read_frame(written(tmp_path, TEXT.replace('"Car, Lo"', "Car").replace(",", delimiter)))
    assert list(frame.columns) == ["name", "age", "weight", "ok"]


def test_commas_are_decimal_where_the_file_shows_it(tmp_path: Path) -> None:
    path = written(tmp_path, "a;b;c;d\n1,5;1,500;x,y;?\n-2;12,250;1,5;3,25\n")
    frame = read_frame(path)
    assert frame["a"].tolist() == [1.5, -2.0]
    assert frame["b"].tolist() == [1.5, 12.25]
    assert frame["c"].tolist() == ["x,y", "1,5"]
    assert frame["d"].isna().tolist() == [True, False]
    schema = infer_schema(frame)
    assert "decimal commas" in schema.column("b").reason
    assert "decimal commas" not in schema.column("c").reason
    as_text = schema.model_copy(update={"columns": (Column(name="a", kind="category"), *schema.columns[1:])})
    assert read_frame(path, as_text)["a"].tolist() == ["1,5", "-2"]


def test_whole_numbers_of_more_than_63_bits_are_codes(tmp_path: Path) -> None:
    numbers = [2**63 + 7 * n for n in range(30)]
    path = written(tmp_path, "a,b\n" + "".join(f"{n},{n % 5}\n" for n in numbers))
    frame = read_frame(path)
    assert frame["a"].tolist() == [str(n) for n in numbers]
    assert infer_schema(frame).column("a").kind == "identifier"
    schema = Schema(columns=(Column(name="a", kind="continuous"), Column(name="b", kind="integer")))
    assert read_frame(path, schema)["a"].tolist() == [float(n) for n in numbers]


def test_numbers_are_exact(tmp_path: Path) -> None:
    numbers = np.random.default_rng(0).normal(size=200) * 10.0 ** np.arange(-100, 100)
    frame = read_frame(written(tmp_path, "x\n" + "\n".join(map(repr, numbers.tolist()))))
    assert (frame["x"].to_numpy() == numbers).all()


def test_codes_with_leading_zeros_are_text(tmp_path: Path) -> None:
    assert read_frame(written(tmp_path, "zip,n\n01234,1\n90210,2\n"))["zip"].tolist() == ["01234", "90210"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a,b\n1,2\n3\n", "line 3 has 1 cell"),
        ("a,a\n1,2\n", "two columns are called 'a'"),
        ("", "is empty"),
        ("a,b\n", "has no rows|line|at least"),
        ("a,b\n" + "1,2\n" * 30 + "\nx,2\n", "line 33, column a: 'x'"),
        ('a,b\n1,2\n3,"4\n5,6\n7,8\n', "line 3: a quote opens"),
        ('a,b\n1,"2" 3\n', "line 2 cannot be read"),
        (f"a,b\n1,2\n3,{'x' * 200_000}\n", "line 3: a cell has more than 131,072 characters"),
        ("a;b\n1,500;x\n2;y\n", "line 2, column a: '1,500' is a number with a comma"),
        ("a;b\n1,5;x\n2.5;y\n", "line 2, column a: '1,5' is a number with a comma"),
        ("a,b\n1,2\n3;4\n", "cells of line 3 are separated by ';', and those of the first row by ','"),
        ('a,b\n1,2\n"1,234.5",3\n', "line 3, column a"),
        ("a\n1e39\n2\n", "1e\\+39, beyond .* in row 1"),
        ("a\ninf\ninf\n", "infinity in row 1"),
    ],
)
def test_bad_files_are_refused_with_the_line(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(DataError, match=said):
        infer_schema(read_frame(written(tmp_path, text)))


def test_other_encodings_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes("a\nMünchen\n".encode("latin-1"))
    with pytest.raises(DataError, match="line 2 is not UTF-8 text"):
        read_frame(path)


def test_a_file_that_is_not_packed_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.csv.gz"
    path.write_text(TEXT)
    with pytest.raises(DataError, match="is not packed with gzip"):
        read_frame(path)


def test_a_schema_says_what_is_missing_and_what_is_text(tmp_path: Path) -> None:
    path = written(tmp_path, "a,b\n" + "1,2\n" * 30 + "unknown,NA\n")
    schema = Schema(
        columns=(
            Column(name="a", kind="integer", dtype="Int64", marks=("unknown",)),
            Column(name="b", kind="category", marks=("-",), categories=("2", "NA")),
        )
    )
    frame = read_frame(path, schema)
    assert str(frame["a"].dtype) == "Int64"
    assert frame["a"].isna().sum() == 1
    assert set(frame["b"]) == {"2", "NA"}


def test_a_schema_makes_a_mixed_column_categories(tmp_path: Path) -> None:
    path = written(tmp_path, "a,b\n" + "1,2\n" * 30 + "unknown,3\n")
    frame = read_frame(path, Schema(columns=(Column(name="a", kind="category"), Column(name="b", kind="category"))))
    assert set(frame["a"]) == {"1", "unknown"}
    assert set(frame["b"]) == {2, 3}


def test_frames_of_other_libraries_keep_their_types(tmp_path: Path) -> None:
    polars = pytest.importorskip("polars")
    source = polars.DataFrame(
        {
            "n": [1, None, 3],
            "ok": [True, None, False],
            "word": ["a", None, "b"],
            "kind": polars.Series(["x", "y", "x"], dtype=polars.Enum(["y", "x", "z"])),
            "x": [0.5, None, 1.5],
        }
    )
    source.write_parquet(tmp_path / "a.parquet")
    for frame in (read_frame(source), read_frame(source.lazy()), read_frame(tmp_path / "a.parquet")):
        assert [str(kind) for kind in frame.dtypes] == ["Int64", "boolean", "str", "category", "float64"]
        assert frame["n"].tolist()[::2] == [1, 3]
        assert list(frame["kind"].cat.categories) == ["y", "x", "z"]


def test_dictionaries_and_record_arrays() -> None:
    records = np.array([(1, 2.5, b"x"), (2, 3.5, b"y")], dtype=[("n", "i4"), ("x", "f4"), ("s", "S3")])
    assert [str(kind) for kind in read_frame(records).dtypes] == ["int32", "float32", "str"]
    assert read_frame({"a": [1, 2], 3: ["x", None]}).columns.tolist() == ["a", "3"]
    for bad in ({"a": [1], "b": [1, 2]}, np.zeros((2, 2)), [1, 2], {}, {"a": []}):
        with pytest.raises(DataError, match="table"):
            read_frame(bad)


def test_without_pandas_the_extra_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(MissingExtraError, match=r"saddlepoint\[tables\]"):
        read_frame(written(tmp_path, TEXT))


def test_numbers_with_commas_are_text_where_the_schema_says_so(tmp_path: Path) -> None:
    schema = Schema(columns=(Column(name="a", kind="category"), Column(name="b", kind="integer")))
    path = written(tmp_path, "a;b\n1,5;3\n2,5;4\n")
    assert read_frame(path, schema)["a"].tolist() == ["1,5", "2,5"]
    several = written(tmp_path, "a;b\n1,5,7;3\n2,5;4\n")  # lists, not numbers
    assert read_frame(several)["a"].tolist() == ["1,5,7", "2,5"]


def test_columns_with_several_levels_are_refused() -> None:
    columns = pandas.MultiIndex.from_product([["a"], ["b", "c"]])
    with pytest.raises(DataError, match="2 levels"):
        read_frame(pandas.DataFrame([[1, 2], [3, 4]], columns=columns))
