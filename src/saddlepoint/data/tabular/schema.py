"""The schema of a table: what each column holds, in the units and formats of its source.

A schema is inferred from a table (`infer.infer_schema`), can be edited as YAML (what is left out is completed from the table), and is stored with every model of a table, because
it alone says how rows that a model draws are written.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError, ValidationInfo, field_validator, model_validator

from saddlepoint.errors import DataError, SettingError, shortened, suggestion
from saddlepoint.settings import Public, Settings, check_value, refusal
from saddlepoint.yaml_text import read_yaml, write_yaml

Kind = Literal["continuous", "integer", "category", "ordered", "boolean", "datetime", "constant", "identifier", "text"]
Scalar = bool | int | float | str
NUMBERS = ("continuous", "integer", "datetime")  # kinds with a low and a high end
CATEGORIES = ("category", "ordered", "boolean")  # kinds with a list of categories
LEARNT = (*NUMBERS, *CATEGORIES)  # kinds that a model learns


class Column(Settings, metaclass=Public):
    """One column of a table."""

    name: str = Field(min_length=1, description="Name in the table's header.")
    kind: Kind = Field(description="What its cells are; identifiers are numbered again, and text is left out.")
    dtype: str = Field("", description="Type in pandas, which written rows have again; empty takes the table's.")
    missing: float = Field(0.0, ge=0.0, le=1.0, description="Share of missing cells.")
    marks: tuple[str, ...] = Field(
        (), description="Text files: cells read as missing; the first is how one is written."
    )
    low: Scalar | None = Field(None, description="Smallest value, in the table's own units; of dates in ISO format.")
    high: Scalar | None = Field(None, description="Largest value.")
    decimals: int | None = Field(None, ge=0, le=20, description="Digits after the point; None keeps all.")
    unit: str | None = Field(None, description="Unit of its numbers, for display.")
    categories: tuple[Scalar, ...] = Field((), description="All categories, in their order, as values of the column.")
    format: str | None = Field(None, description="How dates are written as text, such as %Y-%m-%d.")
    value: Scalar | None = Field(None, description="The value of a constant column.")
    reason: str = Field("", description="Why the column was taken to be of this kind.")

    @field_validator("*", mode="after")
    @classmethod
    def _fits(cls, value: Any, info: ValidationInfo) -> Any:
        """Refuse what cannot be printed or saved; unlike counts in other settings, whole numbers of a table may have 63 bits."""
        check_value(value)
        return value

    @model_validator(mode="after")
    def _complete(self) -> Column:
        if len(set(self.categories)) != len(self.categories):
            twice = next(value for value in self.categories if self.categories.count(value) > 1)
            raise ValueError(f"column {self.name}: the category {twice!r} is listed twice")
        return self

    @property
    def is_learnt(self) -> bool:
        """Whether models learn the column; constants, identifiers and text are handled without one."""
        return self.kind in LEARNT

    @property
    def has_categories(self) -> bool:
        """Whether its values are categories."""
        return self.kind in CATEGORIES

    @property
    def has_missing(self) -> bool:
        """Whether cells can be missing in rows that are drawn."""
        return self.missing > 0


class Schema(Settings, metaclass=Public):
    """The columns of a table in their order, the column to predict, and constraints that every row holds."""

    columns: tuple[Column, ...] = Field(min_length=1, description="All columns in their order.")
    target: str | None = Field(None, description="Name of the column that is a label or outcome.")
    constraints: tuple[str, ...] = Field(
        (), description='Relations of columns in each row: "start <= end", "a + b = c".'
    )

    @model_validator(mode="after")
    def _names(self) -> Schema:
        names = [column.name for column in self.columns]
        if len(set(names)) != len(names):
            twice = next(name for name in names if names.count(name) > 1)
            raise ValueError(f"two columns are called {twice!r}; rename one")
        if self.target is not None:
            self.column(self.target)
        return self

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the columns in their order."""
        return tuple(column.name for column in self.columns)

    @property
    def learnt(self) -> tuple[Column, ...]:
        """The columns that models learn."""
        return tuple(column for column in self.columns if column.is_learnt)

    def column(self, name: str) -> Column:
        """The column of that name; raises DataError where there is none."""
        for column in self.columns:
            if column.name == name:
                return column
        named = shortened(", ".join(self.names))
        raise DataError(f"there is no column {name!r}.{suggestion(name, self.names)} Columns are {named}.")

    def to_yaml(self) -> str:
        """The schema as YAML to edit, without settings that have their defaults."""
        content = self.model_dump(mode="json", exclude_defaults=True)
        return write_yaml(content)

    @classmethod
    def from_yaml(cls, text: str, name: str = "schema") -> Schema:
        """The schema that a YAML text describes.

        Args:
            text: as `to_yaml` writes it.
            name: of the file, for messages.

        Raises:
            SettingError: it is not YAML, or not a schema.
        """
        try:
            content = read_yaml(text)
        except ValueError as error:
            raise SettingError(f"{name}: cannot be read as a schema ({shortened(str(error))}).") from None
        return _validated(cls, content, name)

    @classmethod
    def read(cls, path: str | Path) -> Schema:
        """The schema in a YAML file; raises SettingError where it cannot be read."""
        try:
            text = Path(path).expanduser().read_text("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            reason = (error.strerror or str(error)) if isinstance(error, OSError) else "it is not UTF-8 text"
            if isinstance(error, FileNotFoundError):
                reason += f"; to write one: saddlepoint data FILE --out {path}"
            raise SettingError(f"{path}: cannot be read as a schema ({reason}).") from None
        return cls.from_yaml(text, str(path))


def _validated(cls: type[Schema], content: Any, name: str) -> Schema:
    if not isinstance(content, dict):
        raise SettingError(f"{name}: a schema has `columns`, each with a name and a kind.")
    try:
        return cls.model_validate(content)
    except ValidationError as error:
        first = error.errors()[0]
        where = _place(content, first["loc"])
        if first["type"] == "extra_forbidden":
            known = Column.model_fields if "column" in where else Schema.model_fields
            word = str(first["loc"][-1])
            raise SettingError(
                f"{name}: there is no setting {word} of {where or 'a schema'}.{suggestion(word, known)}"
            ) from None
        sentence = refusal(where or "the schema", first, shortened(repr(first["input"])))
        if first["type"] in ("value_error", "missing"):
            said = str(first["msg"]).removeprefix("Value error, ")
            sentence = said if first["type"] == "value_error" else f"{where}: {first['loc'][-1]} is missing"
        raise SettingError(f"{name}: {sentence}.") from None


def _place(content: dict[str, Any], path: Sequence[int | str]) -> str:
    """The place of an error in words: "kind of column age"."""
    if len(path) < 2 or path[0] != "columns":
        return ".".join(map(str, path))
    columns = content["columns"]
    entry = columns[path[1]] if isinstance(path[1], int) and isinstance(columns, list) else {}
    column = f"column {entry['name'] if isinstance(entry, dict) and 'name' in entry else path[1]}"
    return column if len(path) == 2 else f"{path[2]} of {column}"
