"""What `cluster` returns: clusters, their scores, probes and outliers."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from saddlepoint.applications.cluster.agreement import contingency
from saddlepoint.applications.cluster.measuring import STABILITY, Score, Scores
from saddlepoint.applications.cluster.outliers import Outlier
from saddlepoint.applications.cluster.points import Labels, Points
from saddlepoint.applications.cluster.probing import Probes
from saddlepoint.applications.cluster.settings import CODES, CRITERIA, METHODS, RAW, REPRESENTATIONS
from saddlepoint.applications.cluster.subject import Subject
from saddlepoint.evaluation.statistics.intervals import Interval
from saddlepoint.records import replaced

HELPS, HURTS, NO_DIFFERENCE = "better", "worse", "no difference is shown"
FIRST, METRIC = next(iter(METHODS)), "ami"  # decide the headline


@dataclass(frozen=True, eq=False)
class Clustered:
    """Clusters of examples.

    Attributes:
        assignments: clusters (N,) of the codes by method, numbered from the largest; -1 for noise.
        scores: by representation and method.
        probes: accuracies of classifiers on held-out examples; None without labels.
        outliers: the most unusual examples by each criterion.
        subject: the examples.
        points: (N, D) of each representation.
        clusters: their number.
        how: it was chosen.
        source: name of the data.
        model: folder of the run.
        recipe: its name.
        notes: on what the reader should know.
        seed: of everything random.
    """

    assignments: Mapping[str, Labels]
    scores: Scores
    probes: Probes | None
    outliers: tuple[Outlier, ...]
    subject: Subject
    points: Mapping[str, Points]
    clusters: int
    how: str
    source: str
    model: str
    recipe: str
    notes: tuple[str, ...] = ()
    seed: int = 0

    @property
    def against_raw(self) -> Interval | None:
        """How much higher the adjusted mutual information of k-means is with codes than with raw values; None without classes."""
        return self.scores[RAW][FIRST].codes_against.get(METRIC)

    @property
    def verdict(self) -> str | None:
        """Whether codes are better than raw values: "better", "worse" or "no difference is shown"; None without classes."""
        if self.against_raw is None:
            return None
        codes, raw = (self.scores[name][FIRST].metrics[METRIC] for name in (CODES, RAW))
        return verdict_of(self.against_raw, codes, raw)

    @property
    def headline(self) -> str:
        """What was found, in at most twelve words."""
        codes, raw = (self.scores[name][FIRST].metrics for name in (CODES, RAW))
        if self.verdict is None:
            stable = codes.get(STABILITY)
            said = "" if stable is None else f"; stability {stable.value:.2f} between refits"
            return f"{self.clusters} cluster{'s' if self.clusters > 1 else ''} of {len(self.subject):,} codes{said}"
        values = f"AMI {codes[METRIC].value:.3f} against {raw[METRIC].value:.3f}"
        if max(codes[METRIC].low, raw[METRIC].low) <= 0:
            return (
                f"k-means finds no classes: AMI {codes[METRIC].value:.3f} (codes), {raw[METRIC].value:.3f} (raw values)"
            )
        return {
            HELPS: f"Codes cluster better than raw values: {values}",
            HURTS: f"Codes cluster worse than raw values: {values}",
            NO_DIFFERENCE: f"Codes and raw values: no difference shown, {values}",
        }[self.verdict]

    def confusion(self, method: str) -> Labels:
        """Return the number of examples of each class in each cluster of codes, (classes, clusters); noise is the last column."""
        assert self.subject.y is not None, "a confusion of clusters and classes needs classes"
        known = self.subject.y >= 0
        return contingency(self.subject.y[known], self.assignments[method][known])

    def to_json(self) -> dict[str, Any]:
        """Everything but the assignments, as values that JSON can hold."""
        probes = self.probes
        return {
            "headline": self.headline,
            "verdict": self.verdict,
            "source": self.source,
            "model": self.model,
            "recipe": self.recipe,
            "examples": len(self.subject),
            "kind": self.subject.event.kind,
            "classes": list(self.subject.classes),
            "clusters": self.clusters,
            "clusters_chosen_by": self.how,
            "dimensions": {name: some.shape[1] for name, some in self.points.items()},
            "representations": {name: entry.title for name, entry in REPRESENTATIONS.items()},
            "methods": {name: entry.title for name, entry in METHODS.items()},
            "scores": {
                name: {method: _score(score) for method, score in some.items()} for name, some in self.scores.items()
            },
            "confusion": {}
            if self.subject.y is None
            else {method: self.confusion(method).tolist() for method in self.assignments},
            "probes": None
            if probes is None
            else {
                **{
                    probe: {
                        name: {key: value and asdict(value) for key, value in vars(one).items()}
                        for name, one in some.items()
                    }
                    for probe, some in probes.scores.items()
                },
                "trained": probes.trained,
                "tested": probes.tested,
                "chance": probes.chance,
                "note": probes.note,
            },
            "criteria": {name: entry.title for name, entry in CRITERIA.items()},
            "outliers": [asdict(one) for one in self.outliers],
            "notes": list(self.notes),
            "seed": self.seed,
        }

    def write_assignments(self, path: Path) -> Path:
        """Write index, name, part, class and the cluster by each method of every example as CSV; noise is -1."""
        subject = self.subject
        classes = [""] * len(subject)
        if subject.y is not None:
            classes = [subject.classes[label] if label >= 0 else "" for label in subject.y.tolist()]
        order = np.argsort(subject.index, kind="stable")
        with replaced(path) as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(["index", "name", "part", "class", *self.assignments])
            for n in order.tolist():
                clusters = [int(some[n]) for some in self.assignments.values()]
                writer.writerow([int(subject.index[n]), subject.names[n], subject.parts[n], classes[n], *clusters])
        return path


def verdict_of(difference: Interval, codes: Interval, raw: Interval) -> str:
    """The verdict on codes: the better representation must also be better than chance.

    Args:
        difference: how much higher the score of codes is than that of raw values.
        codes: the score, which is 0 in expectation for random clusters.
        raw: that of raw values.
    """
    if difference.low > 0 and codes.low > 0:
        return HELPS
    return HURTS if difference.high < 0 and raw.low > 0 else NO_DIFFERENCE


def _score(score: Score) -> dict[str, Any]:
    """One score with its metrics by name."""
    return {
        "clusters": score.clusters,
        "noise": score.noise,
        **{metric: asdict(interval) for metric, interval in score.metrics.items()},
        "codes_against": {metric: asdict(interval) for metric, interval in score.codes_against.items()},
    }
