"""Tidying a traced graph: what is computed twice from the same is computed once, and what nobody uses not at all."""

from __future__ import annotations

from typing import Any

from torch.fx import GraphModule, Node
from torch.utils._pytree import tree_flatten


def share(graph: GraphModule) -> None:
    """Let equal calls of the graph share their result, in place. Two phases on the same noise then make their examples
    once, as the training loop does. A graph that changes tensors in place is only rid of what nobody uses.
    """
    nodes = [node for node in graph.graph.nodes if node.op == "call_function"]
    if not any(_changes(node.target) for node in nodes):
        known: dict[Any, Node] = {}
        for node in nodes:
            parts, form = tree_flatten((node.args, node.kwargs))
            # Types too: 1, 1.0 and True are equal, and not the same argument.
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
