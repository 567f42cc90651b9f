"""Laws of the file of results: a section is replaced in place, and nothing else changes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks import results

NAMES = st.from_regex(r"[A-Za-z][A-Za-z0-9 ().+*]{0,20}", fullmatch=True).map(str.strip)
BODIES = st.text("ab| \n-*", max_size=60)


def section(name: str, body: str) -> str:
    return results.section(name, body, "2026-11-20; a machine")


@pytest.mark.slow
@given(entries=st.lists(st.tuples(NAMES, BODIES), min_size=1, max_size=8))
def test_the_file_holds_the_last_of_each_section_in_the_order_of_the_first(entries: list[tuple[str, str]]) -> None:
    text = results.PREAMBLE
    for name, body in entries:
        text = results.replaced(text, name, section(name, body))
    last = dict(entries)  # a dict keeps the place of the first and the value of the last
    expected = [results.PREAMBLE, *(section(name, body) for name, body in last.items())]
    assert text == "\n".join(expected)


@given(name=NAMES, body=BODIES, other=BODIES)
def test_replacing_leaves_a_stranger_alone_to_the_byte(name: str, body: str, other: str) -> None:
    foreign = f"## Written by hand\n\n  {other} \n\n"
    text = results.replaced(results.PREAMBLE + "\n" + foreign, name, section(name, body))
    assert foreign.rstrip() in results.replaced(text, name, section(name, "new"))


def test_a_section_written_twice_is_there_once_beside_the_others(tmp_path: Path) -> None:
    path = tmp_path / "RESULTS.md"
    results.write("one", "first", path=path, load=0.25)
    results.write("two", results.table(["a", "b"], [[1, 2.5]]), path=path)
    results.write("one", "second", path=path)
    text = path.read_text("utf-8")
    assert [line for line in text.splitlines() if line.startswith("## ")] == ["## one", "## two"]
    assert "second" in text
    assert "first" not in text
    assert re.search(r"^\d{4}-\d\d-\d\d; .*, \d+ cores, \d+ threads; torch .*", text, re.MULTILINE)
    assert [file.name for file in tmp_path.iterdir()] == ["RESULTS.md"]


@pytest.mark.parametrize(("name", "body"), [("two\nlines", ""), ("name", "## heading"), ("name", "text\n# heading")])
def test_text_that_would_end_the_section_early_is_refused(name: str, body: str) -> None:
    with pytest.raises(ValueError, match="section"):
        section(name, body)


@given(rows=st.lists(st.tuples(st.integers(), st.text("xyz", max_size=9)), max_size=5))
def test_all_lines_of_a_table_are_equally_long(rows: list[tuple[int, str]]) -> None:
    lines = results.table(["number", "word"], rows).splitlines()
    assert len(lines) == len(rows) + 2
    assert len({len(line) for line in lines}) == 1
    for line, row in zip(lines[2:], rows, strict=True):
        assert [cell.strip() for cell in line.strip("|").split("|")] == [str(row[0]), row[1]]


def test_a_goal_reports_whether_it_is_met() -> None:
    assert results.goal("1.05", True) == "goal 1.05: met"
    assert results.goal("1.05", False) == "goal 1.05: not met"
