"""Few photographs: what augmentation is worth at 100, 20 and 10 % of the training images, and what the recipes reach.

    python benchmarks/few_data.py --keep DIR [--seeds N] [--steps N] [--minutes M] [--part I/N] [--quick]

Needs the folder $SADDLEPOINT_DATA/cifar10-folder with `train` and `test`. A finished run is kept in --keep and not done again; so are
the features, which are learned once. Runs come in rounds, one of every row, so that what is there at any time is comparable. With all
runs of three seeds or more, a section of RESULTS.md is written; never with --quick, which trains a few steps of a small part.

All runs have the networks, optimiser, batch size and number of steps of this file; only the number of training images and the view of
the discriminator differ. Samples are compared with the test images in the features of a network that was trained without labels and of
a classifier, both on all training images. Where real training images take the place of samples, the same score is the real-data
baseline. The hypothesis is the order of published results: the fewer the images, the more augmentation reduces the distance.

References:
    Differentiable Augmentation for Data-Efficient GAN Training (Shengyu Zhao, Zhijian Liu, Ji Lin, Jun-Yan Zhu, Song Han, 2020),
        https://arxiv.org/abs/2006.10738
"""

from __future__ import annotations

import argparse
import hashlib
import json
import math
import os
import statistics
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")

import results
from few_data_verdict import judge
from trials import train_missing

SECTION = "Few photographs"
SEEDS = 3
SAMPLES = 2_000
POLICY = ["color", "translation", "cutout"]
SHARES = (1.0, 0.2, 0.1)
RECIPE, CONDITIONAL = "photographs", "photographs-conditional"
# The average of weights and the adaptive probability follow faster than in the recipes, because runs are short.
STEPS = 1_000
SETTINGS: dict[str, Any] = {"training.ema": 0.99}
PLAIN = "none"
VIEWS: dict[str, dict[str, Any]] = {
    PLAIN: {"model.views.diffaugment": 0.0},
    "diffaugment": {"model.views.diffaugment.policy": POLICY},
    "adaptive_augmentation": {
        "model.views.diffaugment": 0.0,
        "model.views.adaptive_augmentation.policy": POLICY,
        "model.views.adaptive_augmentation.images": 20_000,
    },
}
REAL = "real training images"
FEATURES = {"contrastive": "self-supervised", "classifier": "classifier"}
# FID at 100, 20 and 10 % of CIFAR-10, StyleGAN2 (Zhao et al., 2020).
PUBLISHED = "11.07, 23.08 and 36.02 without, 9.89, 12.15 and 14.50 with DiffAugment"


@dataclass(frozen=True)
class Outcome:
    """The outcome of one run.

    Attributes:
        contrastive: Fréchet distance between samples and test images in features learned without labels.
        classifier: the same in the features of a classifier.
        memorised: probability that the discriminator gives a training image a higher score than a test image; None for real images.
        accuracy: share of samples that the classifier assigns to the class asked for; None for unconditional models.
        diversity: mean distance of two samples of a class relative to two test images of it, mean over classes; None likewise.
        seconds: of training; 0 for real images.
    """

    contrastive: float
    classifier: float
    memorised: float | None
    accuracy: float | None
    diversity: float | None
    seconds: float


@dataclass(frozen=True)
class Trial:
    """One run: recipe, view, share of the training images and seed."""

    row: str
    view: str
    share: float
    seed: int
    steps: int = STEPS
    quick: bool = False

    @property
    def settings(self) -> dict[str, Any]:
        """All settings that differ from the recipe, but the number of images."""
        quick = {"training.batch_size": 8} if self.quick else {}
        steps = {"training.steps": 3 if self.quick else self.steps, "training.seed": self.seed}
        return {**SETTINGS, **VIEWS[self.view], **steps, **quick}

    def place(self, keep: Path) -> Path:
        """Its file, under a hash of all that determines the outcome except the code."""
        known = json.dumps([self.row, self.settings, self.share, self.quick], sort_keys=True)
        name = f"{self.row}-{self.view}-{self.share:g}-{self.seed}".replace(" ", "-")
        return keep / f"{name}-{hashlib.sha256(known.encode()).hexdigest()[:12]}.json"


def trials(seeds: int, *, steps: int = STEPS, quick: bool = False) -> list[Trial]:
    """All trials, in rounds of one of every row."""
    shares, views = (SHARES[-1:], (PLAIN, "adaptive_augmentation")) if quick else (SHARES, tuple(VIEWS))
    rows = [
        (REAL, PLAIN, 1.0),
        *((RECIPE, view, share) for share in shares for view in views),
        (CONDITIONAL, "diffaugment", 1.0),
    ]
    return [Trial(*row, seed, steps, quick) for seed in range(seeds) for row in rows]


class Photographs:
    """The photographs, and the features in which samples are compared with the test images."""

    def __init__(self, folder: Path, *, quick: bool) -> None:
        from saddlepoint.data import load
        from saddlepoint.data.settings import DataSettings
        from saddlepoint.evaluation.features import build_features

        self.source = {"data.source": str(folder), "data.size": 8 if quick else 32}
        self.data = load(
            DataSettings(source=str(folder), size=(8, 8) if quick else (32, 32), limit=200 if quick else None)
        )
        assert self.data.held_out is not None
        assert self.data.held_out.y is not None
        self.test = self.data.held_out
        self.features = {name: build_features(kind, self.data) for name, kind in FEATURES.items()}
        self.test_rows = {name: features(self.test.x) for name, features in self.features.items()}

    def distances(self, x: Any) -> dict[str, float]:
        """Fréchet distances between images and the test images, by features."""
        from saddlepoint.evaluation.metrics.frechet import frechet_distance

        return {name: frechet_distance(features(x), self.test_rows[name]) for name, features in self.features.items()}

    def classes(self, x: Any, labels: Any) -> tuple[float, float]:
        """Accuracy of the classes asked for, and the diversity within them relative to test images in contrastive features."""
        from saddlepoint.evaluation.metrics.diversity import mean_distance

        rows, real = self.features["contrastive"](x), self.test_rows["contrastive"]
        answers = self.features["classifier"].probabilities(x).argmax(1)
        ratios = [
            mean_distance(rows[labels == label]) / mean_distance(real[self.test.y == label])
            for label in range(labels.max() + 1)
        ]
        return float((answers == labels).double().mean()), statistics.fmean(ratios)

    def train(self, trial: Trial) -> Outcome:
        """Train one run as `saddlepoint train` does, without records and pictures, and measure samples of the averaged generator."""
        import torch

        from saddlepoint.data import load
        from saddlepoint.data.batches import Batches
        from saddlepoint.models import build
        from saddlepoint.recipe import Recipe
        from saddlepoint.training import Devices, TrainingState, play

        torch.set_num_threads(1)
        draw = torch.Generator().manual_seed(10_000 + trial.seed)
        if trial.row == REAL:
            chosen = torch.randperm(len(self.data), generator=draw)[:SAMPLES]
            assert self.data.y is not None
            x, y = self.data.x[chosen], self.data.y[chosen]
            return Outcome(**self.distances(x), memorised=None, **self._conditional(x, y), seconds=0.0)
        limit = max(8, round(trial.share * len(self.data)))
        recipe = Recipe.load(trial.row).override({**self.source, **trial.settings, "data.limit": limit})
        dataset = load(recipe.data)
        training = recipe.training.model_copy(update={"tick": recipe.training.steps})
        model = build(recipe.model, dataset.event, seed=training.seed)
        devices = Devices.choose("cpu", training.precision, model)
        state = TrainingState.start(model, training, devices)
        conditional = model.classes is not None
        batches = Batches(dataset, training.batch_size, training.seed, "cpu", model.scaling, labels=conditional)
        for _ in play(model, batches, training, state):
            pass
        labels = torch.arange(SAMPLES) % len(dataset.event.class_names or "-") if conditional else None
        with state.averaged(model):
            x = model.sample(SAMPLES, labels=labels, generator=draw)
        shown = [self._scores(model, part.x[:SAMPLES], part.y[:SAMPLES], conditional) for part in (dataset, self.test)]
        higher = (shown[0][:, None] > shown[1]).double().mean()
        return Outcome(
            **self.distances(x), memorised=float(higher), **self._conditional(x, labels), seconds=state.seconds
        )

    def _conditional(self, x: Any, labels: Any) -> dict[str, float | None]:
        if labels is None:
            return {"accuracy": None, "diversity": None}
        return dict(zip(("accuracy", "diversity"), self.classes(x, labels), strict=True))

    @staticmethod
    def _scores(model: Any, x: Any, y: Any, conditional: bool) -> Any:
        return model.logits(x, y if conditional else None)


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
    sentences = []
    for view in VIEWS:
        for features in FEATURES:
            scores = {
                other: {share: [getattr(one, features) for one in found[RECIPE, other, share]] for share in SHARES}
                for other in (PLAIN, view)
            }
            if view != PLAIN:
                sentences.append(f"- {view}, {features} features: {judge(scores[PLAIN], scores[view])}")
    return sentences


def body(found: Mapping[Key, Sequence[Outcome]], seeds: int, steps: int, *, complete: bool) -> str:
    """The section as Markdown."""
    parts = [
        f"The photographs of CIFAR-10 in a folder (4,000 for training, 1,000 for testing) at 32x32, {steps:,} steps "
        f"of 32 images, {seeds} training seeds, mean ± half of the 95 % interval by Student's t. The training images of a share are the "
        f"same for all seeds. Contrastive and classifier: Fréchet distance between {SAMPLES:,} samples and the test images in features "
        "that were learned from all training images without labels, and by classification. In the first row training images take the "
        "place of samples; since the features were learned from them, this is not exactly the best possible value. Train above test: "
        "probability that the discriminator gives a training image a higher score than a test image; 0.5 is without memorisation. Class "
        "accuracy: share of images that the classifier assigns to their class. Diversity: mean distance of two images of a class, "
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
