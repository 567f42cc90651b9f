"""Few photographs: what augmentation is worth at 100, 20 and 10 % of the training images.

    python benchmarks/few_data.py [--keep DIR] [--seeds N] [--steps N] [--minutes M] [--part I/N] [--quick]

Training needs the folder $SADDLEPOINT_DATA/cifar10-folder with `train` and `test`. A finished run is in outcomes/few_data.jsonl and not done
again; the features are learned once and stored in $SADDLEPOINT_CACHE (~/.cache/saddlepoint). Runs come in rounds, one of every row, so
that what is there at any time is comparable. With all runs of three seeds or more, a section of RESULTS.md is written; never with --quick,
which trains a few steps of a small part.

All runs have the same networks, optimiser, batch size and number of steps (`tables/few_data_plan.py`); only the number of training images and
the view of the discriminator differ. Samples are compared with the test images in the features of a network that was trained without labels and of
a classifier, both on all training images. Where real training images take the place of samples, the same score is the real-data
baseline. The hypothesis is the order of published results: the fewer the images, the more augmentation reduces the distance.

References:
    Differentiable Augmentation for Data-Efficient GAN Training (Shengyu Zhao, Zhijian Liu, Ji Lin, Jun-Yan Zhu, Song Han, 2020),
        https://arxiv.org/abs/2006.10738
"""

from __future__ import annotations

import os
import statistics
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")

import results
from tables.few_data_plan import (
    FEATURES,
    PLAIN,
    REAL,
    RECIPE,
    SAMPLES,
    SETTINGS,
    SHARES,
    STEPS,
    VIEWS,
    Outcome,
    Trial,
    trials,
)
from tables.few_data_verdict import judge
from tables.outcomes import group_outcomes, origin, outcomes_file, unfinished
from tables.photographs import Photographs
from tables.trials import argument_parser, train_missing

SECTION = "Few photographs"
SEEDS = 3
# FID at 100, 20 and 10 % of CIFAR-10, StyleGAN2 (Zhao et al., 2020).
PUBLISHED = "11.07, 23.08 and 36.02 without, 9.89, 12.15 and 14.50 with DiffAugment"


def describe(trial: Trial, outcome: Outcome) -> str:
    """One line about a finished run."""
    scores = f"contrastive {outcome.contrastive:.3f}, classifier {outcome.classifier:.3f}"
    return f"{trial.row}, {trial.view}, {trial.share:.0%}, seed {trial.seed}: {scores}"


Key = tuple[str, str, float]


def read(wanted: Sequence[Trial], file: Path) -> dict[Key, list[Outcome]]:
    """The finished runs by row, view and share, in the order of their seeds."""
    return group_outcomes(wanted, file, Outcome, lambda trial: (trial.row, trial.view, trial.share))


# What is measured: the heading, and the digits that are shown.
COLUMNS = {
    "contrastive": ("contrastive", 3),
    "classifier": ("classifier", 3),
    "memorised": ("train above test", 3),
    "accuracy": ("class accuracy", 3),
    "diversity": ("diversity", 2),
}


def rows(found: Mapping[Key, Sequence[Outcome]]) -> list[list[str]]:
    """The rows of the table."""
    lines = []
    for (row, view, share), outcomes in found.items():
        measured = [
            results.with_interval([value for one in outcomes if (value := getattr(one, name)) is not None], digits)
            for name, (_, digits) in COLUMNS.items()
        ]
        title = row if row == REAL else f"`{row}`, {view}"
        seconds = statistics.median(one.seconds for one in outcomes)
        images = f"{outcomes[0].images:,} ({share:.0%})"
        lines.append([images, title, *measured, f"{seconds:.0f}" if seconds else ""])
    return lines


def verdicts(found: Mapping[Key, Sequence[Outcome]]) -> list[str]:
    """One sentence for each kind of features and each view."""

    def scores(view: str, features: str) -> dict[float, list[float]]:
        return {share: [getattr(one, features) for one in found[RECIPE, view, share]] for share in SHARES}

    return [
        f"- {view}, {features} features: {judge(scores(PLAIN, features), scores(view, features))}"
        for view in VIEWS
        if view != PLAIN
        for features in FEATURES
    ]


def body(found: Mapping[Key, Sequence[Outcome]], seeds: int, steps: int, *, complete: bool) -> str:
    """The section as Markdown."""
    from saddlepoint.recipe import Recipe

    parts = [
        f"The photographs of CIFAR-10 in a folder at 32x32, {seeds} training seeds. Runs are short: {steps:,} steps, where the recipe has "
        f"{Recipe.load(RECIPE).training.steps:,}, and therefore {_deviations()}; this compares augmentations, and does not "
        "show what the recipes reach. Mean ± half of the 95 % interval by Student's t. The training images of a share are the "
        f"same for all seeds. Contrastive and classifier: Fréchet distance between {SAMPLES:,} samples and the test images in features "
        "that were learned from all training images without labels, and by classification. In the first row training images take the "
        "place of samples; since the features were learned from them, this is not exactly the best possible value. Train above test: "
        "probability that the discriminator gives a training image a higher score than a test image; 0.5 is without memorisation. Class "
        "accuracy: share of images that the classifier assigns to their class; in the first row, of the test images. Diversity: mean distance of two images of a class, "
        "relative to test images.",
        results.table(["images", "row", *(heading for heading, _ in COLUMNS.values()), "s a run"], rows(found)),
    ]
    if complete:
        parts += [
            "Is the order of published results confirmed, that augmentation helps more, the fewer the images? Reductions of the distance "
            "are relative and paired by seed; brackets are 95 % intervals by Student's t. The order is confirmed if the reduction grows as "
            "images become fewer and the distance falls at the fewest, denied if either has the opposite sign, each beyond its interval, "
            f"and else undecided. Published FID of StyleGAN2 at the same shares of 50,000 images: {PUBLISHED} (Zhao et al., 2020).",
            "\n".join(verdicts(found)),
        ]
    return "\n\n".join(parts)


def _deviations() -> str:
    """The settings in which runs deviate from the recipe or from defaults, besides steps and views."""
    images = "model.views.adaptive_augmentation.images"
    settings = {**SETTINGS, images: VIEWS["adaptive_augmentation"][images]}
    return " and ".join(f"`{name} {value}`" for name, value in settings.items())


def main(argv: Sequence[str]) -> int:
    parser = argument_parser(__doc__, SEEDS)
    parser.add_argument("--steps", type=int, default=STEPS, help="of every run; a section needs the default")
    arguments = parser.parse_args(argv)
    folder = Path(os.environ.get("SADDLEPOINT_DATA") or ".") / "cifar10-folder"
    quick: bool = arguments.quick
    seeds = 1 if quick else arguments.seeds
    wanted = trials(seeds, steps=arguments.steps, quick=quick)
    with outcomes_file("few_data", arguments.keep, quick=quick) as file:
        missing = unfinished(wanted[arguments.part], file)
        if missing and arguments.minutes > 0:
            if not all((folder / part).is_dir() for part in ("train", "test")):
                print(
                    f"few_data: {folder} has no folders train and test; set SADDLEPOINT_DATA to the folder that holds it.",
                    file=sys.stderr,
                )
                return 2
            train_missing(missing, file, arguments.minutes, Photographs(folder, quick=quick).train, describe)
        found = read(wanted, file)
        measured_at = origin(wanted, file)
    complete = not quick and sum(map(len, found.values())) == len(wanted) and seeds >= SEEDS
    text = body(found, seeds, arguments.steps, complete=complete)
    print(text)
    if complete and arguments.steps == STEPS:
        results.write(SECTION, text, origin=measured_at)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
