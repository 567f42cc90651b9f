"""YAML from any source: hostile text is refused quickly and in words; written text is read back."""

from __future__ import annotations

import tracemalloc

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from saddlepoint.yaml_text import LARGEST_TEXT, MOST_ALIASES, read_yaml, write_line, write_yaml

BOMB = "a: &a [" + ",".join("x" * 9) + "]\n"
for above, name in zip("abcdefgh", "bcdefghi", strict=True):
    BOMB += f"{name}: &{name} [{','.join([f'*{above}'] * 9)}]\n"

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(-1e38, 1e38)
    | st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=40)
)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (BOMB, f"more than {MOST_ALIASES} aliases"),
        ("[" * 60 + "]" * 60, "more than 50 levels of nesting"),
        ("[ " * 20_000, "more than 50 levels of nesting"),
        ("- " * 60 + "x", "more than 50 levels of nesting"),
        ("&a [*a]", "nested deeper than 50 levels"),
        ("a: !!python/object/apply:os.system [true]", "tags are not read"),
        ("a: !!str 1", "tags are not read"),
        ("a: ! 1", "tags are not read"),
        ("a: 1\nb: 2\na: 3", r"the key a is given twice \(lines 1 and 3\)"),
        ("{a: 1, a: 2}", "the key a is given twice"),
        ("x: 2020-13-45", "month must be in 1..12"),
        ("x: " + "9" * 5_000, "4300 digits"),
        ("x: 9" + "9" * 20, "at most 63 bits"),
        ("x: 1e300", r"^x cannot be 1e\+300: it must be at most 1e\+38"),
        ("a: {b: [1, 1e300]}", r"^a\.b\.1 cannot be 1e\+300"),
        ("x: 1" + ":59" * 900 + ".5", "too large"),
        ('x: "\\ud800"', "not text in UTF-8"),
        ('x: "\\0"', "control character"),
        ('"\\e[31m": 1', "control character"),
        ("x: " + "y" * 10_001, "at most 10,000 characters"),
        ("x" * (LARGEST_TEXT + 1), "characters; at most"),
        ("{[a]: 1}", "unhashable key"),
        ("a: [", "expected"),
    ],
    ids=lambda value: value[:20] if isinstance(value, str) else None,
)
def test_hostile_text_is_refused_before_it_is_built(text: str, said: str) -> None:
    tracemalloc.start()
    with pytest.raises(ValueError, match=said):
        read_yaml(text)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 50 * len(text) + 10_000_000


def test_few_aliases_and_merged_sections_are_read() -> None:
    text = "base: &base {steps: 5, tick: 1}\nmine: {<<: *base, steps: 7}\n"
    assert read_yaml(text) == {"base": {"steps": 5, "tick": 1}, "mine": {"steps": 7, "tick": 1}}


def test_a_number_with_an_exponent_needs_no_dot() -> None:
    assert read_yaml("[1e-4, -2E3, 1e-4x]") == [1e-4, -2e3, "1e-4x"]


@given(st.dictionaries(st.text("abcdef", min_size=1), SCALARS | st.lists(SCALARS, max_size=4), max_size=5))
def test_written_files_are_read_back(content: dict[str, object]) -> None:
    assert read_yaml(write_yaml(content)) == content
    assert read_yaml(write_yaml(content, compact=True)) == content
    assert read_yaml("{" + write_line(content) + "}") == content


def test_values_that_are_one_object_are_written_out() -> None:
    shared = [1, 2]
    text = write_yaml(dict.fromkeys("abcdefghijklmnop", shared))
    assert "*" not in text
    assert read_yaml(text)["p"] == shared


def test_any_other_program_reads_what_is_written() -> None:
    assert yaml.safe_load(write_yaml({"a": [1, "x"], "b": None})) == {"a": [1, "x"], "b": None}
