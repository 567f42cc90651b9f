"""JSON-lines files: appended values are read back, also after a crash."""

from __future__ import annotations

import json
import string
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from saddlepoint.errors import RunError
from saddlepoint.records import JsonLines, read_lines

LEAVES = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
OBJECTS = st.dictionaries(st.text(), LEAVES | st.lists(LEAVES, max_size=3), max_size=4)


def write_lines(path: Path, values: list[dict]) -> bytes:
    with JsonLines(path) as lines:
        for value in values:
            lines.append(value)
    return path.read_bytes()


@given(values=st.lists(OBJECTS, max_size=8))
def test_appended_values_are_read_back(values: list[dict]) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "x.jsonl"
        assert write_lines(path, values).count(b"\n") == len(values)
        assert list(read_lines(path)) == values


@given(values=st.lists(OBJECTS, min_size=1, max_size=5), data=st.data())
def test_a_crash_at_any_byte_costs_at_most_the_line_being_written(values: list[dict], data: st.DataObject) -> None:
    """Cut anywhere, read: the whole lines before the cut. Open again, append: those, then the new one."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "x.jsonl"
        content = write_lines(path, values)
        cut = data.draw(st.integers(0, len(content)))
        path.write_bytes(content[:cut])
        whole = values[: content[:cut].count(b"\n")]
        assert list(read_lines(path)) == whole
        with JsonLines(path) as lines:
            lines.append({"after": "the crash"})
        assert list(read_lines(path)) == [*whole, {"after": "the crash"}]


def test_a_torn_line_longer_than_one_block_is_removed(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    path.write_bytes(b'{"a": 1}\n' + b"x" * 200_000)
    with JsonLines(path) as lines:
        assert lines.size == len(b'{"a": 1}\n')


@given(before=st.lists(OBJECTS, max_size=4), lost=st.lists(OBJECTS, max_size=4), after=st.lists(OBJECTS, max_size=4))
def test_truncate_to_undoes_what_came_after(before: list[dict], lost: list[dict], after: list[dict]) -> None:
    """A run resumed from position p writes the same bytes as one that was never interrupted."""
    with TemporaryDirectory() as folder:
        path, straight = Path(folder) / "x.jsonl", Path(folder) / "y.jsonl"
        with JsonLines(path) as lines:
            for value in before:
                lines.append(value)
            position = lines.size
            for value in lost:
                lines.append(value)
        with JsonLines(path, truncate_to=position) as lines:
            assert lines.size == position
            for value in after:
                lines.append(value)
        assert path.read_bytes() == write_lines(straight, before + after)


def test_a_file_shorter_than_what_was_counted_on_is_named(tmp_path: Path) -> None:
    path = tmp_path / "records.jsonl"
    content = write_lines(path, [{"a": 1}])
    with pytest.raises(RunError, match=r"records\.jsonl: lines are missing"):
        JsonLines(path, truncate_to=len(content) + 1)
    assert path.read_bytes() == content


def test_size_counts_bytes_not_characters(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    with JsonLines(path) as lines:
        assert lines.size == 0
        lines.append({"name": "Zürich – 東京"})
        assert lines.size == path.stat().st_size


def test_a_reader_sees_a_line_as_soon_as_it_is_appended(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    with JsonLines(path) as lines:
        lines.append({"step": 1})
        assert list(read_lines(path)) == [{"step": 1}]
        lines.append({"step": 2})
        lines.sync()
        assert [line["step"] for line in read_lines(path)] == [1, 2]


def test_reading_nothing_is_empty(tmp_path: Path) -> None:
    assert list(read_lines(tmp_path / "missing.jsonl")) == []
    (tmp_path / "empty.jsonl").touch()
    assert list(read_lines(tmp_path / "empty.jsonl")) == []


@pytest.mark.parametrize("damage", [b"garbage", b"[1, 2]", b"", b"\xff\xfe", b'{"a": 1'])
def test_a_damaged_whole_line_is_named_by_file_and_number(tmp_path: Path, damage: bytes) -> None:
    path = tmp_path / "records.jsonl"
    path.write_bytes(b'{"step": 1}\n' + damage + b'\n{"step": 3}\n')
    with pytest.raises(RunError, match=r"records\.jsonl, line 2: "):
        list(read_lines(path))


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_bare_non_finite_number_never_reaches_the_file(tmp_path: Path, value: float) -> None:
    path = tmp_path / "x.jsonl"
    with JsonLines(path) as lines, pytest.raises(ValueError, match="JSON compliant"):
        lines.append({"loss": value})
    assert path.read_bytes() == b""


@given(text=st.text(alphabet=string.printable))
def test_a_line_break_in_a_value_does_not_break_the_line(text: str) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "x.jsonl"
        assert write_lines(path, [{"text": text}]).count(b"\n") == 1
        assert json.loads(path.read_bytes()) == {"text": text}
