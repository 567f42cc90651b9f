"""Examples as rows of numbers whose distances mean something.

The numbers of images, sounds, volumes, series and vectors are such rows. Those of a text are not: the symbol 7 is not nearer to 8 than
to 20, and a text that is moved by one symbol agrees with itself nowhere. Texts are compared by how often symbols, pairs and triples
of symbols occur in them. Where there are more pairs or triples than `COUNTED`, several share a count, chosen by a fixed hash.

References:
    Feature Hashing for Large Scale Multitask Learning (Kilian Weinberger, Anirban Dasgupta, John Langford, Alex Smola, Josh
        Attenberg, 2009), https://arxiv.org/abs/0902.2206
"""

from __future__ import annotations

import torch
from torch import Tensor

from saddlepoint.data.event import Event

COUNTED = 512  # counts of pairs, and as many of triples
LONGEST = 3  # symbols counted together
_PRIME = 2_654_435_761  # spreads neighbouring numbers over the counts (Knuth's multiplicative hash)


def comparable_rows(x: Tensor, event: Event) -> Tensor:
    """Examples x (N, *event) in the data's units -> (N, D) float32; of a text, the roots of the shares of its symbols, pairs and
    triples, whose distances are those of Hellinger."""
    if event.kind != "text":
        return x.flatten(1).float()
    levels = event.levels or 256
    symbols = x.flatten(1).long()
    rows = []
    joined = torch.zeros_like(symbols)
    for count in range(1, LONGEST + 1):
        following = symbols[:, count - 1 :]
        if not following.shape[1]:
            break
        joined = joined[:, : following.shape[1]] * levels + following
        many = levels**count
        places = (
            joined
            if many <= COUNTED
            else (joined * _PRIME).remainder(1 << 32).div(1 << 16, rounding_mode="floor") % COUNTED
        )
        share = torch.zeros(len(x), min(many, COUNTED), device=x.device)
        share.scatter_add_(1, places, torch.full(places.shape, 1 / places.shape[1], device=x.device))
        rows.append(share.sqrt_())
    return torch.cat(rows, 1)


def comparable_size(event: Event) -> int:
    """The number of columns of `comparable_rows`."""
    if event.kind != "text":
        return event.size
    levels = event.levels or 256
    return sum(min(levels**count, COUNTED) for count in range(1, 1 + min(LONGEST, event.size)))
