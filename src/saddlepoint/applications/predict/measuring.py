"""Scores of a predictor and of the floors on test sequences, with intervals over the sequences."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor

from saddlepoint.applications.predict.floors import floor
from saddlepoint.applications.predict.perceptual import perceptual_distance
from saddlepoint.applications.predict.settings import FLOORS, PREDICTOR, SCORES
from saddlepoint.evaluation.metrics import frames as metrics
from saddlepoint.evaluation.statistics.intervals import Interval, mean_interval

BLACK = "black"


@dataclass(frozen=True)
class Row:
    """One predictor or floor.

    Attributes:
        name: the predictor, or a floor's name.
        scores: by name, the mean over frames and sequences with its interval over sequences.
        per_frame: by name, the mean of each predicted frame with its interval.
        pooled_psnr: PSNR of the mean squared error of all frames together, dB.
    """

    name: str
    scores: dict[str, Interval]
    per_frame: dict[str, list[Interval]]
    pooled_psnr: float


@dataclass(frozen=True)
class Measured:
    """What was measured.

    Attributes:
        sequences: test sequences.
        rows: the predictor first.
        errors: of each floor, the predictor's squared error minus the floor's, paired over sequences.
    """

    sequences: int
    rows: tuple[Row, ...]
    errors: dict[str, Interval]

    def of(self, name: str) -> Row:
        """The row of a predictor or floor."""
        return next(row for row in self.rows if row.name == name)

    @property
    def unbeaten(self) -> tuple[str, ...]:
        """Floors whose squared error is not shown to be larger than the predictor's."""
        return tuple(name for name, difference in self.errors.items() if difference.high >= 0)

    @property
    def headline(self) -> str:
        """The answer in at most twelve words."""
        own, black = (self.of(name).scores["squared_error"].value for name in (PREDICTOR, BLACK))
        if len(self.unbeaten) == 1:
            return f"The predictor does not beat {FLOORS[self.unbeaten[0]].title}"
        if self.unbeaten:
            return f"The predictor does not beat {len(self.unbeaten)} of {len(FLOORS)} predictions without training"
        return f"Squared error {own:.3g} a frame; black frames have {black:.3g}"

    @property
    def sentences(self) -> list[str]:
        """What the numbers mean."""
        said = []
        for name in self.unbeaten:
            gap = self.errors[name]
            said.append(
                f"The predictor is not shown to be better than {FLOORS[name].title}: its squared error minus that of the floor is {gap.value:+.3g} "
                f"[{gap.low:+.3g}, {gap.high:+.3g}]. Train it longer."
            )
        if not self.unbeaten:
            ratio = 1 - self.of(PREDICTOR).scores["squared_error"].value / self.best_floor.scores["squared_error"].value
            said.append(
                f"The squared error is {ratio:.0%} below that of the best floor, {FLOORS[self.best_floor.name].title}."
            )
        sharp = self.of(PREDICTOR).scores["sharpness"]
        if sharp.high < 1:
            said.append(
                f"Predicted frames are blurred: their edges are {sharp.value:.0%} as steep as those of the true frames."
            )
        elif sharp.low > 1:
            said.append(f"Predicted frames are sharper than the true ones: their edges are {sharp.value:.0%} as steep.")
        else:
            said.append("Predicted frames are about as sharp as the true ones.")
        return said

    @property
    def best_floor(self) -> Row:
        """The floor with the smallest squared error."""
        return min(self.rows[1:], key=lambda row: row.scores["squared_error"].value)

    def to_json(self) -> dict[str, Any]:
        """Everything as values that JSON can hold."""
        return {"headline": self.headline, "sentences": self.sentences, "unbeaten": list(self.unbeaten), **asdict(self)}


def measure(given: Tensor, truth: Tensor, predicted: Tensor) -> Measured:
    """Measure a predictor and the floors.

    Args:
        given: (N, C, T_in, H, W) in [0, 1], of two or more sequences.
        truth: (N, C, T_out, H, W), what followed.
        predicted: (N, C, T_out, H, W).
    """
    frames = truth.shape[2]
    found = {PREDICTOR: score_frames(predicted, truth)}
    found |= {name: score_frames(floor(name, given, frames), truth) for name in FLOORS}
    errors = {
        name: mean_interval((found[PREDICTOR]["squared_error"] - found[name]["squared_error"]).mean(1))
        for name in FLOORS
    }
    pixels = truth[0, :, 0].numel()
    rows = tuple(_row(name, own, pixels) for name, own in found.items())
    return Measured(len(truth), rows, errors)


def score_frames(predicted: Tensor, truth: Tensor) -> dict[str, Tensor]:
    """All scores of frames (N, C, T, H, W) in [0, 1], each (N, T) float64, by their names in `SCORES`.

    The sharpness is that of a frame over the mean one of all true frames, since single true frames may have no edges.
    """
    steepness = metrics.sharpness(truth).mean()
    return {
        "squared_error": metrics.squared_error(predicted, truth),
        "psnr": metrics.psnr(predicted, truth),
        "ssim": metrics.ssim(predicted, truth),
        "sharpness": metrics.sharpness(predicted) / steepness.clamp_min(1e-12),
        "sharpness_psnr": metrics.sharpness_psnr(predicted, truth),
        "perceptual": perceptual_distance(predicted, truth),
    }


def _row(name: str, scores: Mapping[str, Tensor], pixels: int) -> Row:
    assert scores.keys() == SCORES.keys(), "each score has its line in SCORES"
    means = {score: mean_interval(values.mean(1)) for score, values in scores.items()}
    per_frame = {score: [mean_interval(column) for column in values.T] for score, values in scores.items()}
    pooled = metrics.psnr_of_mean(torch.as_tensor(means["squared_error"].value / pixels, dtype=torch.float64))
    return Row(name, means, per_frame, float(pooled))
