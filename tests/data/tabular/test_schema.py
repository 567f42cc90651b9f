"""Schemas: what the YAML form keeps, and what is refused."""

import pytest

from saddlepoint.data.tabular import Column, Schema
from saddlepoint.errors import DataError, SettingError

AGE = Column(name="age", kind="integer", dtype="Int64", missing=0.25, marks=("", "NA"), low=1, high=90)
SEX = Column(name="sex", kind="category", categories=("f", "m"))


def test_yaml_keeps_everything() -> None:
    schema = Schema(
        columns=(
            AGE,
            SEX,
            Column(name="yes", kind="boolean", dtype="bool", categories=(False, True)),
            Column(name="two", kind="ordered", dtype="float64", categories=(1.0, 2.5)),
            Column(name="day", kind="datetime", format="%Y-%m-%d", low="2020-01-01", high="2021-01-01"),
        ),
        target="sex",
        constraints=("age <= 90",),
    )
    again = Schema.from_yaml(schema.to_yaml())
    assert again == schema
    assert [type(value) for column in again.columns for value in column.categories] == [
        str,
        str,
        bool,
        bool,
        float,
        float,
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("columns: [{name: a, kind: number}]", "kind of column a"),
        ("columns: [{name: a, kind: text, unitt: kg}]", 'Did you mean "unit"'),
        ("columns: [{name: a, kind: text}, {name: a, kind: text}]", "two columns are called 'a'"),
        ("columns: [{name: a, kind: category, categories: [x, x]}]", "'x' is listed twice"),
        ("columns: [{name: a}]", "kind is missing"),
        ("columns: []", "at least 1"),
        ("a, b", "a schema has `columns`"),
        ("columns: [", "cannot be read as a schema"),
    ],
)
def test_a_wrong_schema_is_refused_with_the_column(text: str, said: str) -> None:
    with pytest.raises(SettingError, match=r"people.yaml") as error:
        Schema.from_yaml(text, "people.yaml")
    assert said in str(error.value)


def test_an_unknown_column_is_named_with_the_nearest() -> None:
    with pytest.raises(DataError, match='Did you mean "age"'):
        Schema(columns=(AGE, SEX)).column("agee")
