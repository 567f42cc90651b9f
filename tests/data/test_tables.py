"""Text tables: the advice works on the very file, and names the columns that it has to leave out."""

from __future__ import annotations

import gzip
import os
import re

import numpy as np
import pytest

from saddlepoint.data import DataSettings, load
from saddlepoint.errors import DataError

FILES = {
    "plain.csv": ("1,2\n3,4\n", (0, 1), ()),
    "named.csv": ("a,b\n1,2\n3,4\n", (0, 1), ()),
    "text.csv": ("age,city,income\n31,Rome,2.5\n45,Oslo,3e3\n", (0, 2), ("column city holds text",)),
    "missing.csv": (
        "age,income,size\n31,NA,1\n45,nan,3\n46,2.5,?\n",
        (0,),
        ("columns income, size have missing values: fill them first, or leave them out",),
    ),
    "gaps.csv": (
        "age,income,size\n31,,1\n45,2,3\n",
        (0, 2),
        ("column income has missing values: fill them first, or leave it out",),
    ),
    "quoted.csv": ('"a","b"\n"x, y",2\n"z",4\n', (1,), ("column a holds text",)),
    "hashes.csv": ("colour,x\n#fff,1\n#000,2\n", (1,), ("column colour holds text",)),
    "semicolons.csv": ("a;b\n1;2\n3;4\n", (0, 1), ()),
    "tabs.tsv": ("a\tb\n1\t2\n3\t4\n", (0, 1), ()),
    "spaces.txt": ("1 2\n3 4\n", (0, 1), ()),
    "many.csv": (
        ",".join(f"t{n}" for n in range(9)) + ",x\n" + "a," * 9 + "1\n" + "b," * 9 + "2\n",
        (9,),
        ("columns t0, t1, t2, t3, t4 and 4 more hold text",),
    ),
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


@pytest.mark.parametrize("cut", [False, True])
def test_a_packed_table_is_a_table_too(tmp_path, cut):
    packed = gzip.compress(b"age,city,income\n31,Rome,2.5\n45,Oslo,3e3\n")
    (tmp_path / "text.csv.gz").write_bytes(packed[: len(packed) // 2] if cut else packed)
    message = error_message(tmp_path / "text.csv.gz")
    assert ".csv files are not read" in message
    assert ("numpy.loadtxt('text.csv.gz'" in message) == (not cut)


@pytest.mark.parametrize("content", ["a,b\nx,y\nz,w\n", "", "\n\n", "x"])
def test_a_table_without_numbers_has_no_command(tmp_path, content):
    (tmp_path / "words.csv").write_text(content)
    assert "loadtxt" not in error_message(tmp_path / "words.csv")


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b"\x00" * 50, b'"' + b"x" * 200_000])
def test_binary_content_is_refused_too(tmp_path, content):
    (tmp_path / "odd.csv").write_bytes(content)
    error_message(tmp_path / "odd.csv")


@pytest.mark.parametrize("suffix", [".xlsx", ".parquet"])
def test_other_tables_are_refused_with_the_way(tmp_path, suffix):
    (tmp_path / f"t{suffix}").write_bytes(b"PK")
    assert "numpy.save" in error_message(tmp_path / f"t{suffix}")
