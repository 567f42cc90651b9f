"""The trials of benchmarks/predict.py: a loss and a seed on Moving MNIST, and the outcome."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass
from pathlib import Path

from saddlepoint.applications.predict.settings import METHODS
from saddlepoint.applications.predict.start import predict
from tables.outcomes import hashed_key

SEEDS, STEPS, VIDEOS = 3, 20_000, 10_000
VERSION = 1  # of outcomes: to be counted up when the measurement changes
LOSSES = ("squared", "adversarial", "gradient-difference", "both")


@dataclass(frozen=True)
class Trial:
    """One training.

    Attributes:
        loss: a name of `METHODS`.
        seed: of training.
        steps: of training.
        videos: training videos.
        width: channels of the network; None for the usual number.
        size: height and width of a frame; None for 64.
    """

    loss: str
    seed: int
    steps: int = STEPS
    videos: int = VIDEOS
    width: int | None = None
    size: int | None = None

    @property
    def key(self) -> str:
        """The key of its outcome."""
        return hashed_key(f"{self.loss}-{self.steps}-{self.seed}", VERSION, asdict(self))


@dataclass(frozen=True)
class Outcome:
    """What was measured on the test sequences.

    Attributes:
        scores: of the predictor and of each baseline by name, the mean of each score by name, with the pooled PSNR.
        sequences: test sequences.
        seconds: of training and measurement.
    """

    scores: dict[str, dict[str, float]]
    sequences: int
    seconds: float


def trials(losses: list[str], seeds: int, steps: int, *, quick: bool) -> list[Trial]:
    """The trials, seed by seed, so that an interrupted call leaves complete rounds."""
    assert set(losses) <= set(METHODS)
    if quick:
        return [Trial(loss, 0, steps=2, videos=30, width=8, size=40) for loss in losses]
    return [Trial(loss, seed, steps) for seed in range(seeds) for loss in losses]


def run(trial: Trial, keep: Path | None) -> Outcome:
    """Train and measure; a run in the folder `keep` is continued."""
    began = time.monotonic()
    done = predict(
        "moving-mnist",
        loss=trial.loss,
        steps=trial.steps,
        points=trial.videos,
        width=trial.width,
        size=trial.size,
        seed=trial.seed,
        run=None if keep is None else keep / "runs" / trial.key,
    )
    rows = {
        row.name: {name: own.value for name, own in row.scores.items()} | {"pooled_psnr": row.pooled_psnr}
        for row in done.measured.rows
    }
    return Outcome(rows, done.measured.sequences, time.monotonic() - began)
