"""Training with its diagnosis, and what the end of the run says, for tables that compare games."""

from __future__ import annotations

import math
import statistics
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

NO_PICTURES = {"training.sample_every": 10**9}  # samples are drawn at the first and the last step only


@dataclass(frozen=True)
class Outcome:
    """The outcome of one run.

    Attributes:
        distance: energy distance of samples to held-out data; NaN if it is not finite.
        modes: share of the modes that samples cover; None without known modes.
        high_quality: share of samples near a mode; None without known modes.
        headline: of the verdict.
        codes: of the failures that stand at the end.
        steps_per_second: of training, which other processes slow down.
    """

    distance: float
    modes: float | None
    high_quality: float | None
    headline: str
    codes: Sequence[str]
    steps_per_second: float

    @property
    def is_whole(self) -> bool:
        """Whether the run ended without a failure and with a finite distance."""
        return not self.codes and math.isfinite(self.distance)


def train_diagnosed(recipe: Any) -> Outcome:
    """Train a recipe on one thread, with its diagnosis and without pictures.

    Args:
        recipe: a `Recipe`, with the seed in `training.seed`.
    """
    import torch

    import saddlepoint as sp
    from saddlepoint.records import active_findings

    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        run = sp.train(recipe, run=Path(folder) / "run", pictures=False)
        records, findings, headline = list(run.records), active_findings(run.findings), run.headline
    last = {name: value for record in records for name, value in record.values.items()}
    speeds = [record.values["time/steps_per_second"] for record in records if "time/steps_per_second" in record.values]
    return Outcome(
        float(last.get("quality/energy_distance", math.nan)),
        last.get("g/modes"),
        last.get("g/high_quality"),
        headline,
        sorted({finding.code for finding in findings if finding.severity == "failure"}),
        statistics.median(speeds),
    )
