"""Records of replicas: a single run's record with one number per replica in place of each number."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from torch import Tensor

from saddlepoint.training.settings import TrainingSettings


@dataclass(frozen=True)
class ReplicaRecord:
    """The numbers of one tick.

    Attributes:
        step: number of steps done.
        seconds: training time so far, of all replicas together.
        values: by series (`player/quantity`), (S,) float64 on the host, equal to the values of the single runs' records; NaN for
            a replica that was frozen in or before this tick.
        frozen: (S,) int64, number of steps after which a replica became non-finite; -1 if it is still finite.
    """

    step: int
    seconds: float
    values: Mapping[str, Tensor]
    frozen: Tensor


def means(rows: Tensor, series: Sequence[str], first: int, training: TrainingSettings) -> dict[str, Tensor]:
    """Average each series over the steps of a tick.

    Losses are averaged over all steps, other series over every `training.observe_every`-th step.

    Args:
        rows: (steps, rows, S) observed values.
        series: name of each row.
        first: number of steps done before the tick.
        training: settings of the run.

    Returns:
        The mean of each series by name, (S,) float64 on the host.
    """
    table = rows.cpu().double()
    observed = [i for i in range(len(table)) if (first + i) % training.tick % training.observe_every == 0]
    positions: dict[str, list[int]] = {}
    for row, name in enumerate(series):
        positions.setdefault(name, []).append(row)
    return {
        name: (table if name.endswith("/loss") else table[observed])[:, own].mean((0, 1))
        for name, own in positions.items()
    }
