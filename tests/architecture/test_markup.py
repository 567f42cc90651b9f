"""HTML is made in one way: from literal templates, by `saddlepoint.markup`. mypy holds the types; this holds the rest."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from tests.architecture.imports import SOURCE

TAG = re.compile(r"</?[a-z][a-z0-9]*(\s[^<>]*)?/?>")
# Who may use text as HTML unchanged: style and scripts of this program, and JSON prepared for a script element.
MAKERS = {"markup.py", "report/page.py", "report/embedding.py"}
# Whose addresses are made here (pictures and sounds as data), or found by a pattern that starts with http.
ADDRESSES = {"report/layout.py", "report/claims.py", "report/examples.py"}


def sources() -> dict[str, str]:
    return {path.relative_to(SOURCE).as_posix(): path.read_text("utf-8") for path in sorted(SOURCE.rglob("*.py"))}


@dataclass
class Found:
    """What a file says of HTML: calls of `html` and of `Markup`, and all texts but docstrings."""

    html: list[ast.Call] = field(default_factory=list)
    markup: list[ast.Call] = field(default_factory=list)
    texts: list[ast.Constant] = field(default_factory=list)

    def templates(self) -> Iterator[tuple[int, str]]:
        """(line, template) of every call of `html`."""
        for call in self.html:
            first = call.args[0] if call.args else None
            assert isinstance(first, ast.Constant), f"line {call.lineno}: a template is a literal"
            assert isinstance(first.value, str), f"line {call.lineno}: a template is a text"
            yield call.lineno, first.value


def search(text: str) -> Found:
    found, docstrings = Found(), set()
    for node in ast.walk(ast.parse(text)):  # parents come before their children
        match node:
            case ast.Call(func=ast.Name(id="html")):
                found.html.append(node)
            case ast.Call(func=ast.Name(id="Markup")):
                found.markup.append(node)
            case ast.Module() | ast.ClassDef() | ast.FunctionDef() | ast.AsyncFunctionDef():
                if node.body and isinstance(node.body[0], ast.Expr):
                    docstrings.add(id(node.body[0].value))
            case ast.Constant(value=str()) if id(node) not in docstrings:
                found.texts.append(node)
    return found


@pytest.fixture(scope="module")
def files() -> dict[str, Found]:
    """All files that may hold HTML: those with a "<", as itself or escaped, or with one of the two names."""
    may = re.compile(r"<|\\(x3c|u003c|N\{LESS)|\bhtml\(|\bMarkup\(", re.IGNORECASE)
    return {name: search(text) for name, text in sources().items() if may.search(text)}


def test_there_are_templates_to_check(files: dict[str, Found]) -> None:
    assert sum(1 for found in files.values() for _ in found.templates()) > 50


def test_templates_are_literals_whose_attributes_are_quoted(files: dict[str, Found]) -> None:
    for name, found in files.items():
        for line, template in found.templates():
            where = f"{name}:{line}: {template}"
            assert not re.search(r"=\s*['{]", template), f"an attribute without double quotes: {where}"
            assert not re.search(r"\son[a-z]+\s*=", template), f"an event handler: {where}"
            assert not re.search(r"<script(?! type=\"application)", template) or name == "report/page.py", where
            if re.search(r'(href|src)="\{', template):
                assert name in ADDRESSES, f"an address from data: {where}"


def test_no_other_code_writes_tags_or_calls_its_text_html(files: dict[str, Found]) -> None:
    assert set(files) >= MAKERS
    for name in sorted(set(files) - MAKERS):
        found = files[name]
        for call in found.markup:
            assert not call.args, (
                f"{name}:{call.lineno}: Markup made of a text; take html(template, ...) or escaped(text)"
            )
        own = {id(call.args[0]) for call in found.html if call.args}
        for text in found.texts:
            if id(text) not in own:
                where = f"{name}:{text.lineno}"
                assert not TAG.search(str(text.value)), f"{where}: a tag outside of a template: {text.value!r}"


@pytest.mark.parametrize(
    "text", ["a = '<b>'", "a = '\\x3cb>'", "a = f'<p>{b}</p>'", "Markup('a')", "def f():\n    1\n    '<b>'"]
)
def test_what_is_forbidden_is_found(text: str) -> None:
    found = search(text)
    assert found.markup or any(TAG.search(str(each.value)) for each in found.texts)
