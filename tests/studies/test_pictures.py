"""Titles of pictures state which runs a point pools and which it leaves out."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest

from saddlepoint.recipe.studies import load_study
from saddlepoint.studies.pictures import draw, picture_title
from saddlepoint.studies.tables import Row
from tests.studies.studies import tiny

RATE = "training.optimiser.learning_rate"
STUDY = load_study(tiny(axes={RATE: [0.01, 0.03], "data.modes": [1, 2]}))


def rows(diverged: int = 0, missing: int = 0) -> list[Row]:
    """Three seeds at each of the four points, the first so many of which diverged or were not trained."""
    found: list[Row] = [
        {RATE: rate, "data.modes": modes, "seed": seed, "frozen_at": None}
        for rate in (0.01, 0.03)
        for modes in (1, 2)
        for seed in range(3)
    ]
    for row in found[:diverged]:
        row["frozen_at"] = 7
    return found[missing:]


@pytest.mark.parametrize(
    ("changes", "value", "said"),
    [
        ({}, "wasserstein", "6 runs each, pooled over modes"),
        ({"diverged": 2}, "wasserstein", "6 runs each, pooled over modes, without the 2 that diverged"),
        ({"diverged": 2}, "converged", "6 runs each, pooled over modes"),
        ({"diverged": 2}, "steps_to_convergence", "6 runs each, pooled over modes"),
        ({"missing": 1}, "converged", "5 to 6 runs each, pooled over modes"),
    ],
)
def test_a_title_explains_its_points(changes: dict[str, Any], value: str, said: str) -> None:
    assert picture_title("Words", STUDY, [RATE], rows(**changes), value) == f"Words\n({said})"


@pytest.mark.slow
def test_a_power_law_reports_omitted_points(tmp_path: Path) -> None:
    """Values of x without a single number, and laws through less than two medians."""
    study = load_study(
        tiny(
            axes={"model.latent": [1, 2, 4], "data.modes": [1, 2]},
            pictures=[{"kind": "power law", "x": "model.latent", "value": "wasserstein", "by": "data.modes"}],
        )
    )
    found = [
        {"model.latent": x, "data.modes": modes, "seed": seed, "frozen_at": None, "wasserstein": x * (1 + seed)}
        for x in (1, 2, 4)
        for modes in (1, 2)
        for seed in range(3)
    ]
    pictures, notes = draw(study, found, tmp_path)
    assert (len(pictures), notes) == (1, [])
    for row in found:
        if (row["model.latent"], row["data.modes"]) in ((4, 1), (2, 2), (4, 2)):
            row["wasserstein"] = math.nan
    pictures, notes = draw(study, found, tmp_path)
    assert len(pictures) == 1
    (note,) = notes
    assert note.startswith(
        "the picture power law of wasserstein leaves out modes 1 latent 4 (no run has wasserstein), modes 2 ("
    )
