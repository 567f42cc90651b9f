"""The page of clusters: examples of each, agreement with classes beside the baselines, the plane of codes, probes and outliers.

One HTML file that opens without a network.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from saddlepoint.markup import Markup, html, joined
from saddlepoint.report.cluster_examples import (
    ClusterPictures,
    clusters_section,
    confusions_section,
    outliers_section,
    plane_section,
)
from saddlepoint.report.cluster_scores import probes_section, scores_section
from saddlepoint.report.measurement_page import FirstScreen, write_measurement_page
from saddlepoint.report.words import count, definitions, signed_with_interval

TONES = {"better": "good", "no difference is shown": "info", "worse": "warning"}


def write_cluster_page(document: Mapping[str, Any], pictures: ClusterPictures, path: Path) -> Path:
    """Write the page.

    Args:
        document: what `Clustered.to_json` returns.
        pictures: of the clusters.
        path: of the page, which appears whole or stays as it was.

    Returns:
        The path.
    """
    sections = {
        "clusters": ("Clusters", clusters_section(document, pictures)),
        "scores": ("Scores", scores_section(document)),
        "plane": ("Codes in a plane", plane_section(pictures)),
    }
    if pictures.confusions:
        sections["classes"] = ("Clusters and classes", confusions_section(pictures))
    sections |= {
        "probes": ("Probes", probes_section(document["probes"])),
        "outliers": ("Outliers", outliers_section(document, pictures)),
        "facts": ("Details", _facts(document)),
    }
    return write_measurement_page(path, _first_screen(document), sections)


def _first_screen(document: Mapping[str, Any]) -> FirstScreen:
    verdict = document["verdict"]
    if verdict is None:
        words = (
            "No classes are known, so nothing says whether these clusters mean something. Stability says whether other examples would give "
            "the same clusters; look at the examples of each."
        )
        tone = "info"
    else:
        against = "; ".join(
            f"{signed_with_interval(document['scores'][name]['k-means']['codes_against']['ami'])} against {title}"
            for name, title in (("raw", "raw values"), ("pca", "principal components"))
        )
        words = f"Difference in AMI by k-means of codes: {against}, with 95 % intervals. All methods and measures are below."
        tone = TONES[verdict]
    notes = joined(html('<p class="quiet">{}</p>', note) for note in document["notes"])
    return FirstScreen(
        tone=tone,
        about=html("clusters of {}, by {}", document["source"], document["recipe"]),
        headline=document["headline"],
        verdict=html("<h2>What it says</h2><p>{}</p>{}", words, notes),
        tiles=[
            ("Examples", count(document["examples"])),
            ("Clusters", count(document["clusters"])),
            ("Classes", count(len(document["classes"])) if document["classes"] else "unknown"),
            ("Numbers in a code", count(document["dimensions"]["codes"])),
        ],
    )


def _facts(document: Mapping[str, Any]) -> Markup:
    facts = {
        "Model": document["model"],
        "Representations": "; ".join(
            f"{name}: {title} ({document['dimensions'][name]:,} numbers)"
            for name, title in document["representations"].items()
        ),
        "Methods": "; ".join(f"{name}: {title}" for name, title in document["methods"].items()),
        "Number of clusters": document["clusters_chosen_by"],
        "Seed": str(document["seed"]),
    }
    return definitions(facts.items())
