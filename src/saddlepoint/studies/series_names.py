"""Checks the names of series before training, so that a typing error is found at once.

One run of each kind makes one training step, which shows the series that it records.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from saddlepoint.errors import SettingError, suggestion
from saddlepoint.lanes.replica import Replica
from saddlepoint.studies.single_run import SingleRun

TIMES = "time/"  # durations, which are in no table
SINGLE_ONLY = "/update_ratio"  # replicas do not record it


def check_series(asked: Sequence[str], kinds: Iterable[tuple[Replica, bool]]) -> None:
    """Check that every series is recorded by some run.

    Args:
        asked: names of series.
        kinds: one run of every kind, and whether it is trained alone; only as many are tried as needed.

    Raises:
        SettingError: no run records a series.
    """
    if not asked or tuple(asked) == ("all",):
        return
    known: dict[str, None] = {}
    for replica, alone in kinds:
        known |= dict.fromkeys(name for name in series_names(replica) if alone or not name.endswith(SINGLE_ONLY))
        if known.keys() >= set(asked):
            return
    missing = next(name for name in asked if name not in known)
    raise SettingError(
        f"measure.series: these runs record no {missing}.{suggestion(missing, known)} They record {', '.join(sorted(known))}; "
        "[all] takes all."
    )


def series_names(replica: Replica) -> list[str]:
    """Names of the series that a run records, from its first step."""
    one = replica.training.model_copy(update={"steps": 1, "tick": 1, "observe_every": 1})
    (record,) = SingleRun([Replica(replica.model, one, replica.dataset)]).play()
    return [name for name in record.values if not name.startswith(TIMES)]
