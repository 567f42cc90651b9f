"""Few photographs: what augmentation is worth at 100, 20 and 10 % of the training images, and what the recipes reach.

    python benchmarks/few_data.py --keep DIR [--seeds N] [--steps N] [--minutes M] [--part I/N] [--quick]

Needs the folder $SADDLEPOINT_DATA/cifar10-folder with `train` and `test`. A finished run is kept in --keep and not done again; so are
the features, which are learned once. Runs come in rounds, one of every row, so that what is there at any time is comparable. With all
runs of three seeds or more, a section of RESULTS.md is written; never with --quick, which trains a few steps of a small part.

All runs have the same networks, optimiser, batch size and number of steps (`few_data_runs.py`); only the number of training images and
the view of the discriminator differ. Samples are compared with the test images in the features of a network that was trained without labels and of
a classifier, both on all training images. Where real training images take the place of samples, the same score is the real-data
baseline. The hypothesis is the order of published results: the fewer the images, the more augmentation reduces the distance.

References:
    Differentiable Augmentation for Data-Efficient GAN Training (Shengyu Zhao, Zhijian Liu, Ji Lin, Jun-Yan Zhu, Song Han, 2020),
        https://arxiv.org/abs/2006.10738
"""

from __future__ import annotations

import argparse
import json
import math
import os
import statistics
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")

import results
from few_data_runs import (
    FEATURES,
    PLAIN,
    REAL,
    RECIPE,
    SAMPLES,
    SHARES,
    STEPS,
    VIEWS,
    Outcome,
    Photographs,
    Trial,
    trials,
)
from few_data_verdict import judge
from trials import train_missing

SECTION = "Few photographs"
SEEDS = 3
# FID at 100, 20 and 10 % of CIFAR-10, StyleGAN2 (Zhao et al., 2020).
PUBLISHED = "11.07, 23.08 and 36.02 without, 9.89, 12.15 and 14.50 with DiffAugment"


def describe(trial: Trial, outcome: Outcome) -> str:
    """One line about a finished run."""
    scores = f"contrastive {outcome.contrastive:.3f}, classifier {outcome.classifier:.3f}"
    return f"{trial.row}, {trial.view}, {trial.share:.0%}, seed {trial.seed}: {scores}"


Key = tuple[str, str, float]


def read(wanted: Sequence[Trial], keep: Path) -> dict[Key, list[Outcome]]:
    """The finished runs by row, view and share, in the order of their seeds."""
    found: dict[Key, list[Outcome]] = {}
    for trial in wanted:
        if trial.place(keep).exists():
            outcome = Outcome(**json.loads(trial.place(keep).read_text("utf-8")))
            found.setdefault((trial.row, trial.view, trial.share), []).append(outcome)
    return found


COLUMNS = ["images", "row", "contrastive", "classifier", "train above test", "class accuracy", "diversity", "s a run"]


def rows(found: Mapping[Key, Sequence[Outcome]]) -> list[list[str]]:
    """The rows of the table."""
    lines = []
    for (row, view, share), outcomes in found.items():
        measured = [
            spread([value for one in outcomes if (value := getattr(one, name)) is not None], digits)
            for name, digits in (
                ("contrastive", 3),
                ("classifier", 3),
                ("memorised", 3),
                ("accuracy", 3),
                ("diversity", 2),
            )
        ]
        title = row if row == REAL else f"`{row}`, {view}"
        seconds = statistics.median(one.seconds for one in outcomes)
        lines.append([f"{share:.0%}", title, *measured, f"{seconds:.0f}" if seconds else ""])
    return lines


def spread(values: Sequence[float], digits: int) -> str:
    """Mean ± half the width of the 95 % interval by Student's t over seeds; empty without values."""
    if len(values) < 2:
        return f"{values[0]:.{digits}f}" if values else ""
    from scipy import stats

    half = stats.t.ppf(0.975, len(values) - 1) * statistics.stdev(values) / math.sqrt(len(values))
    return f"{statistics.fmean(values):.{digits}f} ± {half:.{digits}f}"


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
    parts = [
        f"The photographs of CIFAR-10 in a folder (4,000 for training, 1,000 for testing) at 32x32, {steps:,} steps "
        f"of 32 images, {seeds} training seeds, mean ± half of the 95 % interval by Student's t. The training images of a share are the "
        f"same for all seeds. Contrastive and classifier: Fréchet distance between {SAMPLES:,} samples and the test images in features "
        "that were learned from all training images without labels, and by classification. In the first row training images take the "
        "place of samples; since the features were learned from them, this is not exactly the best possible value. Train above test: "
        "probability that the discriminator gives a training image a higher score than a test image; 0.5 is without memorisation. Class "
        "accuracy: share of images that the classifier assigns to their class; in the first row, of the test images. Diversity: mean distance of two images of a class, "
        "relative to test images.",
        results.table(COLUMNS, rows(found)),
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


def photographs_folder() -> Path:
    """The folder of photographs.

    Raises:
        SystemExit: it is not there.
    """
    folder = Path(os.environ.get("SADDLEPOINT_DATA") or ".") / "cifar10-folder"
    if not all((folder / part).is_dir() for part in ("train", "test")):
        raise SystemExit(
            f"few_data: {folder} has no folders train and test; set SADDLEPOINT_DATA to the folder that holds it."
        )
    return folder


def main(argv: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--keep", type=Path, metavar="DIR", help="where runs are kept; without it they are thrown away")
    parser.add_argument("--seeds", type=int, default=SEEDS)
    parser.add_argument("--steps", type=int, default=STEPS, help="of every run")
    parser.add_argument("--minutes", type=float, default=math.inf, help="begin no run after so many")
    parser.add_argument("--part", default="0/1", metavar="I/N", help="train every Nth run from the Ith on")
    parser.add_argument("--quick", action="store_true", help="a few steps of one seed at 8x8; writes nothing")
    arguments = parser.parse_args(argv)
    load = os.getloadavg()[0]
    folder, seeds = photographs_folder(), 1 if arguments.quick else arguments.seeds
    wanted = trials(seeds, steps=arguments.steps, quick=arguments.quick)
    with tempfile.TemporaryDirectory() as scratch:
        keep = arguments.keep or Path(scratch)
        os.environ["SADDLEPOINT_CACHE"] = str(keep / "cache")
        part, parts = map(int, arguments.part.split("/"))
        if any(not trial.place(keep).exists() for trial in wanted[part::parts]):
            train_missing(
                wanted[part::parts], keep, arguments.minutes, Photographs(folder, quick=arguments.quick).train, describe
            )
        found = read(wanted, keep)
    complete = not arguments.quick and sum(map(len, found.values())) == len(wanted) and seeds >= SEEDS
    text = body(found, seeds, arguments.steps, complete=complete)
    print(text)
    if complete:
        results.write(SECTION, text, load=load)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
