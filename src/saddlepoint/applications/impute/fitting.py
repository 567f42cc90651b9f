"""Choose a method where that is left to `auto`, and fit it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from saddlepoint.applications.impute.holding_out import SMALL, Contest, hold_contest
from saddlepoint.applications.impute.method import ImputationMethod, Kinds, Mask, Matrix
from saddlepoint.applications.impute.settings import AIMS, AUTO, METHODS, Aim, check_method, make_method
from saddlepoint.arguments import check_count
from saddlepoint.errors import SettingError
from saddlepoint.progress.protocol import Report
from saddlepoint.records.finished_parts import Keep

CONTEST = 0.5  # share of the work, to show progress


@dataclass(frozen=True)
class Fitted:
    """A method, and why it was chosen.

    Attributes:
        method: the method.
        name: its name.
        contest: that chose it, or None.
        note: a sentence about the choice.
    """

    method: ImputationMethod
    name: str
    contest: Contest | None
    note: str


def check_request(method: str, aim: str, draws: int) -> None:
    """Check method, aim and number of draws.

    Args:
        method: name of a method, or "auto".
        aim: "prediction" or "inference".
        draws: number of completed tables.

    Raises:
        SettingError: one is not possible, or the method gives best guesses and several tables are asked for.
    """
    check_method(method, "impute", [AUTO])
    if aim not in AIMS:
        raise SettingError(f'impute: the aim is {" or ".join(AIMS)}, got "{aim}".')
    check_count("impute", "draws", draws, 1)
    if method != AUTO and not METHODS[method].draws and (draws > 1 or aim == "inference"):
        able = ", ".join(name for name, entry in METHODS.items() if entry.draws)
        raise SettingError(
            f"impute: the method {method} gives best guesses, of which several would be equal and would conceal what is not known; "
            f"for inference or several draws use one of {able}, or auto."
        )


def choose_method(
    matrix: Matrix,
    kinds: Kinds,
    method: str,
    aim: Aim,
    draws: int,
    rng: np.random.Generator,
    *,
    options: Mapping[str, Any] | None = None,
    report: Report | None = None,
    keep: Keep | None = None,
) -> Fitted:
    """Make a method that is not yet fitted, chosen by a contest if it is "auto".

    Args:
        matrix: (N, D) with NaN in missing cells; each column has an observed cell.
        kinds: of its columns.
        method: name, or "auto".
        aim: "prediction" or "inference".
        draws: number of completed tables.
        rng: for all random decisions.
        options: arguments of the method.
        report: receives the progress of the contest, from 0 to 1.
        keep: stores what finished methods reached in the contest.
    """
    check_request(method, aim, draws)
    contest, note = None, f"the method {method} was asked for."
    drawing: Aim = "inference" if draws > 1 else aim
    if method == AUTO:
        if options:
            raise SettingError("impute: options belong to a method; name the method instead of auto.")
        contest = hold_contest(matrix, kinds, drawing, rng, report=report, keep=keep)
        method = SMALL[drawing] if contest is None else contest.winner
        note = (
            str(contest)
            if contest is not None
            else f"the table is too small for a contest of methods; {method} is used."
        )
    return Fitted(make_method(method, draws, options), method, contest, note)


def fit_method(
    matrix: Matrix,
    kinds: Kinds,
    method: str,
    aim: Aim,
    draws: int,
    rng: np.random.Generator,
    *,
    targets: Mask | None = None,
    options: Mapping[str, Any] | None = None,
    report: Report | None = None,
) -> Fitted:
    """Choose a method as `choose_method` does, and fit it.

    Args:
        matrix, kinds, method, aim, draws, rng, options: as there.
        targets: (D,) columns of which new rows may lack values; None for all.
        report: receives the progress.
    """
    first, second = share_of(report, 0.0, CONTEST), share_of(report, CONTEST, 1.0)
    found = choose_method(matrix, kinds, method, aim, draws, rng, options=options, report=first)
    say = None if second is None else lambda what, done: second(f"fitting {found.name}{what and ': '}{what}", done)
    if say is not None:
        say("", 0.0)
    found.method.fit(matrix, kinds, rng, targets, say)
    return found


def share_of(report: Report | None, start: float, end: float) -> Report | None:
    """The report of a part of the work, which is the share of all from `start` to `end`."""
    if report is None:
        return None
    return lambda what, done: report(what, start + (end - start) * done)
