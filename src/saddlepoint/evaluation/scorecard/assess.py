"""An assessment: draw samples for several seeds, compute each set's features once, then every metric that applies."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

import torch
from torch import Tensor

from saddlepoint.data.dataset import Dataset
from saddlepoint.errors import SaddlepointError
from saddlepoint.evaluation.features import FEATURES as FEATURE_NAMES
from saddlepoint.evaluation.features import Features, build_features, default_features
from saddlepoint.evaluation.features.extractor import dataset_digest
from saddlepoint.evaluation.result import assess_result
from saddlepoint.evaluation.scorecard.best_effort import try_measure
from saddlepoint.evaluation.scorecard.extremes import Extremes, extremes
from saddlepoint.evaluation.scorecard.feature_sets import FeatureSets
from saddlepoint.evaluation.scorecard.generators import draw_samples
from saddlepoint.evaluation.scorecard.metric_types import SampleMetric
from saddlepoint.evaluation.scorecard.model_scores import score_model, work_on
from saddlepoint.evaluation.scorecard.needs import Available
from saddlepoint.evaluation.scorecard.protocol import FeatureCard, ProtocolCard
from saddlepoint.evaluation.scorecard.registry import model_metrics, sample_metrics
from saddlepoint.evaluation.scorecard.rows import stacked_modes, support
from saddlepoint.evaluation.scorecard.rows.classes import class_rows
from saddlepoint.evaluation.scorecard.sample_scores import applicable, score_samples
from saddlepoint.evaluation.scorecard.samples import (
    ExampleSets,
    build_sets,
    held_out_part,
    in_features,
    in_numbers,
    set_sizes,
)
from saddlepoint.evaluation.scorecard.score import ClassScores, Score, Skipped
from saddlepoint.evaluation.scorecard.scorecard import Scorecard
from saddlepoint.evaluation.scorecard.subject import Subject
from saddlepoint.evaluation.scorecard.validation import (
    blindness_warnings,
    check_event,
    feature_warnings,
    unit_warnings,
)
from saddlepoint.evaluation.settings import AssessmentSettings
from saddlepoint.models.capabilities import GenerativeModel
from saddlepoint.progress import Report, Tally
from saddlepoint.records import Result

MANY = 2_500  # samples a set, above which fewer random halves are drawn
# About how long each part takes: seconds on two cores, for 10,000 samples of each of three seeds.
SAMPLING, FEATURES, SCORES, CLASSES, RESULT = 2.0, 40.0, 30.0, 1.5, 10.0
COMPARED = 2_500  # samples behind the result; more than at the end of training, so that it is finer

Wanted = str | Features | Callable[[Any], Any]


def assess(
    model: GenerativeModel,
    dataset: Dataset,
    settings: AssessmentSettings | None = None,
    features: Wanted | Sequence[Wanted] | None = None,
    progress: Report | None = None,
    on_extremes: Callable[[Extremes], None] | None = None,
) -> Scorecard:
    """Measures how good a model's samples are, against the held-out part of a dataset.

    The same settings on the same machine give the same numbers.

    Args:
        model: anything with an `event` and a `sample`. Whatever else it can do (`encode` and `decode`, `log_prob`) is
            measured too.
        dataset: the data. Without a held-out part, the training examples are halved into a reference and a baseline.
        settings: how many samples and seeds; by default as many samples as held-out examples, at most 10,000, three seeds.
        features: what `build_features` takes, or several of them; by default those for the data (`default_features`).
        progress: called with what is being done and the completed share.
        on_extremes: called with the samples to inspect, by the first of the features; no score depends on it.

    Raises:
        DataError: the model's event is not the data's; fewer than two real examples; samples that are NaN, of the
            wrong shape or in the wrong units.
        SettingError, MissingExtraError: features that do not exist or cannot be made.
    """
    settings = settings or AssessmentSettings()
    began = time.perf_counter()
    check_event(model, dataset)
    n_real, n_fake = set_sizes(dataset, settings)
    seeds = tuple(range(settings.seed, settings.seed + settings.seeds))
    # Fewer splits widen an interval by Student's t; with many points each takes seconds.
    resamples = settings.resamples or (25 if n_fake <= MANY else 10)
    wanted = _as_sequence(features)
    work = work_on(model_metrics(), Available(dataset, model, settings.likelihood))
    tally = Tally(SAMPLING + len(wanted) * (FEATURES + SCORES + CLASSES) + work + RESULT, progress)

    # First, because it may be refused, and because it may take a minute that no later step accounts for.
    tally.start("Building features")
    built = [
        default_features(dataset, settings.seed) if want is None else build_features(want, dataset, settings.seed)
        for want in wanted
    ]
    advance = _drawing(tally, n_fake * len(seeds))
    fakes = tuple(draw_samples(model, dataset.event, n_fake, seed, advance) for seed in seeds)
    sets = build_sets(dataset, n_real, n_fake, fakes, settings.seed)
    subject = Subject(model, dataset, sets.real, fakes[0], settings.seed, settings.likelihood)
    measuring = _Assessment(subject, sets, resamples, tally, warnings=unit_warnings(fakes[0], sets.real, dataset))
    for number, (want, made) in enumerate(zip(wanted, built, strict=True)):
        own = want is not None and want not in FEATURE_NAMES
        measuring.score_features(made, own, None if number else on_extremes)
    measuring.score_numbers()
    measuring.score_model()
    measuring.score_digit_triples()
    if held_out_part(dataset) is None:
        measuring.warnings.append(
            "Nothing is held out: samples are compared with training examples, and a model that copies them looks perfect."
        )
    tally.start("The result")
    measured, why = try_measure(lambda: assess_result(fakes[0], dataset, seed=settings.seed, most=COMPARED))
    result = Result.not_measured(why) if measured is None else measured
    tally.finish()
    card = ProtocolCard(
        model=type(model).__name__,
        data=dataset.name,
        data_fingerprint=dataset_digest(dataset),
        split="training" if held_out_part(dataset) is None else "held-out",
        split_fingerprint=_digest(sets.real),
        n_real=len(sets.real),
        n_fake=n_fake,
        features=tuple(measuring.cards),
        preprocessing=f"none: {dataset.event.plural} of {'x'.join(map(str, dataset.event.shape))} in the data's own units",
        seeds=seeds,
        seed=settings.seed,
        settings={
            "training examples": len(sets.train),
            "resamples": resamples,
            "neighbours of precision and recall": support.NEIGHBOURS,
            "neighbours of density and coverage": support.BALLS,
        },
        versions={"saddlepoint": version("saddlepoint"), "torch": str(torch.__version__)},
        seconds=time.perf_counter() - began,
        finished=datetime.now(UTC).isoformat(timespec="seconds"),
    )
    return Scorecard(
        card,
        tuple(measuring.scores),
        tuple(measuring.skipped),
        measuring.classes,
        tuple(measuring.warnings),
        result=result,
    )


def _drawing(tally: Tally, total: int) -> Callable[[int], None]:
    """A function to call with further numbers of drawn samples: some models draw them in seconds, others in minutes."""
    drawn = 0

    def advance(number: int) -> None:
        nonlocal drawn
        drawn += number
        tally.start(f"Drawing samples ({drawn:,} of {total:,})")
        tally.advance(number * SAMPLING / total)

    tally.start("Drawing samples")
    return advance


@dataclass
class _Assessment:
    """Scores, skipped metrics and warnings that are collected step by step."""

    subject: Subject
    sets: ExampleSets
    resamples: int
    tally: Tally
    warnings: list[str]
    scores: list[Score] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    cards: list[FeatureCard] = field(default_factory=list)
    classes: tuple[ClassScores, ...] = ()

    def score_features(self, made: Features, own: bool, on_extremes: Callable[[Extremes], None] | None) -> None:
        """Every metric of features that applies, and the scores by class. own: the features are the user's."""
        dataset, tally = self.subject.dataset, self.tally
        self.cards.append(FeatureCard(made.name, made.fingerprint, made.dimension, made.notes))
        sets = in_features(made, self.sets, dataset, self.subject.seed, tally, FEATURES)
        self.warnings += feature_warnings(sets, made, own)
        if on_extremes is not None:
            tally.start(f"Samples to look at ({made.name})")
            on_extremes(extremes(sets, self.sets.fakes[0], self.sets.train, self.sets.real))
        chosen = self._applicable(sample_metrics("features"), sets)
        found, failed = score_samples(sets, chosen, self.resamples, tally.within(SCORES))
        tally.advance(SCORES)
        self.scores += found.values()
        self.skipped += failed
        self.warnings += blindness_warnings(found.values())
        if dataset.y is not None and not self.classes:
            tally.start(f"Classes ({made.name})")
            rows, why = try_measure(lambda: class_rows(sets, dataset))
            if rows is not None:
                self.classes, why = rows
            if why:
                self.skipped.append(Skipped("classes", f"Scores by class ({made.name})", why))
        tally.advance(CLASSES)

    def score_numbers(self) -> None:
        """Every metric of the examples' own numbers that applies."""
        dataset, seed = self.subject.dataset, self.subject.seed
        # One example is enough to decide what applies; the bytes of images as numbers would take gigabytes, for metrics that
        # are not for images.
        chosen = self._applicable(sample_metrics("examples"), in_numbers(self.sets, dataset, seed, most=1))
        if chosen:
            sets = in_numbers(self.sets, dataset, seed)
            found, failed = score_samples(sets, chosen, self.resamples, self.tally.within(0.0))
            self.scores += found.values()
            self.skipped += failed

    def score_model(self) -> None:
        """Every metric of the model itself that applies."""
        found, skipped = score_model(self.subject, model_metrics(), self.tally)
        self.scores += found
        self.skipped += skipped

    def score_digit_triples(self) -> None:
        """The modes of Stacked MNIST, listed first; of other data nothing."""
        if not stacked_modes.is_stacked(self.subject.dataset):
            return
        self.tally.start("Modes of Stacked MNIST")
        metrics = sample_metrics("digit triples")
        try:
            read, card = stacked_modes.digit_reader()
        except SaddlepointError as error:
            self.skipped += [Skipped(key, metric.title, str(error)) for key, metric in metrics.items()]
            return
        sets = stacked_modes.digit_triples(self.sets, read, card.name, self.subject.seed)
        found, failed = score_samples(sets, metrics, self.resamples, self.tally.within(0.0))
        self.scores = [*found.values(), *self.scores]
        self.skipped += failed
        self.cards.append(card)

    def _applicable(self, metrics: dict[str, SampleMetric], sets: FeatureSets) -> dict[str, SampleMetric]:
        """Those that apply; the others are skipped."""
        subject = self.subject
        available = Available(subject.dataset, subject.model, subject.likelihood, sets.context)
        chosen, skipped = applicable(metrics, available, sets.name)
        self.skipped += skipped
        return chosen


def _as_sequence(features: Wanted | Sequence[Wanted] | None) -> Sequence[Wanted | None]:
    """A sequence of features; None for the default."""
    if features is None:
        return (None,)
    if isinstance(features, str | Features) or callable(features):
        return (features,)
    return tuple(features)


def _digest(x: Tensor) -> str:
    digest = hashlib.sha256(f"{tuple(x.shape)} {x.dtype}".encode())
    digest.update(x.contiguous().numpy().data)
    return digest.hexdigest()
