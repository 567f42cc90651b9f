"""The memory: written out it is what torch's fused layers compute, and a step depends on earlier numbers alone."""

from __future__ import annotations

import torch

from saddlepoint.networks.autoregression import FullPasses
from saddlepoint.networks.recurrent import LSTM


def network(**changes: int) -> LSTM:
    torch.manual_seed(0)
    return LSTM(
        **{"numbers": 7, "features": 1, "outputs": 5, "symbols": 5, "width": 6, "layers": 2, **changes}
    ).double()


def test_the_written_out_memory_is_that_of_torch() -> None:
    memory = network()
    places = torch.randn(3, 7, 6, dtype=torch.float64)
    fused, (hidden, _) = memory.remember(places)
    written, (last, _) = memory._written_out(places)
    torch.testing.assert_close(written, fused)
    torch.testing.assert_close(last, hidden[-1])


def test_cached_steps_are_those_of_full_passes_and_lengths_may_differ() -> None:
    memory = network(classes=2)
    x = torch.randint(5, (4, 9))  # longer than the network was made for
    context = torch.nn.functional.one_hot(torch.arange(4) % 2, 2).double()
    cached, full = memory.steps(4, context), FullPasses(memory, torch.zeros_like(x), context, 1)
    for step in range(9):
        numbers = x[:, step - 1 : step] if step else None
        torch.testing.assert_close(cached.advance(numbers), full.advance(numbers))


def test_a_prediction_reads_earlier_symbols_alone() -> None:
    memory = network(symbols=0)
    x = torch.randn(1, 7, 1, dtype=torch.float64, requires_grad=True)
    for place, prediction in enumerate(memory(x)[0]):
        (gradient,) = torch.autograd.grad(prediction.sum(), x, retain_graph=True)
        reached = gradient[0, :, 0] != 0
        assert reached.tolist() == [earlier < place for earlier in range(7)]
