"""Read all imports of a source text with `ast`, at any depth."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = "saddlepoint"
SOURCE = Path(__file__).parents[2] / "src" / ROOT


@dataclass(frozen=True)
class Import:
    """One import. `when` says whether loading the module runs it, calling a function does, or only a type checker."""

    line: int
    target: str
    when: str  # "load", "call" or "typing"


def modules(source: Path = SOURCE) -> dict[str, Path]:
    """Dotted name -> file of all modules below `source`; a package stands for its `__init__.py`."""
    found = {}
    for path in sorted(source.rglob("*.py")):
        parts = path.relative_to(source.parent).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imports(text: str, module: str, known: Collection[str], *, is_package: bool = False) -> list[Import]:
    """The imports in `text`, the source of `module`, with their full dotted targets.

    `from a import b` targets `a.b` where that is a module in `known`, else `a` (and `a` itself is not named then).
    `import_module("a.b")` with a literal counts as an import too.
    """
    return list(_imports(text, module, frozenset(known), is_package))


@cache  # several tests read all files
def _imports(text: str, module: str, known: frozenset[str], is_package: bool) -> tuple[Import, ...]:
    package = module if is_package else module.rpartition(".")[0]
    return tuple(
        Import(line, target, when)
        for node, when in _walk(ast.parse(text), "load", "import_module" in text or "__import__" in text)
        for line, target in _targets(node, package, known)
    )


def reached_on_load(start: str, files: Mapping[str, Path]) -> dict[str, str]:
    """Every module that loading `start` loads, of the project and of others, mapped to the project's module that imports it."""
    reached: dict[str, str] = {}
    waiting = [(start, "")]
    while waiting:
        target, asker = waiting.pop()
        # Loading a.b.c loads a and a.b first; a name from inside a module loads no more than that module.
        parts = target.split(".")
        for name in (".".join(parts[:size]) for size in range(1, len(parts) + 1)):
            if name in reached:
                continue
            reached[name] = asker
            if name in files:
                path = files[name]
                found = imports(path.read_text("utf-8"), name, files, is_package=path.name == "__init__.py")
                waiting.extend((one.target, name) for one in found if one.when == "load")
    return reached


def _walk(node: ast.AST, when: str, expressions: bool) -> Iterator[tuple[ast.AST, str]]:
    """All statements below `node`, and where asked their `expressions`, which are most of a file, with when they run."""
    for child in ast.iter_child_nodes(node) if expressions else _statements(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            yield from _walk(child, "call" if when == "load" else when, expressions)
        elif isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
            for part in child.body:
                yield part, "typing"
                yield from _walk(part, "typing", expressions)
            for part in child.orelse:
                yield part, when
                yield from _walk(part, when, expressions)
        else:
            yield child, when
            yield from _walk(child, when, expressions)


def _statements(node: ast.AST) -> Iterator[ast.AST]:
    """The statements, handlers and cases directly below `node`."""
    for field in ("body", "handlers", "orelse", "finalbody", "cases"):
        yield from getattr(node, field, ())


def _targets(node: ast.AST, package: str, known: Collection[str]) -> Iterator[tuple[int, str]]:
    if isinstance(node, ast.Import):
        for alias in node.names:
            yield node.lineno, alias.name
    elif isinstance(node, ast.ImportFrom):
        base = _absolute(node, package)
        for alias in node.names:
            submodule = f"{base}.{alias.name}"
            yield node.lineno, submodule if submodule in known or base == ROOT else base
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name | ast.Attribute):
        called = node.func.id if isinstance(node.func, ast.Name) else node.func.attr
        match node.args:
            case [ast.Constant(value=str(target)), *_] if called.endswith(("import_module", "__import__")):
                yield node.lineno, target


def _absolute(node: ast.ImportFrom, package: str) -> str:
    if not node.level:
        return node.module or ""
    parts = package.split(".")
    base = parts[: len(parts) - (node.level - 1)]
    return ".".join([*base, node.module] if node.module else base)
