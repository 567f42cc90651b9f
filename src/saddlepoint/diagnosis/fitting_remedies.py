"""The choice among remedies: those that change a setting of the run and are valid together with its other settings."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from saddlepoint.diagnosis.changes import apply_changes
from saddlepoint.diagnosis.optimiser_settings import Settings
from saddlepoint.diagnosis.remedies import Step, advice, changes_of

Accepts = Callable[[Mapping[str, Any]], bool]  # whether changes by dotted name are valid


def accept_all(changes: Mapping[str, Any]) -> bool:
    """Accept any changes of settings."""
    return True


def first_remedy(
    steps: Iterable[Step | str],
    settings: Settings,
    given: Mapping[str, Any] | None = None,
    accepts: Accepts = accept_all,
) -> dict[str, Any] | None:
    """Return the changes of the first remedy that changes one of these settings and is accepted; None where there is none.

    Args:
        steps: names of remedies in order of preference; a tuple applies several together.
        settings: the present settings by dotted name.
        given: values that a remedy takes from the measurement.
        accepts: whether changes are valid together with the other settings.
    """
    found = (apply_changes(changes_of(step, given), settings) for step in steps)
    return next((changes for changes in found if changes and accepts(changes)), None)


def fitting_advice(names: Iterable[str], settings: Settings, accepts: Accepts = accept_all) -> str:
    """Return one sentence that offers the remedies that are accepted or change no setting, in order.

    A remedy whose settings the run has already is not offered.

    Args:
        names: of remedies; the first is the first choice.
        settings: the present settings by dotted name.
        accepts: whether changes are valid together with the other settings.
    """

    def fits(name: str) -> bool:
        wanted = changes_of(name)
        changed = apply_changes(wanted, settings)
        is_in_force = bool(wanted) and not changed and wanted.keys() <= settings.keys()
        return not is_in_force and (not changed or accepts(changed))

    return advice(*filter(fits, names))
