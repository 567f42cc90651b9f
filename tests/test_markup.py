"""HTML as a type: everything that is not Markup is escaped, whatever its type and position."""

from __future__ import annotations

import html as standard
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from saddlepoint.markup import Markup, escaped, html, joined, with_code

TEXT = st.text(max_size=30) | st.sampled_from(
    [
        "<script>alert(1)</script>",
        '" onload="alert(1)',
        "' onload='x",
        "&lt;b&gt;",
        "</td>",
        "<!--",
        "\ud800",
        "\0",
        "{}",
        "{0}",
    ]
)


class Tags(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, list[tuple[str, str | None]]]] = []
        self.text = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, attrs))

    def handle_data(self, data: str) -> None:
        self.text += data


@given(TEXT, TEXT)
def test_inserted_values_are_read_back_as_text_and_as_one_attribute(one: str, other: str) -> None:
    made = html('<p title="{}">{}</p>', one, other)
    tags = Tags(made)
    assert [tag for tag, _ in tags.found] == ["p"]
    assert [name for name, _ in tags.found[0][1]] == ["title"]
    assert tags.text == standard.unescape(escaped(other))
    assert made.encode("utf-8")
    assert "\0" not in made


@given(st.lists(TEXT, max_size=4))
def test_markup_is_not_escaped_again(parts: list[str]) -> None:
    once = joined((html("<b>{}</b>", part) for part in parts), html("<br>"))
    assert html("{}", once) == once == joined([once]) == escaped(once)
    assert once.count("<b>") == len(parts)
    assert once.count("<br>") == max(len(parts) - 1, 0)


def test_formats_are_applied_before_escaping() -> None:
    class CustomFormat:
        def __format__(self, spec: str) -> str:
            return f"<{spec}>"

        def __str__(self) -> str:
            return "<str>"

        def __repr__(self) -> str:
            return "<repr>"

    assert html("{:.2f} {:,} {name}", 1.005, 1234567, name="<") == "1.00 1,234,567 &lt;"
    assert html("{} {:x} {!r}", CustomFormat(), CustomFormat(), CustomFormat()) == "&lt;str&gt; &lt;x&gt; &lt;repr&gt;"


@pytest.mark.parametrize("change", [str.upper, str.strip, lambda text: text[1:], lambda text: f"<{text}"])
def test_string_operations_on_markup_return_plain_text(change: Any) -> None:
    changed = change(Markup("<p> </p>"))
    assert not isinstance(changed, Markup)
    assert "<" not in html("{}", changed)


def test_text_beside_markup_is_escaped() -> None:
    assert Markup("<p>") + "<i>" == "<p>&lt;i&gt;"
    assert "<i>" + Markup("<p>") == "&lt;i&gt;<p>"
    both = Markup("<p>")
    both += html("{}", "&")
    assert isinstance(both, Markup)
    assert both == "<p>&amp;"


def test_text_between_backticks_becomes_code_and_is_escaped() -> None:
    assert with_code("add `model.penalties.r1`, <b>") == "add <code>model.penalties.r1</code>, &lt;b&gt;"
    assert with_code("`<script>`") == "<code>&lt;script&gt;</code>"
    assert with_code("one ` alone") == "one ` alone"
