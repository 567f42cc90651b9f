"""The rows on likelihood in a scorecard: what each is called and means, and how numbers become one."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from saddlepoint.evaluation.scorecard.rows.examples import GROUPS
from saddlepoint.evaluation.scorecard.scorecard import Better, Score
from saddlepoint.evaluation.statistics.intervals import Interval, of_mean


@dataclass(frozen=True)
class Row:
    """What a row says beside its numbers."""

    title: str
    better: Better
    unit: str
    meaning: str


ROWS = {
    "elbo": Row(
        "Held-out evidence lower bound (ELBO)",
        "higher",
        "nats",
        "Mean log likelihood of examples given their codes, less the KL of the codes to the prior.",
    ),
    "bits": Row(
        "Held-out bits per dimension",
        "lower",
        "bits per dimension",
        "What a code made by this model would spend on each number of a held-out example.",
    ),
    "ais": Row(
        "Held-out log-likelihood by annealing (AIS)",
        "higher",
        "nats",
        "Log-likelihood of the decoder alone, by annealed importance sampling: a lower bound, tight within its gap.",
    ),
    "ais_gap": Row(
        "Gap of annealing (BDMC)",
        "lower",
        "nats",
        "How far annealing can be below the truth, from bounds on both sides of examples simulated by the model.",
    ),
    "parzen": Row(
        "Held-out log-likelihood (kernel estimate)",
        "higher",
        "nats",
        "Log density of held-out examples under Gaussians on samples.",
    ),
}


def row_of(key: str, values: Tensor, notes: list[str]) -> Score:
    """A mean over examples, values (N,), with those of disjoint groups for comparisons."""
    groups = torch.tensor_split(values, min(GROUPS, len(values)))
    return row_from(key, of_mean(values), notes, tuple(float(part.mean()) for part in groups))


def row_from(key: str, interval: Interval, notes: list[str], resamples: tuple[float, ...] = ()) -> Score:
    """A number with its interval; empty notes are left out."""
    row = ROWS[key]
    return Score(
        metric=key,
        title=row.title,
        value=interval.value,
        low=interval.low,
        high=interval.high,
        better=row.better,
        unit=row.unit,
        repeats=(interval.value,),
        resamples=resamples,
        pairing="groups" if resamples else "none",
        notes=tuple(filter(None, notes)),
        meaning=row.meaning,
    )
