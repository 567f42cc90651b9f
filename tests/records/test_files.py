"""JSON files that a program of ours writes are read back, whatever numbers they hold."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from saddlepoint.records import read_json, write_json


def test_a_written_document_is_read_back_with_non_finite_numbers_as_text(tmp_path: Path) -> None:
    path = tmp_path / "result.json"
    written = write_json(path, {"a": 1, "b": [0.5, math.nan, -math.inf], "c": {"d": math.inf}})
    assert written == {"a": 1, "b": [0.5, "nan", "-inf"], "c": {"d": "inf"}}
    assert read_json(path) == written


def test_a_document_that_cannot_be_written_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "result.json"
    write_json(path, {"a": 1})
    with pytest.raises(TypeError):
        write_json(path, {"a": object()})
    assert read_json(path) == {"a": 1}
    assert [one.name for one in tmp_path.iterdir()] == ["result.json"]
