"""Checks of the docstrings in src/: every public name has one, and their sections can be read by a machine.

The source is parsed, never imported, so this runs without torch. A method that overrides a documented method inherits
its documentation.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

# Packages (or modules) below saddlepoint/ whose docstrings are in the Google form throughout. Add to this list what has been converted.
CONVERTED: tuple[str, ...] = (
    "applications",
    "arguments",
    "cli",
    "data",
    "diagnosis",
    "errors",
    "experiment",
    "evaluation",
    "figures",
    "games",
    "lanes",
    "markup",
    "models",
    "networks",
    "objectives",
    "open_sections",
    "optimisers",
    "progress",
    "recipe",
    "records",
    "report",
    "settings",
    "studies",
    "training",
    "yaml_text",
)

ADDRESS = re.compile(r"https?://[^\s;,)>\]]*[^\s;,)>\].]")
YEAR = re.compile(r"\b(1[89]|20)\d\d\b")
SECTION = re.compile(r"^(Args|Attributes|Returns|Yields|Raises|References|Example|Examples|Note|Notes):$")
ENTRY = re.compile(r"^(\*{0,2}[A-Za-z_]\w*(?:, \*{0,2}[A-Za-z_]\w*)*)(?: \([^)]*\))?:(?: |$)")
REMARK = 6  # words after the last address of a section that may stand without an address of their own


@dataclass(frozen=True)
class Documented:
    """Something in the source that can have a docstring.

    Attributes:
        place: file and line, `src/saddlepoint/errors.py:12`.
        name: the dotted name below the package, `errors.DataError`.
        public: whether no part of the name begins with an underscore.
        docstring: its text with the common indentation removed; None without one.
        parameters: names that a section Args may explain: of a class, those of its fields and of `__init__`.
        is_dataclass: whether it is a dataclass or a named tuple, whose section Attributes may explain only its fields.
    """

    place: str
    name: str
    public: bool
    docstring: str | None
    parameters: frozenset[str] = frozenset()
    is_dataclass: bool = False


@dataclass
class Package:
    """All documented names of a source tree.

    Attributes:
        names: in the order of the files.
        inherited: dotted names of methods that override a documented method.
    """

    names: list[Documented] = field(default_factory=list)
    inherited: set[str] = field(default_factory=set)

    @property
    def public(self) -> list[Documented]:
        """The names that must have a docstring of their own."""
        return [name for name in self.names if name.public and name.name not in self.inherited]


def read(source: Path) -> Package:
    """All modules, classes, functions and methods below a folder that holds packages.

    Args:
        source: the folder `src`.
    """
    package = Package()
    classes: dict[str, list[tuple[str, ast.ClassDef]]] = {}
    for path in sorted(source.rglob("*.py")):
        parts = path.relative_to(source).with_suffix("").parts
        module = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        tree = ast.parse(path.read_text("utf-8"))
        file = path.relative_to(source.parent).as_posix()
        public = not any(part.startswith("_") for part in module.split("."))
        package.names.append(Documented(f"{file}:1", module, public, ast.get_docstring(tree)))
        for name, node in _definitions(tree, module):
            shown = public and not any(part.startswith("_") for part in name.split("."))
            package.names.append(
                Documented(
                    f"{file}:{node.lineno}",
                    name,
                    shown,
                    ast.get_docstring(node),
                    frozenset(_parameters(node)),
                    _is_dataclass(node),
                )
            )
            if isinstance(node, ast.ClassDef):
                classes.setdefault(node.name, []).append((name, node))
    for own in classes.values():
        for name, node in own:
            package.inherited |= {
                f"{name}.{method.name}"
                for method in node.body
                if isinstance(method, ast.FunctionDef) and _is_documented_above(method.name, node, classes, set())
            }
    return package


def problems(package: Package, converted: tuple[str, ...] = CONVERTED) -> list[str]:
    """One line for each docstring that is missing or cannot be read, with its place.

    Args:
        package: what `read` found.
        converted: dotted prefixes of names whose parameters must be explained in a section Args.
    """
    found = [f"{one.place}: {one.name} has no docstring" for one in package.public if not one.docstring]
    for one in package.names:
        if one.docstring:
            found += [f"{one.place}: {one.name}: {problem}" for problem in _references(one.docstring)]
            found += [f"{one.place}: {one.name}: {problem}" for problem in _unknown(one)]
            if any(f"{one.name}.".startswith(f"saddlepoint.{prefix}.") for prefix in converted):
                found += [f"{one.place}: {one.name}: {problem}" for problem in _form(one)]
    return found


def coverage(package: Package) -> tuple[int, int]:
    """How many of the public names have a docstring, and how many there are."""
    return sum(one.docstring is not None for one in package.public), len(package.public)


def sections(docstring: str) -> dict[str, list[str]]:
    """The lines of a docstring by section; those before the first section are under "".

    Args:
        docstring: without common indentation.

    Returns:
        The lines of each section without its heading, relative indentation kept.
    """
    found: dict[str, list[str]] = {"": []}
    name = ""
    for line in docstring.splitlines():
        if heading := SECTION.match(line):
            name = heading[1]
            found.setdefault(name, [])
        elif name and line and not line.startswith(" "):
            name = ""
            found[name].append(line)
        else:
            found[name].append(line)
    return found


def references(docstring: str) -> list[str]:
    """The works in the section References, one line each: title, authors, year, address, perhaps a remark."""
    text = " ".join(" ".join(sections(docstring).get("References", [])).split())
    works: list[str] = []
    end = 0
    for address in ADDRESS.finditer(text):
        works.append(text[end : address.end()].strip())
        end = address.end()
        if remark := re.match(r"\.?,? *\([^)]*\)", text[end:]):
            works[-1] += remark[0]
            end += remark.end()
        if text[end : end + 1] in (".", ",", ";"):
            end += 1
    rest = text[end:].strip(" .;,")
    if rest and works and not YEAR.search(rest) and len(rest.split()) <= REMARK:
        works[-1] += f" {rest}"
    elif rest:
        works.append(rest)
    return works


def _references(docstring: str) -> Iterator[str]:
    for work in references(docstring):
        if not ADDRESS.search(work):
            yield f"a reference without an address: {work}"
        elif not YEAR.search(ADDRESS.sub("", work)):
            yield f"a reference without a year: {work}"


def _unknown(one: Documented) -> Iterator[str]:
    """Names in the section Args that are no parameters; of a dataclass, names in the section Attributes that are no fields."""
    for section in ("Args", "Attributes") if one.is_dataclass else ("Args",):
        lines = sections(one.docstring or "").get(section, [])
        own = min((len(line) - len(line.lstrip()) for line in lines if line.strip()), default=0)
        for line in lines:
            entry = ENTRY.match(line.strip()) if len(line) - len(line.lstrip()) == own else None
            for name in entry[1].replace("*", "").split(", ") if entry else ():
                if one.parameters and name not in one.parameters:
                    yield f"{section} explains {name!r}, which is no {'parameter' if section == 'Args' else 'field'}"


def _form(one: Documented) -> Iterator[str]:
    """Parameters and errors that are explained outside of their sections."""
    if one.is_dataclass and "Args" in sections(one.docstring or ""):
        yield "the fields of a dataclass are explained in a section Args instead of Attributes"
    for line in sections(one.docstring or "")[""]:
        entry = ENTRY.match(line.strip())
        if entry and {*entry[1].replace("*", "").split(", ")} & one.parameters:
            yield f"{entry[1]!r} is explained outside of a section Args"
        if re.match(r"Raises [A-Z]\w+(Error|Exception)\b", line):
            yield "what it raises is explained outside of a section Raises"


def _definitions(
    tree: ast.AST, prefix: str
) -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef]]:
    """Classes, functions and methods with their dotted names; functions inside of functions are nobody else's business."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            name = f"{prefix}.{node.name}"
            if not any(_is_overload(decorator) for decorator in node.decorator_list):
                yield name, node
            if isinstance(node, ast.ClassDef):
                yield from _definitions(node, name)
        elif isinstance(node, ast.If | ast.Try):
            yield from _definitions(node, prefix)


def _is_dataclass(node: ast.AST) -> bool:
    """Whether a class is a dataclass or a named tuple that has no `__init__` of its own."""
    return (
        isinstance(node, ast.ClassDef)
        and (
            any(ast.unparse(decorator).startswith("dataclass") for decorator in node.decorator_list)
            or any(ast.unparse(base) == "NamedTuple" for base in node.bases)
        )
        and not any(isinstance(inner, ast.FunctionDef) and inner.name == "__init__" for inner in node.body)
    )


def _is_overload(decorator: ast.expr) -> bool:
    name = ast.unparse(decorator)
    return name.endswith("overload") or name.endswith(".setter")


def _parameters(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> Iterator[str]:
    if isinstance(node, ast.ClassDef):
        for inner in node.body:
            if isinstance(inner, ast.AnnAssign) and isinstance(inner.target, ast.Name):
                yield inner.target.id
            elif isinstance(inner, ast.FunctionDef) and inner.name in ("__init__", "__new__", "__call__"):
                yield from _parameters(inner)
        return
    arguments = node.args
    every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg]
    yield from (argument.arg for argument in every if argument is not None)


def _is_documented_above(
    method: str, node: ast.ClassDef, classes: dict[str, list[tuple[str, ast.ClassDef]]], seen: set[str]
) -> bool:
    """Whether a base class documents the method; a base class from another library is taken to document its methods."""
    for base in node.bases:
        if isinstance(base, ast.Subscript):
            base = base.value
        whole = ast.unparse(base)
        name = "Optimizer" if whole.startswith("torch.optim.") else whole.rsplit(".", 1)[-1]
        if name in seen or name in ("Protocol", "Generic", "NamedTuple", "object"):
            continue
        if name not in classes:
            if method in FOREIGN.get(name, ()):
                return True
            continue
        for _, above in classes[name]:
            own = [inner for inner in above.body if isinstance(inner, ast.FunctionDef) and inner.name == method]
            if any(ast.get_docstring(inner) for inner in own):
                return True
            if _is_documented_above(method, above, classes, seen | {name}):
                return True
    return False


# Methods of other libraries' classes that ours override: their documentation is the other library's.
FOREIGN = {
    "Module": {"forward", "extra_repr", "train"},
    "Optimizer": {"step", "state_dict", "load_state_dict", "add_param_group"},
    "ArgumentParser": {"error"},
    "HTMLParser": {"handle_starttag", "handle_endtag", "handle_data", "error"},
    "Interpreter": {"call_function", "get_attr", "call_method", "call_module"},
}
