"""Cluster every representation by every method, and score the clusters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product

import numpy as np

from saddlepoint.applications.cluster.agreement import METRICS, Agreement, measure_agreement
from saddlepoint.applications.cluster.points import Labels, Points, check_points
from saddlepoint.applications.cluster.settings import CODES, METHODS, NOISE, REPRESENTATIONS
from saddlepoint.applications.cluster.subject import Subject
from saddlepoint.applications.cluster.unlabelled import mean_silhouette, stability
from saddlepoint.evaluation.statistics.intervals import Interval
from saddlepoint.progress.protocol import Report

SILHOUETTE, STABILITY = "silhouette", "stability"


@dataclass(frozen=True)
class Score:
    """How good the clusters of one method on one representation are.

    Attributes:
        clusters: found, without noise.
        noise: share of examples that are in no cluster.
        metrics: ami, nmi, ari and accuracy where classes are known; silhouette; stability where they are not.
        codes_against: how much higher these four are for codes, by the same method; empty for codes themselves.
    """

    clusters: int
    noise: float
    metrics: Mapping[str, Interval]
    codes_against: Mapping[str, Interval]


Scores = Mapping[str, Mapping[str, Score]]


def represent(subject: Subject) -> dict[str, Points]:
    """Return the examples in every representation, (N, D) each.

    Raises:
        DataError: a number is not finite, or all points are equal.
    """
    return {
        name: check_points(entry.function(subject, subject.x)(subject.x), entry.title)
        for name, entry in REPRESENTATIONS.items()
    }


def measure(
    subject: Subject, points: Mapping[str, Points], clusters: int, seeds: int, seed: int, report: Report | None
) -> tuple[Scores, dict[str, Labels]]:
    """Cluster and score.

    Args:
        subject: the examples with their classes.
        points: of every representation.
        clusters: number of clusters.
        seeds: runs of methods that draw random numbers.
        seed: of everything random.
        report: receives the progress, from 0 to 1.

    Returns:
        The scores by representation and method, and the clusters of codes by method: those of the first seed, numbered from the largest.
    """
    labelled = None if subject.y is None else subject.y >= 0
    agreements: dict[tuple[str, str], Agreement] = {}
    scores: dict[str, dict[str, Score]] = {name: {} for name in points}
    assignments: dict[str, Labels] = {}
    work = list(product(points, METHODS))
    for number, (representation, method) in enumerate(work):
        if report is not None:
            report(f"clustering {representation} by {method}", number / len(work))
        entry = METHODS[method]
        found = [
            by_size(entry.function(points[representation], clusters, seed + repeat))
            for repeat in range(seeds if entry.random else 1)
        ]
        metrics: dict[str, Interval] = {}
        against: dict[str, Interval] = {}
        if subject.y is not None and labelled is not None:
            own = measure_agreement(subject.y[labelled], [one[labelled] for one in found], seed)
            agreements[representation, method] = own
            metrics = {metric: own.interval(metric) for metric in METRICS}
            if representation != CODES:
                against = {metric: agreements[CODES, method].difference(own, metric) for metric in METRICS}
        silhouette = mean_silhouette(points[representation], found, seed)
        if silhouette is not None:
            metrics[SILHOUETTE] = silhouette
        if subject.y is None:
            stable = stability(entry.function, points[representation], clusters, seed)
            if stable is not None:
                metrics[STABILITY] = stable
        first = found[0]
        count = len(np.unique(first[first != NOISE]))
        scores[representation][method] = Score(count, float((first == NOISE).mean()), metrics, against)
        if representation == CODES:
            assignments[method] = first
    return scores, assignments


def by_size(clusters: Labels) -> Labels:
    """Number clusters from the largest, 0, on; noise stays -1.

    Args:
        clusters: (N,) from 0, -1 for noise.
    """
    known = clusters != NOISE
    names, inverse, counts = np.unique(clusters[known], return_inverse=True, return_counts=True)
    rank = np.empty(len(names), dtype=np.int64)
    rank[np.argsort(-counts, kind="stable")] = np.arange(len(names))
    found = np.full(len(clusters), NOISE, dtype=np.int64)
    found[known] = rank[inverse]
    return found
