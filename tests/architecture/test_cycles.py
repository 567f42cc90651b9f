"""No module imports itself through others: neither when it is loaded, nor in functions, nor for types alone.

Modules that import each other can only be read, tested and moved together.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from tests.architecture.imports import imports, modules


def import_graph() -> dict[str, set[str]]:
    """Every module of the package, with the modules of the package that it imports anywhere."""
    files = modules()
    graph = {}
    for module, path in files.items():
        found = imports(path.read_text("utf-8"), module, files, is_package=path.name == "__init__.py")
        graph[module] = {one.target for one in found if one.target in files}
    return graph


def cycles(graph: Mapping[str, Collection[str]]) -> list[set[str]]:
    """The strongly connected components of more than one node, and nodes that point to themselves.

    References:
        Depth-First Search and Linear Graph Algorithms (Tarjan, 1972), https://doi.org/10.1137/0201010.
    """
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    found: list[set[str]] = []

    def visit(node: str) -> None:
        index[node] = low[node] = len(index)
        stack.append(node)
        for target in graph[node]:
            if target not in index:
                visit(target)
                low[node] = min(low[node], low[target])
            elif target in stack:
                low[node] = min(low[node], index[target])
        if low[node] == index[node]:
            position = stack.index(node)
            component = set(stack[position:])
            del stack[position:]
            if len(component) > 1 or node in graph[node]:
                found.append(component)

    for node in graph:
        if node not in index:
            visit(node)
    return found


def test_no_modules_import_each_other() -> None:
    found = [sorted(cycle) for cycle in cycles(import_graph())]
    assert not found, f"modules that import each other: {found}"


def test_cycles_are_found() -> None:
    graph = {"a": {"b"}, "b": {"c"}, "c": {"a", "d"}, "d": {"e"}, "e": {"d"}, "f": {"f"}, "g": {"a"}, "h": set()}
    assert sorted(map(sorted, cycles(graph))) == [["a", "b", "c"], ["d", "e"], ["f"]]
