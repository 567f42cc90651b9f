"""Text tables: the advice works on the very file, and names the columns that it has to leave out."""

from __future__ import annotations

import os
import re

import numpy as np
import pytest

from saddlepoint.data import DataSettings, load
from saddlepoint.errors import DataError

FILES = {
    "plain.txt": ("1 2\n3 4\n", (0, 1), ()),
    "named.txt": ("a b\n1 2\n3 4\n", (0, 1), ()),
    "text.txt": ("age city income n\n31 Rome 2.5 1\n45 Oslo 3e3 2\n", (0, 2, 3), ("column city holds text",)),
    "missing.txt": (
        "age income size\n31 NA 1\n45 nan 3\n46 2.5 ?\n47 1 2\n",
        (0,),
        ("columns income, size have missing values: fill them first, or leave them out",),
    ),
    "commas.txt": ('"a","b"\n1,2\n3,4\n', (0, 1), ()),
    "hashes.txt": ("colour x\n#fff 1\n2 3\n4 5\n", (1,), ("column colour holds text",)),
}


def error_message(path) -> str:
    with pytest.raises(DataError) as error:
        load(DataSettings(source=str(path)))
    assert "\n" not in str(error.value)
    return str(error.value)


@pytest.mark.parametrize("name", FILES)
def test_the_advice_makes_an_array_of_the_numbers(tmp_path, monkeypatch, name):
    text, columns, words = FILES[name]
    (tmp_path / name).write_text(text)
    message = error_message(tmp_path / name)
    assert all(part in message for part in words)
    assert ("text" in message) == any("text" in part for part in words)
    monkeypatch.chdir(tmp_path)
    command = re.search(r"numpy\.save\('.*\)\)", message)
    assert command is not None
    exec(command.group(), {"numpy": np})
    dataset = load(DataSettings(source=f"{os.path.splitext(name)[0]}.npy", held_out=0))  # noqa: PTH122
    assert dataset.event.size == len(columns)


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b"\x00" * 50, b'"' + b"x" * 200_000])
def test_binary_content_is_refused_too(tmp_path, content):
    (tmp_path / "odd.csv").write_bytes(content)
    error_message(tmp_path / "odd.csv")


@pytest.mark.parametrize("suffix", [".xlsx", ".ods"])
def test_spreadsheets_are_refused_with_the_way(tmp_path, suffix):
    (tmp_path / f"t{suffix}").write_bytes(b"PK")
    assert "save the sheet as .csv" in error_message(tmp_path / f"t{suffix}")
