"""The scoreboard: models of all families, a Gaussian mixture and real examples, each by every metric, over training seeds.

python benchmarks/scoreboard.py [--data digits mnist] [--seeds N] [--keep FOLDER] [--quick]

Digits take minutes and MNIST hours on one core. With --keep, finished work in FOLDER is reused. A section of
RESULTS.md is written with three seeds or more; never with --quick, which only shows that everything runs. What the tables of
2026-11-21 say about the metrics is in docs/evaluation.md, "What the metrics disagree about".
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
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import torch

import results
import saddlepoint as sp
from saddlepoint.data import Dataset
from saddlepoint.evaluation.scorecard.assess import assess
from saddlepoint.evaluation.scorecard.metric_types import SampleMetric
from saddlepoint.evaluation.scorecard.registry import all_metrics
from saddlepoint.evaluation.scorecard.score import Score
from saddlepoint.evaluation.scorecard.scorecard import Scorecard
from saddlepoint.evaluation.settings import AssessmentSettings
from saddlepoint.evaluation.statistics.intervals import mean_interval
from saddlepoint.experiment import resume
from saddlepoint.models.capabilities import GenerativeModel
from saddlepoint.records import RunFolder
from sides.classical import PrincipalMixture, RealExamples

SEEDS = 3
MIXTURE, REAL = "mixture", "real against real"
FEATURES = ("classifier", "pca")
RESAMPLES = 5  # as few as can be: the intervals here are over training runs, not over split halves
HUGE = 1e8


@dataclass(frozen=True)
class Protocol:
    """How the models are trained and evaluated.

    Attributes:
        recipes: by what the model is called.
        steps: by recipe, in place of its own.
        samples: for each sampling seed; None: as many as held-out examples.
        sampling_seeds: of an evaluation.
        components: of the mixture.
        gaussians: of the mixture.
        features: in which scores are computed.
    """

    recipes: Mapping[str, str]
    steps: Mapping[str, int]
    samples: int | None
    sampling_seeds: int
    components: int
    gaussians: int
    features: tuple[str, ...] = FEATURES


PROTOCOLS = {
    "digits": Protocol(
        {
            "autoencoder": "autoencoder-digits",
            "VAE": "vae-digits",
            "VQ-VAE": "vq-vae-digits",
            "PixelCNN": "pixelcnn-digits",
            "flow": "flow-digits",
            "diffusion": "diffusion-digits",
            "GAN": "gan-digits",
            "DCGAN": "dcgan-digits",
            "Gaussian": "gaussian-digits",
            "mixture by EM": "mixture-digits",
            "probabilistic PCA": "pca-digits",
            "kernel density": "kernel-density-digits",
            "naive Bayes": "naive-bayes-digits",
        },
        {},
        None,
        5,
        20,
        10,
    ),
    # The whole recipes of the DCGAN, the PixelCNN and the diffusion model would take longer than all the rest.
    "mnist": Protocol(
        {
            "autoencoder": "autoencoder-mnist",
            "VAE": "vae-mnist",
            "MADE": "made-mnist",
            "PixelCNN": "pixelcnn-mnist",
            "diffusion": "diffusion-mnist",
            "GAN": "gan-mnist",
            "DCGAN": "dcgan-mnist",
        },
        {"dcgan-mnist": 2_000, "pixelcnn-mnist": 1_000, "diffusion-mnist": 1_000, "made-mnist": 10_000},
        3_000,
        1,
        40,
        50,
    ),
}
QUICK_ROWS = ("VAE", "DCGAN")
QUICK_STEPS = 3


def quick(protocol: Protocol) -> Protocol:
    """The same with few models, steps and samples."""
    recipes = {title: recipe for title, recipe in protocol.recipes.items() if title in QUICK_ROWS}
    return Protocol(recipes, dict.fromkeys(recipes.values(), QUICK_STEPS), 60, 1, 5, 2)


@dataclass(frozen=True)
class Board:
    """The scores of all models.

    Attributes:
        values: by title of the score, then by row, one value for each training seed.
        scores: by title, the score of real examples, with both of its baselines.
    """

    values: Mapping[str, Mapping[str, Sequence[float]]]
    scores: Mapping[str, Score]


@dataclass(frozen=True)
class Training:
    """One recipe and how long it was trained, the same for all seeds."""

    recipe: str
    steps: int
    recipe_steps: int


class Maker:
    """Trains and evaluates; finished work in `folder` is reused."""

    def __init__(self, name: str, protocol: Protocol, seeds: int, folder: Path) -> None:
        self.name, self.protocol, self.seeds, self.folder = name, protocol, seeds, folder
        self.dataset: Dataset = sp.load_data(name)
        self.trainings: dict[str, Training] = {}
        self.kept = math.nan  # share of the variance that the mixture's components hold

    def cards(self) -> dict[str, list[Scorecard]]:
        """A scorecard a seed, by row."""
        recipes = self.protocol.recipes
        found: dict[str, list[Scorecard]] = {row: [] for row in (*recipes, MIXTURE, REAL)}
        for seed in range(self.seeds):
            for title, recipe in recipes.items():
                found[title].append(self.of_recipe(recipe, title, seed))
            for row in (MIXTURE, REAL):
                found[row].append(self.of_classical(row, seed))
        return found

    def of_recipe(self, recipe: str, title: str, seed: int) -> Scorecard:
        run = self.trained(recipe, seed)
        self.trainings[title] = Training(recipe, run.recipe.training.steps, sp.Recipe.load(recipe).training.steps)
        return self.evaluated(run.model, f"{recipe}-seed-{seed}", run.recipe.to_yaml())

    def trained(self, recipe: str, seed: int) -> sp.Run:
        """The run of this recipe and seed; one that was interrupted is resumed, one of other settings replaced."""
        settings: dict[str, int] = {"seed": seed}
        if recipe in self.protocol.steps:
            settings["steps"] = self.protocol.steps[recipe]
        place = RunFolder(self.folder / "runs" / f"{recipe}-seed-{seed}")
        wanted = sp.Recipe.load(recipe).override({f"training.{key}": value for key, value in settings.items()})
        same = place.exists() and sp.Run(place.path).recipe == wanted
        if same and place.read_summary().get("state") in ("finished", "failed"):
            return sp.Run(place.path)
        say(f"{self.name}: training {recipe}, seed {seed}, {wanted.training.steps:,} steps ...")
        if same:
            return resume(place.path, pictures=False)
        return sp.train(wanted, run=place.path, overwrite=place.exists(), pictures=False)

    def of_classical(self, row: str, seed: int) -> Scorecard:
        protocol = self.protocol
        if row == REAL:
            return self.evaluated(RealExamples(self.dataset, seed, self.seeds), f"real-{seed}-of-{self.seeds}")
        model = PrincipalMixture(self.dataset, protocol.components, protocol.gaussians, seed)
        self.kept = model.kept
        return self.evaluated(model, f"mixture-{protocol.components}-{protocol.gaussians}-seed-{seed}")

    def evaluated(self, model: GenerativeModel, name: str, made_by: str = "") -> Scorecard:
        """The model's scorecard, kept under a name with a hash of all that determines it except the code."""
        protocol = self.protocol
        asked = {
            "samples": protocol.samples,
            "seeds": protocol.sampling_seeds,
            "features": protocol.features,
            "data": self.dataset.fingerprint,
            "made by": made_by,
            "versions": [version("saddlepoint"), torch.__version__],
        }
        seal = hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()[:12]
        file = self.folder / "scorecards" / f"{self.name}-{name}-{seal}.json"
        if file.is_file():
            return Scorecard.load(file)
        began = time.monotonic()
        settings = AssessmentSettings(samples=protocol.samples, seeds=protocol.sampling_seeds, resamples=RESAMPLES)
        card = assess(model, self.dataset, settings, protocol.features)
        file.parent.mkdir(parents=True, exist_ok=True)
        card.save(file)
        say(f"{self.name}: evaluated {name} in {time.monotonic() - began:.0f} s")
        return card


def say(sentence: str) -> None:
    print(sentence, file=sys.stderr, flush=True)


def board_of(cards: dict[str, list[Scorecard]]) -> Board:
    """The scores that all rows have."""
    first = cards[REAL][0]
    common = [score for score in first.scores if all(measured(card, score) for of in cards.values() for card in of)]
    values = {
        score.title: {row: [card[score.title].value for card in of] for row, of in cards.items()} for score in common
    }
    return Board(values, {score.title: score for score in common})


def measured(card: Scorecard, score: Score) -> bool:
    return any(other.title == score.title for other in card.scores)


def shown(value: float) -> str:
    """Three significant digits, with an exponent only from a hundred million on."""
    if not math.isfinite(value):
        return str(value)
    if abs(value) >= HUGE:
        return f"{value:.2e}"
    if value == 0:
        return "0"
    digits = max(0, 2 - math.floor(math.log10(abs(value))))
    return "0" if digits > 5 else f"{value:,.{digits}f}"


def spread(values: Sequence[float]) -> str:
    """Mean ± half of the 95 % interval, its digits as many as the half's first two."""
    mean = statistics.fmean(values)
    if len(values) < 2 or not math.isfinite(mean):
        return shown(mean)
    interval = mean_interval(torch.tensor(list(values), dtype=torch.float64))
    half = interval.high - interval.value
    if half < 1e-9:
        return f"{shown(mean)} ± 0"
    if abs(mean) >= HUGE:
        return f"{mean:.2e} ± {half:.1e}"
    digits = min(5, max(0, 1 - math.floor(math.log10(half))))
    return f"{mean:,.{digits}f} ± {half:,.{digits}f}"


def is_copying_score(score: Score) -> bool:
    """Whether training examples are no baseline for this score, because they are copies of themselves."""
    metric = all_metrics()[score.metric]
    return isinstance(metric, SampleMetric) and "copies" in metric.worst_case


def scores_table(board: Board, features: str) -> str:
    """Metrics in these features down, models across."""
    models = [row for row in next(iter(board.values.values())) if row != REAL]
    arrows = {"lower": "lower", "higher": "higher", "none": ""}
    rows = []
    for title, score in board.scores.items():
        if score.features != features:
            continue
        values = board.values[title]
        real = "(baseline)" if is_copying_score(score) else spread(values[REAL])
        baseline, worst_case = (shown(end.value) if end else "" for end in (score.baseline, score.worst_case))
        name = title.removesuffix(f" ({features})")
        rows.append([name, arrows[score.better], *(spread(values[m]) for m in models), real, baseline, worst_case])
    return results.table(["", "better", *models, REAL, "baseline", "worst case"], rows)


def protocol_facts(maker: Maker, cards: dict[str, list[Scorecard]]) -> str:
    """What a reader needs in order to repeat the measurement."""
    card, protocol = cards[REAL][0].card, maker.protocol
    lengths = []
    for title, training in maker.trainings.items():
        short = "" if training.steps == training.recipe_steps else f" of the recipe's {training.recipe_steps:,}"
        lengths.append(f"{title} `{training.recipe}`, {training.steps:,} steps{short}")
    features = "; ".join(
        f"{f.name}, {f.dimension} numbers, {f.fingerprint[:12]}" + (f" ({', '.join(f.notes)})" if f.notes else "")
        for f in card.features
    )
    warnings = "".join(f"\n- Warning of the scorecards: {text}" for text in dict.fromkeys(cards[REAL][0].warnings))
    return (
        f"- **Trained**, {maker.seeds} seeds each: {'; '.join(lengths)}. Averaged weights where the recipe keeps them. An autoencoder "
        "samples from a mixture fitted to its codes.\n"
        f"- **{MIXTURE}**: {protocol.gaussians} Gaussians with full covariances over {protocol.components} principal components "
        f"({maker.kept:.0%} of the variance; the rest is left out), a seed its own start of the fit.\n"
        f"- **{REAL}**: training examples in the samples' place, each seed its own {len(maker.dataset) // maker.seeds:,} of them. "
        "They are copies by nature: measures of copying show the baseline instead.\n"
        f"- **Protocol**, the same for all: {card.n_fake:,} samples for each of {len(card.seeds)} sampling seed(s) against "
        f"{card.n_real:,} {card.split} examples of {card.data} (split {card.split_fingerprint[:12]}); {card.preprocessing}; saddlepoint {card.versions['saddlepoint']}.\n"
        f"- **Features**: {features}.\n"
        "- **Intervals**: mean ± half of a 95 % interval by Student's t over the training seeds; the held-out examples stay the same. "
        f"Of {maker.seeds} seeds it is wide: t is {student(maker.seeds):.1f}.\n"
        "- **baseline**: other real examples in the samples' place, once (for copying: halves of the held-out examples); **worst case**: a deliberately "
        f"bad generator (noise, one example again and again; for copying, the training examples).{warnings}"
    )


def student(seeds: int) -> float:
    from scipy.stats import t

    return float(t.ppf(0.975, seeds - 1))


def section(maker: Maker, cards: dict[str, list[Scorecard]]) -> str:
    """The section's body in Markdown: the protocol, then one table for each kind of features."""
    board = board_of(cards)
    kinds = list(dict.fromkeys(score.features for score in board.scores.values() if score.features))
    blocks = [protocol_facts(maker, cards)]
    blocks += [f"### {maker.name}: in {kind}\n\n{scores_table(board, kind)}" for kind in kinds]
    return "\n\n".join(blocks)


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", nargs="+", choices=list(PROTOCOLS), default=list(PROTOCOLS), metavar="NAME")
    parser.add_argument("--seeds", type=int, default=SEEDS, help=f"training seeds (default: {SEEDS})")
    parser.add_argument("--keep", type=Path, help="a folder for what is finished, so that it is not done again")
    parser.add_argument("--quick", action="store_true", help="a few steps of two seeds; writes nothing")
    arguments = parser.parse_args(argv)
    if arguments.seeds < 2:
        parser.error("--seeds: at least 2, for an interval")
    own = os.environ.get("SADDLEPOINT_DATA")
    if "mnist" in arguments.data and not (own and (Path(own) / "mnist").is_dir()):
        print("scoreboard: there is no MNIST in $SADDLEPOINT_DATA/mnist; put its four files there.", file=sys.stderr)
        return 2
    load = os.getloadavg()[0]
    seeds = 2 if arguments.quick else arguments.seeds
    with tempfile.TemporaryDirectory() as temporary:
        folder = arguments.keep or Path(temporary)
        for name in arguments.data:
            maker = Maker(name, quick(PROTOCOLS[name]) if arguments.quick else PROTOCOLS[name], seeds, folder)
            body = section(maker, maker.cards())
            title = f"Scoreboard on {name}"
            print(f"\n## {title}\n\n{body}", flush=True)
            if not arguments.quick and seeds >= SEEDS:
                results.write(title, body, load=load)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
