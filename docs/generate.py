"""Writes docs/methods.md from the docstrings, and checks docstrings and links.

docs/methods.md lists every method that cites a source. The checks are those of docstrings.py (every public name has a
docstring, its sections can be read) and of links.py (every link in the Markdown pages leads somewhere).

    python docs/generate.py            write the page, then check; exit with 1 where a check fails
    python docs/generate.py --check    write nothing; exit with 1 where the page is out of date or a check fails

The source is parsed, never imported, so this runs without torch.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import docstrings
import links

CHECKOUT = Path(__file__).resolve().parents[1]
SOURCE = CHECKOUT / "src"
PAGE = CHECKOUT / "docs" / "methods.md"
ADDRESS = docstrings.ADDRESS
HEAD = """# Methods and where they come from

Written by `make docs` from the docstrings; edit those, not this page.
"""


@dataclass(frozen=True)
class Method:
    """Something in the source whose docstring cites a work.

    Attributes:
        name: its dotted name.
        path: its file, relative to the checkout.
        line: where it begins.
        summary: the first paragraph of its docstring.
        sources: the works in its section References, and other paragraphs that cite.
    """

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
            text_before = "\n".join(docstrings.sections(docstring)[""])
            paragraphs = re.split(r"\n\s*\n", text_before.strip())
            citing = [_one_line(paragraph) for paragraph in paragraphs if ADDRESS.search(paragraph)]
            works = docstrings.references(docstring)
            if citing or works:
                yield Method(name, path, line, _one_line(paragraphs[0]), [*citing, *works])


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
        f"<{piece}>"
        if ADDRESS.match(piece)
        else piece
        if piece.startswith("`")
        else re.sub(r"([*_<[])", r"\\\1", piece)
        for piece in pieces
    )


def _one_line(paragraph: str) -> str:
    return " ".join(paragraph.split())


def check(checkout: Path = CHECKOUT) -> list[str]:
    """What is wrong with docstrings and links, one line each.

    Args:
        checkout: the folder that holds src/, docs/ and README.md.
    """
    return [*docstrings.problems(docstrings.read(checkout / "src")), *links.broken(checkout)]


def main(arguments: list[str]) -> int:
    """Write or check the page, then run the checks.

    Returns:
        0 where the page is up to date afterwards and all checks pass, else 1.
    """
    wanted = page()
    problems = []
    if arguments == ["--check"]:
        current = PAGE.read_text("utf-8") if PAGE.exists() else ""
        if current != wanted:
            problems.append("docs/methods.md is out of date: make docs")
    else:
        PAGE.write_text(wanted, "utf-8")
    problems += check()
    documented, public = docstrings.coverage(docstrings.read(SOURCE))
    sys.stdout.write(f"docstrings: {documented:,} of {public:,} public names ({documented / public:.1%})\n")
    for problem in problems:
        sys.stderr.write(f"{problem}\n")
    return int(bool(problems))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
