"""Membership attacks: can somebody who sees only the generated rows recognise which real rows were trained on?

The attacker has a score for each of equally many members (training rows) and non-members (held-out rows), and the result is the area under its ROC
curve: .5 where the generated rows reveal nothing to this attack. "distance": the nearer the nearest generated row, the more likely a member.
"calibrated": the same distance divided by that to the nearest of other real rows, which the attacker knows, so that rows in dense regions are not
taken for members. An attack that fails proves nothing about stronger ones.

References:
    Membership Inference Attacks against Synthetic Data through Overfitting Detection (Boris van Breugel, Hao Sun, Zhaozhi Qian, Mihaela van der
    Schaar, 2023), https://arxiv.org/abs/2302.12580
    GAN-Leaks: A Taxonomy of Membership Inference Attacks against Generative Models (Dingfan Chen, Ning Yu, Yang Zhang, Mario Fritz, 2020),
    https://arxiv.org/abs/1909.03935
"""

from __future__ import annotations

import numpy as np
import torch

from saddlepoint.evaluation.metrics.neighbours import nearest
from saddlepoint.evaluation.scorecard.score import Estimate
from saddlepoint.evaluation.statistics.intervals import Interval
from saddlepoint.evaluation.statistics.roc import auc_interval
from saddlepoint.evaluation.tables.comparison import Comparison, Measurement, as_estimate, choose_rows
from saddlepoint.evaluation.tables.features import TableFeatures

MOST_ROWS = 1_000  # members, and non-members
MOST_GENERATED = 5_000
SPLITS = 4
NEAR = 1e-9  # added to distances, so that those of equal rows have a logarithm


def attack_by_distance(comparison: Comparison) -> Measurement:
    """The area under the ROC curve of the nearness of the nearest generated row, in [0, 1]."""
    rng = np.random.default_rng(comparison.seed)
    n = min(len(comparison.train), len(comparison.test), MOST_ROWS)
    rows = choose_rows(comparison.rows, MOST_GENERATED, rng)
    people = [choose_rows(frame, n, rng) for frame in (comparison.train, comparison.test)]
    # Fitted to both sides: otherwise the area is not 1/2 for rows that reveal nothing.
    features = TableFeatures(people, comparison.schema)
    generated = torch.from_numpy(features.encode(rows))
    scores = [-nearest(torch.from_numpy(features.encode(frame)), generated)[0][:, 0] for frame in people]
    return Measurement(as_estimate(auc_interval(*scores)))


def attack_by_calibrated_distance(comparison: Comparison) -> Measurement:
    """The area under the ROC curve of the nearness of generated rows relative to other real rows, in [0, 1].

    One half of the held-out rows are non-members, and the attacker knows the other half. The result is the mean over several such splits.
    """
    rng = np.random.default_rng(comparison.seed)
    intervals = [_attack_split(comparison, rng) for _ in range(SPLITS)]
    ends = np.array([(one.value, one.low, one.high) for one in intervals]).mean(0).tolist()
    return Measurement(Estimate(*ends))


def _attack_split(comparison: Comparison, rng: np.random.Generator) -> Interval:
    halves = np.array_split(rng.permutation(len(comparison.test)), 2)
    others, known = (comparison.test.iloc[np.sort(half)] for half in halves)
    n = min(len(comparison.train), len(others), MOST_ROWS)
    reference, rows = (choose_rows(frame, MOST_GENERATED, rng) for frame in (known, comparison.rows))
    people = [choose_rows(frame, n, rng) for frame in (comparison.train, others)]
    features = TableFeatures([reference, *people], comparison.schema)
    near_to = [torch.from_numpy(features.encode(frame)) for frame in (rows, reference)]
    scores = []
    for frame in people:
        x = torch.from_numpy(features.encode(frame))
        near, usual = (nearest(x, y)[0][:, 0].double() for y in near_to)
        scores.append((usual + NEAR).log() - (near + NEAR).log())
    return auc_interval(*scores)
