"""Texts as rows: exact counts, the same for texts that are equal, and distances that do not depend on the numbers of symbols."""

from __future__ import annotations

import torch
from hypothesis import given
from hypothesis import strategies as st

from saddlepoint.data.event import Event
from saddlepoint.evaluation.metrics.comparable import comparable_rows, comparable_size


def text_event(length: int, symbols: int) -> Event:
    alphabet = tuple(chr(97 + n) for n in range(symbols))
    return Event((length,), "text", "uint8", 0.0, float(symbols - 1), alphabet=alphabet)


@given(st.integers(1, 20), st.integers(2, 40), st.integers(0, 99))
def test_shares_of_each_order_sum_to_one(length: int, symbols: int, seed: int) -> None:
    event = text_event(length, symbols)
    x = torch.randint(symbols, (5, length), generator=torch.Generator().manual_seed(seed)).to(torch.uint8)
    rows = comparable_rows(x, event)
    assert rows.shape == (5, comparable_size(event))
    orders = min(3, length)
    torch.testing.assert_close(rows.square().sum(1), torch.full((5,), float(orders)))


def test_counts_are_exact_where_they_fit() -> None:
    rows = comparable_rows(torch.tensor([[0, 1, 1, 0, 1]], dtype=torch.uint8), text_event(5, 2))[0].square()
    torch.testing.assert_close(rows[:2], torch.tensor([2 / 5, 3 / 5]))
    torch.testing.assert_close(rows[2:6], torch.tensor([0, 2 / 4, 1 / 4, 1 / 4]))  # aa ab ba bb
    torch.testing.assert_close(rows[6:], torch.tensor([0, 0, 0, 1 / 3, 0, 1 / 3, 1 / 3, 0]))


def test_renaming_symbols_keeps_distances_of_symbols_and_pairs() -> None:
    event = text_event(30, 10)
    generator = torch.Generator().manual_seed(0)
    x = torch.randint(10, (6, 30), generator=generator).to(torch.uint8)
    renamed = torch.randperm(10, generator=generator)[x.long()].to(torch.uint8)
    exact = 10 + 100
    distances = [
        torch.cdist(rows[:, :exact], rows[:, :exact])
        for rows in (comparable_rows(x, event), comparable_rows(renamed, event))
    ]
    torch.testing.assert_close(*distances)


def test_other_data_are_their_numbers() -> None:
    x = torch.rand(3, 1, 4, 4)
    assert torch.equal(comparable_rows(x, Event((1, 4, 4), "image", low=0, high=1)), x.flatten(1))
