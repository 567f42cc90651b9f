"""Next frames of Moving MNIST, 10 -> 10 frames of 64x64: four losses against predictions without training, and published rows.

    python benchmarks/predict.py [--keep DIR] [--losses squared adversarial] [--steps N] [--seeds N] [--minutes M] [--part I/N] [--page FILE] [--quick]

A finished training is in outcomes/predict.jsonl and not repeated; with --keep an interrupted one is continued. With all losses, seeds and steps, the
section of RESULTS.md is written. --quick trains two steps of each loss and writes nothing.

References:
    Unsupervised Learning of Video Representations using LSTMs (Nitish Srivastava, Elman Mansimov, Ruslan Salakhutdinov, 2015),
        https://arxiv.org/abs/1502.04681
    OpenSTL: A Comprehensive Benchmark of Spatio-Temporal Predictive Learning (Cheng Tan, Siyuan Li, Zhangyang Gao, et al., 2023),
        https://arxiv.org/abs/2306.11249
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from statistics import fmean

if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")

import results
from saddlepoint.applications.predict.settings import BASELINES, METHODS, PREDICTOR, SCORES
from tables.outcomes import group_outcomes, origin, outcomes_file
from tables.prediction_plan import LOSSES, SEEDS, STEPS, Outcome, Trial, run, trials
from tables.trials import argument_parser, train_missing

SECTION = "Next frames of Moving MNIST"
# Squared error a frame, SSIM, PSNR; OpenSTL, 200 epochs of 10,000 videos: another protocol.
PUBLISHED = {
    "ConvLSTM": (29.8, 0.929, 22.1),
    "PredRNN++": (22.1, 0.951, 23.7),
    "PhyDNet": (28.2, 0.937, 22.6),
}
SHOWN = ("squared_error", "psnr", "pooled_psnr", "ssim", "sharpness", "sharpness_psnr", "perceptual")


def describe(trial: Trial, outcome: Outcome) -> str:
    """One line about a finished training."""
    own, black = (outcome.scores[name]["squared_error"] for name in (PREDICTOR, "black"))
    return f"{trial.loss}, seed {trial.seed}: squared error {own:.1f} a frame (black {black:.1f})"


def body(found: Mapping[str, Sequence[Outcome]], steps: int) -> str:
    """The section as Markdown."""

    def cells(several: Sequence[Outcome], row: str) -> list[str]:
        values = {name: [one.scores[row][name] for one in several] for name in SHOWN}
        digits = {name: SCORES[name].digits if name in SCORES else 2 for name in SHOWN}
        if row != PREDICTOR:
            return [f"{values[name][0]:.{digits[name]}f}" for name in SHOWN]
        return [
            results.with_interval(own, digits[name]) if len(own) > 1 else f"{own[0]:.{digits[name]}f}"
            for name, own in values.items()
        ]

    first = next(iter(found.values()))
    rows = [[f"{METHODS[loss]}", str(len(several)), *cells(several, PREDICTOR)] for loss, several in found.items()]
    rows += [[BASELINES[name].title, "", *cells(first, name)] for name in BASELINES]
    rows += [
        [f"{name} (published)", "", f"{error:.1f}", f"{psnr:.1f}", "", f"{ssim:.3f}", "", "", ""]
        for name, (error, ssim, psnr) in PUBLISHED.items()
    ]
    best, title = min(
        (fmean(one.scores[PREDICTOR]["squared_error"] for one in several), METHODS[loss])
        for loss, several in found.items()
    )
    seconds = sum(one.seconds for several in found.values() for one in several)
    return (
        f"{steps:,} steps of batches of 16 on 10,000 training videos made of MNIST's training digits; {first[0].sequences} test sequences made of its "
        "test digits, the same for all rows. Means over test sequences, and over seeds with 95 % intervals. Sharpness is relative to the true frames; "
        "PSNR is the mean over frames, pooled PSNR that of the mean squared error. The published rows are of another protocol (200 epochs of 10,000 "
        "videos on a GPU, other test videos): they show the order of magnitude that a long training reaches. Their PSNR is the same formula, and their SSIM "
        "is not: scikit-image's usual window of 7x7 equal weights, and its range of real numbers, -1 to 1, which raises the constants and so the value.\n\n"
        + results.table(
            ["predictor", "seeds", *(SCORES[n].title if n in SCORES else "pooled PSNR" for n in SHOWN)], rows
        )
        + f"\n\nThe smallest mean squared error is {best:.1f} a frame ({title}); {results.goal('below that of black frames', best < first[0].scores['black']['squared_error'])}. "
        f"{seconds / 3600:.1f} hours of one core.\n"
    )


def main(argv: Sequence[str]) -> int:
    parser = argument_parser(__doc__, SEEDS)
    parser.add_argument("--losses", nargs="+", choices=LOSSES, default=list(LOSSES))
    parser.add_argument("--steps", type=int, default=STEPS, help=f"training steps ({STEPS:,})")
    parser.add_argument("--page", type=Path, help="write the section here too")
    arguments = parser.parse_args(argv)
    wanted = trials(arguments.losses, arguments.seeds, arguments.steps, quick=arguments.quick)
    with outcomes_file("predict", arguments.keep, quick=arguments.quick) as file:
        train_missing(wanted[arguments.part], file, arguments.minutes, partial(run, keep=arguments.keep), describe)
        found = group_outcomes(wanted, file, Outcome, lambda one: one.loss)
        measured_at = origin(wanted, file)
    if not found or arguments.quick:
        return 0
    text = body(found, arguments.steps)
    print(text)
    if arguments.page:
        arguments.page.write_text(text, "utf-8")
    if arguments.steps == STEPS and set(found) == set(LOSSES) and all(len(some) >= SEEDS for some in found.values()):
        results.write(SECTION, text, origin=measured_at)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
