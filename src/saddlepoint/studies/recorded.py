"""Which series a study's runs record, found by one step of one run: a slip of the pen is told before hours of training."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from saddlepoint.errors import SettingError, suggestion
from saddlepoint.lanes.lane import Lane
from saddlepoint.studies.single_run import Alone

OF_CLOCKS = "time/"  # tells how long it took, and is in no table
ALONE_ONLY = "/update_ratio"  # lanes do not record it


def check_series(asked: Sequence[str], kinds: Iterable[tuple[Lane, bool]]) -> None:
    """Raises SettingError where no run records a series that is `asked` for.

    kinds: a run of every kind, and whether it is trained alone; as few are tried as name all that is asked for.
    """
    if not asked or tuple(asked) == ("all",):
        return
    known: dict[str, None] = {}
    for lane, alone in kinds:
        known |= dict.fromkeys(name for name in recorded(lane) if alone or not name.endswith(ALONE_ONLY))
        if known.keys() >= set(asked):
            return
    missing = next(name for name in asked if name not in known)
    raise SettingError(
        f"measure.series: these runs record no {missing}.{suggestion(missing, known)} They record {', '.join(sorted(known))}; "
        "[all] takes all."
    )


def recorded(lane: Lane) -> list[str]:
    """The names of a run's series: what one step records is what all record."""
    one = lane.training.model_copy(update={"steps": 1, "tick": 1, "observe_every": 1})
    (record,) = Alone([Lane(lane.model, one, lane.dataset)]).play()
    return [name for name in record.values if not name.startswith(OF_CLOCKS)]
