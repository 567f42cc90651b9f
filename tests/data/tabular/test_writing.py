"""Written tables: the same cells as the source, whole or not at all."""

from pathlib import Path

import numpy as np
import pytest

pd = pytest.importorskip("pandas")

from saddlepoint.data.tabular.infer import infer_schema  # noqa: E402
from saddlepoint.data.tabular.reading import read_frame  # noqa: E402
from saddlepoint.data.tabular.writing import open_table, write_frame  # noqa: E402
from saddlepoint.errors import DataError, RunError  # noqa: E402

TEXT = 'n,x,y,ok,day,said\n1,1.50,1.5,True,2020-01-02,"a, b"\nNA,2.25,NA,False,2021-03-04,c\n3,0.10,2,True,NA,?\n'


@pytest.mark.parametrize("parts", [1, 3])
def test_a_text_file_is_written_as_it_was_read(tmp_path: Path, parts: int) -> None:
    source = tmp_path / "a.csv"
    source.write_text(TEXT)
    frame = read_frame(source)
    with open_table(tmp_path / "b.csv", infer_schema(frame)) as table:
        for rows in np.array_split(np.arange(len(frame)), parts):
            table.append(frame.iloc[rows])
    assert (tmp_path / "b.csv").read_text() == TEXT


@pytest.mark.parametrize("ending", [".csv", ".tsv", ".csv.gz", ".tsv.gz", ".parquet"])
def test_what_is_written_can_be_read(tmp_path: Path, ending: str) -> None:
    frame = pd.DataFrame({"n": pd.array([1, None, 3], "Int64"), "x": [0.1, np.nan, 1e-30], "s": ["a", None, "b\nc"]})
    write_frame(frame, tmp_path / f"a{ending}")
    pd.testing.assert_frame_equal(read_frame(tmp_path / f"a{ending}"), frame, check_exact=True)


def test_parquet_keeps_types_in_parts(tmp_path: Path) -> None:
    frame = pd.DataFrame(
        {
            "c": pd.Categorical(["b", "a", "b", None], categories=["b", "a"], ordered=True),
            "t": pd.to_datetime(["2020-01-01", None, "2020-01-03", "2020-01-04"]).astype("datetime64[us]"),
            "m": pd.array([None, None, 1, 2], "Int64"),
        }
    )
    with open_table(tmp_path / "a.parquet") as table:
        table.append(frame.iloc[:2])
        table.append(frame.iloc[2:])
    pd.testing.assert_frame_equal(read_frame(tmp_path / "a.parquet"), frame)


def test_nothing_is_replaced_or_half_written(tmp_path: Path) -> None:
    frame = pd.DataFrame({"x": [1.5]})
    path = tmp_path / "a.csv"
    write_frame(frame, path)
    with pytest.raises(RunError, match="exists"):
        write_frame(frame, path)
    with pytest.raises(DataError, match=r"ends with one of \.csv"):
        write_frame(frame, tmp_path / "a.xlsx")
    with pytest.raises(AttributeError), open_table(path, overwrite=True) as table:
        table.append(None)
    assert path.read_text() == "x\n1.5\n"
    assert list(tmp_path.iterdir()) == [path]
