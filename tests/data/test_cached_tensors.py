"""Tensors are kept between calls, but never those of a description or a traced graph."""

from __future__ import annotations

import torch
from torch import Tensor
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.fx.experimental.proxy_tensor import make_fx

from saddlepoint.data.cached_tensors import cached_tensors


@cached_tensors
def numbers(size: int) -> Tensor:
    return torch.arange(size)


def test_a_tensor_is_built_once() -> None:
    assert numbers(3) is numbers(3)


def test_a_tensor_first_built_for_inference_serves_training() -> None:
    with torch.inference_mode():
        kept = numbers(4)
    (kept * torch.ones(4, requires_grad=True)).sum().backward()


def test_what_is_only_described_is_not_kept() -> None:
    with FakeTensorMode():
        assert numbers(5) is not numbers(5)
    assert type(numbers(5)) is Tensor


def test_what_is_traced_is_not_kept() -> None:
    traced: list[Tensor] = []

    def add(x: Tensor) -> Tensor:
        traced.append(numbers(6))
        return x + traced[0]

    graph = make_fx(add)(torch.zeros(6))
    kept = numbers(6)
    assert kept is not traced[0]
    assert torch.equal(graph(torch.ones(6)), 1.0 + kept)
