"""Kinds of columns: by construction, and on real tables where they are at hand."""

import os
from pathlib import Path

import pytest

from saddlepoint.data.tabular import Schema
from saddlepoint.data.tabular.infer import count_decimals, infer_schema
from saddlepoint.data.tabular.reading import read_frame
from saddlepoint.errors import DataError

np = pytest.importorskip("numpy")
pd = pytest.importorskip("pandas")
TABLES = Path(os.environ.get("SADDLEPOINT_DATA", "absent")) / "tables"
N = 40
COLUMNS = {
    "continuous": [0.1 * n for n in range(N)],
    "integer": [n * n for n in range(N)],
    "category": ["red", "green"] * (N // 2),
    "ordered": ["1. low", "2. middle", "3. high", "1. low"] * (N // 4),
    "boolean": [True, False] * (N // 2),
    "datetime": [f"2020-01-{1 + n % 28:02}" for n in range(N)],
    "constant": [7] * N,
    "identifier": list(range(100, 100 + N)),
    "text": [f"a sentence about {n} things" for n in range(N)],
}


@pytest.mark.parametrize("kind", COLUMNS)
def test_each_kind_is_found(kind: str) -> None:
    column = infer_schema(read_frame({"x": COLUMNS[kind]})).column("x")
    assert column.kind == kind
    assert column.reason


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([1.0, 2.0, None], "integer"),
        ([0, 1, 0], "boolean"),
        (["yes", "No", "yes"], "boolean"),
        ([None, None], "constant"),
        ([3, None, 3.0], "integer"),
        (["a"], "constant"),
        ([f"{n:08x}" for n in range(30)], "identifier"),
        (["18-24", "25-34", "65+"], "ordered"),
        (["2020-13-01", "2020-12-01"], "category"),
        (["13/01/2020", "01/02/2020"], "datetime"),
        (["01/13/2020", "01/02/2020"], "datetime"),
    ],
)
def test_special_columns(values: list[object], kind: str) -> None:
    assert infer_schema(read_frame({"x": values})).column("x").kind == kind


def test_types_of_pandas_decide() -> None:
    frame = pd.DataFrame(
        {
            "size": pd.Categorical(["s", "l", "s"], categories=["s", "m", "l"], ordered=True),
            "when": pd.to_datetime(["2020-01-01", "2021-01-01", None]),
            "zone": pd.to_datetime(["2020-01-01", "2021-01-01", "2021-01-03"]).tz_localize("Europe/Paris"),
            "wait": pd.to_timedelta([1, 2, 3], unit="h"),
        }
    )
    schema = infer_schema(read_frame(frame))
    assert [column.kind for column in schema.columns] == ["ordered", "datetime", "datetime", "integer"]
    assert schema.column("size").categories == ("s", "m", "l")


@pytest.mark.parametrize(
    "values",
    [
        [1.0, float("inf")],
        [1 + 2j, 3j],
        [[1], [2, 3]],
        [{"a": 1}, "x"],
        [2**64 - 1, 5],
        pd.period_range("2020", periods=3, freq="M"),
    ],
)
def test_cells_that_are_no_single_values_are_refused(values: list[object]) -> None:
    with pytest.raises(DataError, match="column x"):
        infer_schema(read_frame({"x": values}))


def test_decimals_are_those_that_give_the_numbers_back() -> None:
    assert count_decimals(np.array([1.5, 2.25])) == 2
    assert count_decimals(np.array([3.0])) == 0
    assert count_decimals(np.array([1 / 3])) is None
    assert count_decimals(np.array([0.1, 2.7], dtype=np.float32).astype(float), single=True) == 1


@pytest.mark.skipif(not TABLES.is_dir(), reason="needs the tables below $SADDLEPOINT_DATA")
@pytest.mark.parametrize(
    ("name", "kinds"),
    [
        (
            "titanic.csv",
            {"name": "text", "class": "category", "age": "continuous", "sex": "category", "survived": "boolean"},
        ),
        ("penguins.csv", {"species": "category", "bill_length_mm": "continuous", "body_mass_g": "integer"}),
        ("hitters.csv", {"League": "category", "Salary": "continuous", "Hits": "integer"}),
        ("wage.csv", {"education": "ordered", "region": "constant", "wage": "continuous", "year": "integer"}),
        ("default.csv", {"default": "boolean", "balance": "continuous"}),
        ("diamonds.csv.gz", {"cut": "category", "price": "integer", "carat": "continuous"}),
        ("census_income_20k.csv.gz", {"column_1": "integer", "column_2": "category", "column_42": "category"}),
    ],
)
def test_real_tables(name: str, kinds: dict[str, str]) -> None:
    schema = infer_schema(read_frame(TABLES / name))
    assert {column: schema.column(column).kind for column in kinds} == kinds
    assert Schema.from_yaml(schema.to_yaml()) == schema
    if name == "wage.csv":
        assert schema.column("education").categories[0] == "1. < HS Grad"
    if name == "penguins.csv":
        assert schema.column("sex").marks == ("NA",)
        assert schema.column("bill_length_mm").unit == "mm"
    if name.startswith("census"):
        assert len(schema.columns) == 42
        assert schema.column("column_26").marks == ("?",)
