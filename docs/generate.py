"""Writes docs/methods.md from the docstrings: every method of ours that cites where it comes from.

    python docs/generate.py            write the page
    python docs/generate.py --check    exit with 1 where the page is out of date

The source is parsed, never imported, so this runs without torch.
"""

from __future__ import annotations

import ast
import inspect
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[1]
SOURCE = CHECKOUT / "src"
PAGE = CHECKOUT / "docs" / "methods.md"
ADDRESS = re.compile(r"https?://[^\s;,)>]+")
HEAD = """# Methods and where they come from

Written by `make docs` from the docstrings; edit those, not this page.
"""


@dataclass(frozen=True)
class Method:
    """Something in the source whose docstring cites a work. `summary` is its first paragraph, `sources` those that cite."""

    name: str
    path: Path
    line: int
    summary: str
    sources: list[str]


def methods(text: str, module: str, path: Path) -> Iterator[Method]:
    """The citing docstrings of one source file, in the order of the file."""
    tree = ast.parse(text)
    named: list[tuple[str, ast.AST, int]] = [(module, tree, 1), *_definitions(tree, module)]
    for name, node, line in named:
        docstring = ast.get_docstring(node)  # type: ignore[arg-type]
        if docstring and ADDRESS.search(docstring):
            paragraphs = re.split(r"\n\s*\n", inspect.cleandoc(docstring))
            citing = [paragraph for paragraph in paragraphs if ADDRESS.search(paragraph)]
            yield Method(name, path, line, _one_line(paragraphs[0]), list(map(_one_line, citing)))


def page(source: Path = SOURCE) -> str:
    """The whole page, grouped by package."""
    packages: dict[str, list[str]] = {}
    for path in sorted(source.rglob("*.py")):
        parts = path.relative_to(source).with_suffix("").parts
        module = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        for method in methods(path.read_text("utf-8"), module, path.relative_to(source.parent)):
            package = (*parts, "")[1] if len(parts) > 2 else ""
            packages.setdefault(package, []).append(_entry(method))
    sections = [
        f"## {package or 'saddlepoint'}\n\n" + "\n".join(entries) + "\n" for package, entries in packages.items()
    ]
    return "\n".join([HEAD, *sections])


def _definitions(tree: ast.AST, prefix: str) -> Iterator[tuple[str, ast.AST, int]]:
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            name = f"{prefix}.{node.name}"
            yield name, node, node.lineno
            yield from _definitions(node, name)


def _entry(method: Method) -> str:
    link = f"- [`{method.name.removeprefix('saddlepoint.')}`](../{method.path.as_posix()}): "
    parts = method.sources if method.sources[0] == method.summary else [method.summary, *method.sources]
    # Inside a list item, a paragraph of its own for each part; the items of a list within stay items.
    indented = [re.sub(r"\s(?=- `)", "\n  ", _markdown(part)) for part in parts]
    return link + "\n\n  ".join(indented)


def _markdown(text: str) -> str:
    """Plain text as Markdown: addresses become links, and what would be taken for emphasis is escaped."""
    pieces = re.split(r"(`[^`]*`|https?://[^\s;,)>]*[^\s;,)>.])", text)
    return "".join(
        f"<{piece}>" if ADDRESS.match(piece) else piece if piece.startswith("`") else re.sub(r"([*_<])", r"\\\1", piece)
        for piece in pieces
    )


def _one_line(paragraph: str) -> str:
    return " ".join(paragraph.split())


def main(arguments: list[str]) -> int:
    """Write or check the page; 0 when it is up to date afterwards."""
    wanted = page()
    if arguments == ["--check"]:
        current = PAGE.read_text("utf-8") if PAGE.exists() else ""
        if current != wanted:
            sys.stderr.write("docs/methods.md is out of date: make docs\n")
            return 1
        return 0
    PAGE.write_text(wanted, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
