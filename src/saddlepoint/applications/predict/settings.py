"""Defaults, baselines and scores of next-frame prediction (torch-free). A new one is one function and one line here.

A baseline is a prediction that needs no training. A predictor that is not better than all of them has learnt nothing of use: on moving digits, where
most pixels are black, black frames have a smaller error than the last frame repeated.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from saddlepoint.objectives.prediction.settings import LOSSES

METHODS: Mapping[str, str] = {name: entry.title for name, entry in LOSSES.items()}
FRAMES_IN, FRAMES_OUT = 10, 10
LOSS = "squared"
STEPS = 2_000
BATCH = 16
TESTED = 256  # test sequences that are measured, at most
PREDICTOR = "predictor"
_HERE = "saddlepoint.applications.predict"


@dataclass(frozen=True)
class Baseline:
    """A prediction without training.

    Attributes:
        title: in words.
        path: of the function: (given (N, C, T_in, H, W), frames) -> (N, C, frames, H, W), in [0, 1].
    """

    title: str
    path: str


@dataclass(frozen=True)
class Score:
    """A score of predicted frames.

    Attributes:
        title: in words.
        unit: of the number; empty for a ratio.
        better: whether higher or lower values are better, or those near 1.
        meaning: the formula in words.
        digits: after the point, where it is printed.
    """

    title: str
    unit: str
    better: Literal["higher", "lower", "near 1"]
    meaning: str
    digits: int


BASELINES: Mapping[str, Baseline] = {
    "black": Baseline("all frames black", f"{_HERE}.baselines:black"),
    "last frame": Baseline("the last frame, repeated", f"{_HERE}.baselines:last_frame"),
    "mean of inputs": Baseline("the mean of the given frames, repeated", f"{_HERE}.baselines:mean_of_inputs"),
}
SCORES: Mapping[str, Score] = {
    "squared_error": Score(
        "squared error a frame",
        "",
        "lower",
        "sum over a frame's pixels, with values from 0 to 1, of the squared error",
        1,
    ),
    "psnr": Score(
        "PSNR",
        "dB",
        "higher",
        "10 log10(1 / mean squared error) of each frame, then the mean over frames; at most 100 dB for a frame without error",
        2,
    ),
    "ssim": Score(
        "SSIM",
        "",
        "higher",
        "structural similarity in Gaussian windows of 11x11 pixels with deviation 1.5, K1 0.01 and K2 0.03; mean over the windows within a frame",
        3,
    ),
    "sharpness": Score(
        "sharpness",
        "",
        "near 1",
        "mean absolute difference of neighbouring pixels, along both axes, over that of the true frames: 1 is as sharp as the data, less is blurred",
        3,
    ),
    "sharpness_psnr": Score(
        "sharpness at its place",
        "dB",
        "higher",
        "10 log10(1 / mean absolute difference between the steepness of predicted and true pixels), as in Mathieu, Couprie and LeCun (2016)",
        2,
    ),
    "perceptual": Score(
        "perceptual distance",
        "",
        "lower",
        "squared distance of unit features of each frame, from random convolutions (not LPIPS, whose network was trained on photographs)",
        3,
    ),
}
