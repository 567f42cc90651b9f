"""HTML is made in one way: from literal templates, by `saddlepoint.markup`. mypy holds the types; this holds the rest."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import pytest

from tests.architecture.imports import SOURCE

TAG = re.compile(r"</?[a-z][a-z0-9]*(\s[^<>]*)?/?>")
# Who may use text as HTML unchanged: style and scripts of this program, and JSON prepared for a script element.
MAKERS = {"markup.py", "report/page.py", "report/embedding.py"}
# Whose addresses are made here (pictures and sounds as data), or found by a pattern that starts with http.
ADDRESSES = {"report/pictures.py", "report/claims.py", "report/examples.py"}


def sources() -> dict[str, ast.Module]:
    return {
        path.relative_to(SOURCE).as_posix(): ast.parse(path.read_text("utf-8")) for path in sorted(SOURCE.rglob("*.py"))
    }


FILES = sources()


def calls(tree: ast.Module, name: str) -> Iterator[ast.Call]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name:
            yield node


def templates(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """(line, template) of every call of `html`."""
    for call in calls(tree, "html"):
        first = call.args[0] if call.args else None
        assert isinstance(first, ast.Constant), f"line {call.lineno}: a template is a literal"
        assert isinstance(first.value, str), f"line {call.lineno}: a template is a text"
        yield call.lineno, first.value


def test_there_are_templates_to_check() -> None:
    assert sum(1 for tree in FILES.values() for _ in templates(tree)) > 50


def test_templates_are_literals_whose_attributes_are_quoted() -> None:
    for name, tree in FILES.items():
        for line, template in templates(tree):
            where = f"{name}:{line}: {template}"
            assert not re.search(r"=\s*['{]", template), f"an attribute without double quotes: {where}"
            assert not re.search(r"\son[a-z]+\s*=", template), f"an event handler: {where}"
            assert not re.search(r"<script(?! type=\"application)", template) or name == "report/page.py", where
            if re.search(r'(href|src)="\{', template):
                assert name in ADDRESSES, f"an address from data: {where}"


@pytest.mark.parametrize("name", sorted(set(FILES) - MAKERS))
def test_no_other_code_writes_tags_or_calls_its_text_html(name: str) -> None:
    tree = FILES[name]
    own = {id(call.args[0]) for call in calls(tree, "html") if call.args}
    for call in calls(tree, "Markup"):
        assert not call.args, f"{name}:{call.lineno}: Markup made of a text; take html(template, ...) or escaped(text)"
    documented = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in own | documented:
            assert not TAG.search(node.value), f"{name}:{node.lineno}: a tag outside of a template: {node.value!r}"
