"""The examples on the page of clusters: those of each cluster, the codes in a plane, classes in clusters, and outliers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from saddlepoint.markup import Markup, html, joined
from saddlepoint.report.layout import absent, card_table
from saddlepoint.report.measurement_page import embedded_figure, embedded_image

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from saddlepoint.figures.style import Picture

SHARE = 600_000  # bytes of a picture


@dataclass(frozen=True)
class RowTable:
    """Examples as rows of a table: the names of its columns, the cells, and how many columns are not shown."""

    names: Sequence[str]
    rows: Sequence[Sequence[str]]
    left_out: int = 0


@dataclass(frozen=True)
class ClusterPictures:
    """The pictures of the page; examples are either pictures or rows.

    Attributes:
        clusters: examples nearest to the centres.
        plane: the codes in a plane, by cluster and by class.
        confusions: of classes and clusters, by method.
        outliers: the most unusual examples.
        cluster_rows, outlier_rows: the same as rows.
    """

    clusters: Picture | None
    plane: Picture
    confusions: Mapping[str, Picture]
    outliers: Picture | None
    cluster_rows: RowTable | None = None
    outlier_rows: RowTable | None = None


def clusters_section(document: Mapping[str, Any], pictures: ClusterPictures) -> Markup:
    """Examples of each cluster."""
    said = (
        f"Clusters of codes by k-means, numbered from the largest; n is their size. Their number is {document['clusters']}: "
        f"{document['clusters_chosen_by']}."
    )
    shown = _shown(pictures.clusters, pictures.cluster_rows, "The examples nearest to the mean of each cluster")
    return html('<p class="quiet">{}</p>{}', said, shown)


def plane_section(pictures: ClusterPictures) -> Markup:
    """The codes in a plane, by cluster and by class."""
    caption = "Each point is the code of an example, projected on the first two principal components of all codes"
    return _embedded(pictures.plane, caption)


def confusions_section(pictures: ClusterPictures) -> Markup:
    """How many examples of each class are in each cluster, by method."""
    said = "Examples of each class in each cluster; the darker, the larger the share of the class. Matched clusters come first."
    drawn = [
        _embedded(picture, f"Classes and clusters of codes by {method}")
        for method, picture in pictures.confusions.items()
    ]
    return html('<p class="quiet">{}</p><div class="plots">{}</div>', said, joined(drawn))


def outliers_section(document: Mapping[str, Any], pictures: ClusterPictures) -> Markup:
    """The most unusual examples by each criterion."""
    said = "; ".join(f"{name}: {title}" for name, title in document["criteria"].items())
    shown = _shown(pictures.outliers, pictures.outlier_rows, "The most unusual examples, in the order of the list")
    rows = [
        [
            ("title", html("<strong>{}</strong>", one["name"])),
            ("other", one["criterion"]),
            ("other", f"{one['score']:.4g}"),
            ("other", f"{one['typical']:.4g}"),
            ("other", one["known_class"] or "-"),
        ]
        for one in document["outliers"]
    ]
    listed = card_table("scores", ["Example", "Criterion", "Score", "Median of all", "Class"], rows)
    return html('<p class="quiet">By two criteria. {}.</p>{}{}', said[:1].upper() + said[1:], shown, listed)


def _shown(picture: Picture | None, rows: RowTable | None, caption: str) -> Markup:
    if picture is not None:
        return _embedded(picture, caption)
    if rows is None:
        return absent("Examples of this kind are not drawn; their names are in clusters.csv.")
    head = joined(html("<th>{}</th>", name) for name in rows.names)
    body = joined(html("<tr>{}</tr>", joined(html("<td>{}</td>", cell) for cell in row)) for row in rows.rows)
    more = html('<p class="quiet">{} more columns are not shown.</p>', rows.left_out) if rows.left_out else Markup()
    return html('<div class="scroll"><table><tr>{}</tr>{}</table></div>{}', head, body, more)


def _embedded(picture: Picture, caption: str) -> Markup:
    if hasattr(picture, "savefig"):
        return embedded_figure(cast("Figure", picture), caption, share=SHARE)
    return embedded_image(picture, caption, share=SHARE)
