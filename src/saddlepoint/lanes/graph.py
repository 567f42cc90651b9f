"""Simplifies a traced graph: common subexpressions are computed once, and unused results not at all."""

from __future__ import annotations

from typing import Any

from torch.fx import GraphModule, Node
from torch.utils._pytree import tree_flatten


def eliminate_common_subexpressions(graph: GraphModule) -> None:
    """Let equal calls of the graph share their result, and remove unused calls, in place.

    Two phases with the same noise then generate their examples once, as in the training loop. In a graph that changes tensors in
    place, only unused calls are removed.

    Args:
        graph: is changed.
    """
    nodes = [node for node in graph.graph.nodes if node.op == "call_function"]
    if not any(_changes(node.target) for node in nodes):
        known: dict[Any, Node] = {}
        for node in nodes:
            parts, form = tree_flatten((node.args, node.kwargs))
            # With types, because 1, 1.0 and True are equal but different arguments.
            key = (node.target, str(form), tuple((type(part), part) for part in parts))
            first = known.setdefault(key, node)
            if first is not node:
                node.replace_all_uses_with(first)
                graph.graph.erase_node(node)
    graph.graph.eliminate_dead_code()
    graph.recompile()


def _changes(target: Any) -> bool:
    schema = getattr(target, "_schema", None)
    return schema is not None and schema.is_mutable
