"""Pictures of clusters: examples nearest to the centres, the plane of codes, confusions with classes, and outliers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from saddlepoint.applications.cluster.agreement import match
from saddlepoint.applications.cluster.clustered import FIRST, Clustered
from saddlepoint.applications.cluster.points import Labels, Points
from saddlepoint.applications.cluster.settings import CODES, CRITERIA, NOISE
from saddlepoint.applications.cluster.subject import Subject
from saddlepoint.figures.confusion import confusion_figure
from saddlepoint.figures.grids import class_grid
from saddlepoint.figures.grouped_points import grouped_points
from saddlepoint.figures.samples import show_samples
from saddlepoint.report.cluster_examples import ClusterPictures, RowTable
from saddlepoint.report.clusters import write_cluster_page

if TYPE_CHECKING:
    from saddlepoint.figures.style import Picture

COLUMNS = 10  # images of a cluster
MOST_ROWS, MOST_CELLS = 3, 12  # rows of a cluster and columns of a table that are shown
MOST_GROUPS = 30  # classes or clusters of a confusion
MOST_PANELS = 8  # examples of other kinds


def write_page(done: Clustered, path: Path) -> Path:
    """Write the page of clusters, with their pictures."""
    return write_cluster_page(done.to_json(), pictures_of(done), path)


def pictures_of(done: Clustered) -> ClusterPictures:
    """Draw everything that the page shows."""
    nearest = nearest_to_centres(done.points[CODES], done.assignments[FIRST])
    unusual = {name: [one.position for one in done.outliers if one.criterion == name] for name in CRITERIA}
    named = {f"{cluster} (n = {size:,})": some for cluster, (size, some) in nearest.items()}
    return ClusterPictures(
        clusters=_examples(done.subject, named, "Examples nearest to the centre of each cluster"),
        plane=_plane(done),
        confusions=_confusions(done),
        outliers=_examples(done.subject, unusual, "Most unusual examples by each criterion, the most unusual first"),
        cluster_rows=_rows(done.subject, {name: some[:MOST_ROWS] for name, some in named.items()}, "cluster"),
        outlier_rows=_rows(done.subject, unusual, "criterion"),
    )


def nearest_to_centres(codes: Points, clusters: Labels) -> dict[int, tuple[int, list[int]]]:
    """Return the size of each cluster and its examples, those nearest to its mean first.

    Args:
        codes: (N, D).
        clusters: (N,); noise is left out.
    """
    found = {}
    for cluster in np.unique(clusters[clusters != NOISE]).tolist():
        own = np.flatnonzero(clusters == cluster)
        distance = np.square(codes[own] - codes[own].mean(0)).sum(1)
        found[cluster] = (len(own), own[np.argsort(distance, kind="stable")][:COLUMNS].tolist())
    return found


def _examples(subject: Subject, groups: dict[str, list[int]], title: str) -> Picture | None:
    """Examples of groups as one picture; None for rows, which are shown as a table."""
    event = subject.event
    if event.kind in ("vector", "text"):
        return None
    positions = [n for some in groups.values() for n in some]
    if event.kind == "image":
        labels = [number for number, some in enumerate(groups.values()) for _ in some]
        return class_grid(
            subject.x[torch.tensor(positions)].numpy(), labels, list(groups), low=event.low, high=event.high,
            columns=max(map(len, groups.values())), title=title,
        )  # fmt: skip
    few = (
        [some[0] for some in groups.values()][:MOST_PANELS] if len(groups) > len(CRITERIA) else positions[:MOST_PANELS]
    )
    return show_samples(
        subject.x[torch.tensor(few)].numpy(), event.kind, low=event.low, high=event.high, rate=event.rate, title=title
    )


def _plane(done: Clustered) -> Picture:
    codes = done.points[CODES]
    centred = codes - codes.mean(0)
    _, lengths, directions = np.linalg.svd(centred, full_matrices=False)
    shares = np.square(lengths) / max(float(np.square(lengths).sum()), 1e-300)
    plane = np.zeros((len(codes), 2))
    plane[:, : len(directions[:2])] = centred @ directions[:2].T
    groupings: dict[str, tuple[Any, list[str]]] = {
        f"Codes by {method}": (clusters, [f"{n}" for n in range(int(clusters.max()) + 1)])
        for method, clusters in done.assignments.items()
        if method == FIRST
    }
    if done.subject.y is not None:
        groupings["Codes by class"] = (done.subject.y, list(done.subject.classes))
    names = [
        f"principal component {n + 1} of the codes ({shares[n]:.0%} of variance)"
        if n < len(shares)
        else "no second component (codes are single numbers)"
        for n in range(2)
    ]
    return grouped_points(plane, groupings, x=names[0], y=names[1])


def _confusions(done: Clustered) -> dict[str, Picture]:
    """Classes against clusters of each method, with the cluster that matches a class on the diagonal."""
    found: dict[str, Picture] = {}
    if done.subject.y is None:
        return found
    for method, clusters in done.assignments.items():
        table = done.confusion(method)
        if max(table.shape) > MOST_GROUPS:
            continue
        has_noise = bool((clusters[done.subject.y >= 0] == NOISE).any())
        names = [f"{n}" for n in range(table.shape[1] - has_noise)] + ["noise"] * has_noise
        matched = match(table[:, : len(names) - has_noise])[1].tolist()
        order = [*matched, *(n for n in range(len(names)) if n not in matched)]
        found[method] = confusion_figure(
            table[:, order], done.subject.classes, [names[n] for n in order], title=f"Clusters of codes by {method}"
        )
    return found


def _rows(subject: Subject, groups: dict[str, list[int]], group: str) -> RowTable | None:
    """Examples of groups as rows of a table, whose first column is called `group`; None for examples that are pictures."""
    if subject.event.kind != "vector":
        return None
    positions = [n for some in groups.values() for n in some]
    labels = [name for name, some in groups.items() for _ in some]
    x = subject.x[torch.tensor(positions)]
    if subject.table is None:
        columns = [f"x{n + 1}" for n in range(x.shape[1])]
        cells = [[f"{value:.4g}" for value in row[:MOST_CELLS]] for row in x.tolist()]
    else:
        frame = subject.table.decode(x.numpy())
        columns = [str(name) for name in frame.columns]
        cells = [[str(value) for value in row[:MOST_CELLS]] for row in frame.itertuples(index=False, name=None)]
    if subject.y is not None:
        names = [subject.classes[n] if n >= 0 else "" for n in subject.y[positions].tolist()]
        cells = [[name, *row] for name, row in zip(names, cells, strict=True)]
    head = ["class"] if subject.y is not None else []
    return RowTable(
        [group, "name", *head, *columns[:MOST_CELLS]],
        [[label, subject.names[n], *row] for label, n, row in zip(labels, positions, cells, strict=True)],
        max(0, len(columns) - MOST_CELLS),
    )
