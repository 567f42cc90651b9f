"""Scores of a predictor and of the baselines on test sequences, with intervals over the sequences.

Sequences that were cut from the same video are not independent, so that intervals are over videos where there are several.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor

from saddlepoint.applications.predict.baselines import baseline
from saddlepoint.applications.predict.perceptual import perceptual_distance
from saddlepoint.applications.predict.settings import BASELINES, PREDICTOR, SCORES
from saddlepoint.evaluation.metrics import frames as metrics
from saddlepoint.evaluation.statistics.intervals import Interval, grouped_mean_interval, mean_interval

LEAST = 1e-12  # mean steepness, where the true frames have no edges
CHUNK = 16  # sequences that are measured together, which limits memory


@dataclass(frozen=True)
class Row:
    """One predictor or baseline.

    Attributes:
        name: the predictor, or a baseline's name.
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
        videos: from which they were cut; as many as sequences where each stands for itself.
        rows: the predictor first.
        errors: of each baseline, the predictor's squared error minus the baseline's, paired over sequences.
        worse: by score, the baselines that are better than the predictor, whose interval of the paired difference excludes 0.
    """

    sequences: int
    videos: int
    rows: tuple[Row, ...]
    errors: dict[str, Interval]
    worse: dict[str, list[str]]

    def of(self, name: str) -> Row:
        """The row of a predictor or baseline."""
        return next(row for row in self.rows if row.name == name)

    @property
    def unbeaten(self) -> tuple[str, ...]:
        """Baselines whose squared error is not shown to be larger than the predictor's."""
        return tuple(name for name, difference in self.errors.items() if difference.high >= 0)

    @property
    def headline(self) -> str:
        """The answer in at most twelve words."""
        own, best = (row.scores["squared_error"].value for row in (self.of(PREDICTOR), self.best_baseline))
        if len(self.unbeaten) == 1:
            return f"The predictor does not beat {BASELINES[self.unbeaten[0]].title}"
        if self.unbeaten:
            return f"The predictor does not beat {len(self.unbeaten)} of {len(BASELINES)} predictions without training"
        return f"Squared error {own:.3g} a frame; the best baseline has {best:.3g}"

    @property
    def sentences(self) -> list[str]:
        """What the numbers mean."""
        said = []
        for name in self.unbeaten:
            gap = self.errors[name]
            said.append(
                f"The predictor is not shown to be better than {BASELINES[name].title}: its squared error minus that of the baseline is {gap.value:+.3g} "
                f"[{gap.low:+.3g}, {gap.high:+.3g}]. Train it longer."
            )
        if not self.unbeaten:
            ratio = (
                1 - self.of(PREDICTOR).scores["squared_error"].value / self.best_baseline.scores["squared_error"].value
            )
            said.append(
                f"The squared error is {ratio:.0%} below that of the best baseline, {BASELINES[self.best_baseline.name].title}."
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
        for name, better in self.worse.items():
            titles = "; ".join(BASELINES[one].title for one in better)
            said.append(f"By {SCORES[name].title}, predictions without training are better: {titles}.")
        if self.videos == 1:
            said.append("All test sequences are parts of one video: the intervals do not cover other videos.")
        return said

    @property
    def best_baseline(self) -> Row:
        """The baseline with the smallest squared error."""
        return min(self.rows[1:], key=lambda row: row.scores["squared_error"].value)

    def to_json(self) -> dict[str, Any]:
        """Everything as values that JSON can hold."""
        return {"headline": self.headline, "sentences": self.sentences, "unbeaten": list(self.unbeaten), **asdict(self)}


def measure(given: Tensor, truth: Tensor, predicted: Tensor, videos: Tensor | None = None) -> Measured:
    """Measure a predictor and the baselines.

    Args:
        given: (N, C, T_in, H, W) in [0, 1], of two or more sequences.
        truth: (N, C, T_out, H, W), what followed.
        predicted: (N, C, T_out, H, W).
        videos: (N,) int64, the video that each sequence was cut from; None for independent sequences.
    """
    frames = truth.shape[2]
    groups = torch.arange(len(truth)) if videos is None else videos
    count = len(torch.unique(groups))
    found = {PREDICTOR: score_frames(predicted, truth)}
    found |= {name: score_frames(baseline(name, given, frames), truth) for name in BASELINES}

    def interval(values: Tensor) -> Interval:
        return grouped_mean_interval(values, groups) if count > 1 else mean_interval(values)

    def gain(score: str, name: str) -> Interval:
        """The predictor's score minus that of a baseline."""
        return interval((found[PREDICTOR][score] - found[name][score]).mean(1))

    errors = {name: gain("squared_error", name) for name in BASELINES}
    worse: dict[str, list[str]] = {}
    for score, entry in SCORES.items():
        if entry.better != "near 1" and score != "squared_error":
            gains = {name: gain(score, name) for name in BASELINES}
            better = [
                name for name, one in gains.items() if (one.high < 0 if entry.better == "higher" else one.low > 0)
            ]
            worse |= {score: better} if better else {}
    steepness = _steepness(truth)
    pixels = truth[0, :, 0].numel()
    rows = tuple(
        _row(name, own, steepness / steepness.mean().clamp_min(LEAST), pixels, interval) for name, own in found.items()
    )
    return Measured(len(truth), count, rows, errors, worse)


def score_frames(predicted: Tensor, truth: Tensor) -> dict[str, Tensor]:
    """All scores of frames (N, C, T, H, W) in [0, 1], each (N, T) float64, by their names in `SCORES`.

    The sharpness is that of a frame over the mean one of all true frames, since single true frames may have no edges.
    """
    steepness = _steepness(truth).mean().clamp_min(LEAST)
    parts = [
        _score_part(*pair, steepness)
        for pair in zip(torch.split(predicted, CHUNK), torch.split(truth, CHUNK), strict=True)
    ]
    return {name: torch.cat([part[name] for part in parts]) for name in SCORES}


def _steepness(frames: Tensor) -> Tensor:
    """The sharpness (N, T) of frames (N, C, T, H, W), which are read in parts."""
    return torch.cat([metrics.sharpness(part) for part in torch.split(frames, CHUNK)])


def _score_part(predicted: Tensor, truth: Tensor, steepness: Tensor) -> dict[str, Tensor]:
    """The scores of some sequences, given the mean steepness () of all true frames."""
    return {
        "squared_error": metrics.squared_error(predicted, truth),
        "psnr": metrics.psnr(predicted, truth),
        "ssim": metrics.ssim(predicted, truth),
        "sharpness": metrics.sharpness(predicted) / steepness,
        "sharpness_psnr": metrics.sharpness_psnr(predicted, truth),
        "perceptual": perceptual_distance(predicted, truth),
    }


def _row(
    name: str, scores: Mapping[str, Tensor], true_sharpness: Tensor, pixels: int, interval: Callable[[Tensor], Interval]
) -> Row:
    """The row of a predictor or baseline, from scores (N, T) and the sharpness (N, T) of the true frames, whose mean is 1."""
    means = {score: interval(values.mean(1)) for score, values in scores.items()}
    means["sharpness"] = interval(_ratio(scores["sharpness"].mean(1), true_sharpness.mean(1)))
    per_frame = {score: [interval(column) for column in values.T] for score, values in scores.items()}
    pooled = metrics.psnr_of_mean(torch.as_tensor(means["squared_error"].value / pixels, dtype=torch.float64))
    return Row(name, means, per_frame, float(pooled))


def _ratio(own: Tensor, true: Tensor) -> Tensor:
    """Values (N,) with the mean of `own`, which is its ratio to that of `true` (1), and with the spread of this ratio.

    Sequences differ in how many edges they have, in the true frames and in the predicted ones alike, which the ratio does not.
    """
    return own - own.mean() * (true - true.mean())
