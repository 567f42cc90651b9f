"""How much worse generated rows are than as many real rows: by their distance to held-out rows, and as training data of classifiers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from saddlepoint.data.tabular.schema import Schema
from saddlepoint.evaluation.tables.classifiers import DOWNSTREAM
from saddlepoint.evaluation.tables.downstream import downstream_scores
from saddlepoint.evaluation.tables.transport import table_wasserstein
from saddlepoint.experiment.contest.splits import Split

if TYPE_CHECKING:
    import pandas as pd

PARTS = 4  # of the generated rows, each as many as are held out, whose distances are averaged
CLASSIFIERS = {name: DOWNSTREAM[name] for name in ("logistic", "forest")}  # the quick ones
SMALLEST = 1e-9  # distance and F1, by which nothing is divided


@dataclass(frozen=True)
class Score:
    """How good rows are on one split.

    Attributes:
        wasserstein: mean exact 1-Wasserstein distance between as many of the rows as are held out, and the held-out rows.
        macro_f1: mean over classifiers that are trained on the rows and tested on the held-out ones; None without a target.
    """

    wasserstein: float
    macro_f1: float | None

    def loss(self, real: Score) -> float:
        """How much worse the rows are than real ones: the relative rise of the distance, plus the relative fall of macro F1.

        Args:
            real: the score of the rows that the model was trained on.
        """
        distance = (self.wasserstein - real.wasserstein) / max(real.wasserstein, SMALLEST)
        if self.macro_f1 is None or real.macro_f1 is None:
            return distance
        return distance + (real.macro_f1 - self.macro_f1) / max(real.macro_f1, SMALLEST)


def score_rows(rows: pd.DataFrame, split: Split, schema: Schema) -> Score:
    """Compare rows with the held-out ones.

    Args:
        rows: as many as were trained on, in random order.
        split: of the contest.
        schema: of the table, with its target.
    """
    size = min(len(split.held_out), len(rows))
    parts = max(1, min(PARTS, len(rows) // size))
    distances = [
        table_wasserstein(
            rows.iloc[part * size : (part + 1) * size], split.held_out.iloc[:size], schema, scale_by=split.trained
        )
        for part in range(parts)
    ]
    if schema.target is None:
        return Score(float(np.mean(distances)), None)
    found = downstream_scores(rows, split.held_out, schema, schema.target, models=CLASSIFIERS)
    return Score(float(np.mean(distances)), float(np.mean([one.macro_f1 for one in found])))
