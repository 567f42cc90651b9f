"""What replicas say of one tick: the single run's record, with a number a replica in place of each number."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from torch import Tensor

from saddlepoint.training.settings import TrainingSettings


@dataclass(frozen=True)
class ReplicaRecord:
    """The numbers of one tick, replica by replica.

    step: steps done. seconds: spent training so far, for all replicas together.
    values: by series (`player/quantity`), (S,) float64 on the host, each what the single run's `Record` says; NaN for a replica
        that was frozen in or before this tick.
    frozen: (S,) int64: the whole steps a replica had made when something in it ceased to be finite; -1 while it goes on.
    """

    step: int
    seconds: float
    values: Mapping[str, Tensor]
    frozen: Tensor


def means(rows: Tensor, series: Sequence[str], first: int, training: TrainingSettings) -> dict[str, Tensor]:
    """By series, (S,) float64 on the host: the mean of what a tick's steps saw of it.

    rows: (steps, rows, S), `series` naming the rows; first: the steps done before the tick. A loss is seen at every step,
    all else every `training.observe_every` steps.
    """
    table = rows.cpu().double()
    observed = [i for i in range(len(table)) if (first + i) % training.tick % training.observe_every == 0]
    places: dict[str, list[int]] = {}
    for row, name in enumerate(series):
        places.setdefault(name, []).append(row)
    return {
        name: (table if name.endswith("/loss") else table[observed])[:, own].mean((0, 1))
        for name, own in places.items()
    }
