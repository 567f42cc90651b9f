"""The graph of one replica, extended to all replicas, equals its vmap; sharing changes no result."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.func import grad, vmap
from torch.fx.experimental.proxy_tensor import make_fx

from saddlepoint.lanes.graph import eliminate_common_subexpressions
from saddlepoint.lanes.replicas_last import ReplicasLast, is_translatable
from saddlepoint.lanes.step import PRODUCTS
from saddlepoint.networks.activations import ACTIVATIONS

REPLICAS = 5
DRAWS = torch.Generator().manual_seed(0)
X = torch.randn(REPLICAS, 4, 3, generator=DRAWS, dtype=torch.float64)
W = torch.randn(REPLICAS, 3, 2, generator=DRAWS, dtype=torch.float64)


def gradient_through(activation):
    return lambda x, w: (grad(lambda own: activation(x @ own).sum())(w),)


FUNCTIONS = {
    "product": lambda x, w: (x @ w,),
    "linear": lambda x, w: (nn.functional.linear(x, w.t(), w[0]),),
    "sums": lambda x, w: (x.sum(), x.sum(-1), x.sum((0, 1), keepdim=True), w.mean(), w.mean(0, keepdim=True)),
    "scalars": lambda x, w: (x.sum().sum(), x.mean().mean() * 2 - w[0, 1]),
    "shapes": lambda x, w: (x.reshape(2, -1), x.flatten(), x[1:3, :, None], x.t(), x.permute(1, 0), x[None].squeeze(0)),
    "broadcast": lambda x, w: (x + w[:, 0], x[0].expand(2, 3), torch.where(x > 0, x, w[0, 0]), x * torch.ones(3) - 1),
    "joined": lambda x, w: (torch.cat([x, w.t()]), torch.stack([w[0], w[1]], -1), torch.cat([x, torch.zeros(4, 1)], 1)),
    **{f"gradient of {name}": gradient_through(make()) for name, make in ACTIVATIONS.items()},
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_it_is_what_vmap_makes_of_it(name):
    function = FUNCTIONS[name]
    graph = make_fx(function, decomposition_table=PRODUCTS)(X[0].clone(), W[0].clone())
    eliminate_common_subexpressions(graph)
    assert is_translatable(graph)
    together = ReplicasLast(graph).run(X.movedim(0, -1), W.movedim(0, -1))
    for mine, expected in zip(together, vmap(function)(X, W), strict=True):
        torch.testing.assert_close(mine.movedim(-1, 0), expected)


def test_a_graph_with_an_unknown_operator_is_left_to_vmap():
    assert not is_translatable(make_fx(lambda x, w: (x.sort(0).values @ w,))(X[0], W[0]))


def test_equal_calls_share_a_result():
    graph = make_fx(lambda x, w: (x @ w).tanh() + (x @ w).tanh() * x.sum() + x.sum(dtype=torch.float64))(X[0], W[0])
    before = graph(X[1], W[1])
    names = [node.target for node in graph.graph.nodes]
    eliminate_common_subexpressions(graph)
    kept = [node.target for node in graph.graph.nodes]
    assert kept.count(torch.ops.aten.mm.default) == 1 < names.count(torch.ops.aten.mm.default)
    assert torch.equal(graph(X[1], W[1]), before)


def test_a_graph_that_changes_tensors_shares_nothing():
    def function(x):
        one, other = x + 1, x + 1
        return one.mul_(2) + other

    graph = make_fx(function)(X[0])
    eliminate_common_subexpressions(graph)
    assert torch.equal(graph(X[1]), function(X[1]))
