from __future__ import annotations

from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from saddlepoint.markup import escaped
from saddlepoint.report.words import command, duration, flattened, number


class Words(HTMLParser):
    def __init__(self, markup: str) -> None:
        super().__init__()
        self.found = ""
        self.feed(markup)
        self.close()

    def handle_data(self, data: str) -> None:
        self.found += data


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\r\x00")))
def test_escaped_words_are_read_back_as_they_were(words: str) -> None:
    assert Words(f"<p>{escaped(words)}</p>").found == words


@given(st.lists(st.from_regex(r"[a-z<&]+", fullmatch=True), min_size=1, max_size=5))
def test_a_command_as_markup_reads_as_the_command(names: list[str]) -> None:
    line = "saddlepoint train x " + " ".join(f"--{name} 1" for name in names)
    assert Words(command(line)).found == line


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (0.0, "under 0.1 s"),
        (0.06, "0.1 s"),
        (9.94, "9.9 s"),
        (59.0, "59 s"),
        (61.2, "1 min 1 s"),
        (3725.0, "1 h 2 min"),
        (float("nan"), "an unknown time"),
    ],
)
def test_durations(value: float, words: str) -> None:
    assert duration(value) == words


@pytest.mark.parametrize(
    ("value", "words"),
    [(1234567, "1,234,567"), (0.123456, "0.1235"), (1e-9, "1e-09"), (float("inf"), "inf"), (True, "True"), ("a", "a")],
)
def test_numbers(value: object, words: str) -> None:
    assert number(value) == words


def test_nested_facts_become_dotted_names() -> None:
    facts = {"a": {"b": 1.0, "c": [1, 2]}, "d": list(range(9))}
    assert flattened(facts) == [("a.b", "1"), ("a.c", "1, 2"), ("d", "9 entries")]
