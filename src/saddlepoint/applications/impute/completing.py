"""Choose a method, fit it and complete the matrix that it was fitted to, going on from what an earlier call finished."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from saddlepoint.applications.impute.fitting import CONTEST, Fitted, choose_method, share_of
from saddlepoint.applications.impute.method import Kinds, Mask, Matrix
from saddlepoint.applications.impute.settings import AUTO, Aim
from saddlepoint.progress.protocol import Report
from saddlepoint.records.finished_parts import Keep


def complete_matrix(
    matrix: Matrix,
    kinds: Kinds,
    method: str,
    aim: Aim,
    draws: int,
    seed: int,
    *,
    targets: Mask,
    options: Mapping[str, Any] | None = None,
    keep: Keep | None = None,
    report: Report | None = None,
) -> tuple[Fitted, npt.NDArray[np.float64]]:
    """Complete a matrix, with the values that `fit` and `impute` of a `TableImputer` with the same seed give.

    Args:
        matrix: (N, D) with NaN in missing cells; each column has an observed cell.
        kinds: of its columns.
        method: name, or "auto".
        aim: "prediction" or "inference".
        draws: number of completed matrices.
        seed: of everything random.
        targets: (D,) columns with missing cells.
        options: arguments of the method.
        keep: stores finished parts, and gives them back.
        report: receives the progress.

    Returns:
        The method, and (draws, N, D).
    """
    rngs = seeded_generators(seed)
    start = CONTEST if method == AUTO else 0.0
    first, second = share_of(report, 0.0, start), share_of(report, start, 1.0)
    found = choose_method(matrix, kinds, method, aim, draws, rngs[0], options=options, report=first, keep=keep)

    def say(what: str, done: float) -> None:
        if second is not None:
            second(f"{found.name}{what and ': '}{what}", done)

    say("", 0.0)
    if draws > 1 or aim == "inference":
        return found, found.method.fit_and_complete(matrix, kinds, rngs, draws, targets, keep, say)
    missing = np.isnan(matrix)
    values = None if keep is None else keep.read("guess")
    if values is None:
        found.method.fit(matrix, kinds, rngs[0], targets, say)
        values = found.method.guess(matrix, rngs[1])[missing]
        if keep is not None:
            keep.write("guess", values)
    completed = np.array(matrix, dtype=np.float64)
    completed[missing] = values
    return found, completed[None]


def seeded_generators(seed: int) -> tuple[np.random.Generator, np.random.Generator]:
    """The generators of choosing and fitting, and of filling in."""
    return np.random.default_rng(seed), np.random.default_rng(seed + 1)
