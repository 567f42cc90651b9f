"""An assessment: samples of several seeds, features once a set, then every metric that applies."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

import torch
from torch import Tensor

from saddlepoint.data.dataset import Dataset
from saddlepoint.evaluation.features import FEATURES as FEATURE_NAMES
from saddlepoint.evaluation.features import Features, build_features, default_features
from saddlepoint.evaluation.features.extractor import content_of
from saddlepoint.evaluation.result import assess_result
from saddlepoint.evaluation.scorecard import measures
from saddlepoint.evaluation.scorecard.extremes import Extremes, extremes
from saddlepoint.evaluation.scorecard.generators import drawn
from saddlepoint.evaluation.scorecard.guard import or_skipped, try_measure
from saddlepoint.evaluation.scorecard.protocol import FeatureCard, ProtocolCard
from saddlepoint.evaluation.scorecard.rows.classes import by_class
from saddlepoint.evaluation.scorecard.rows.codes import of_codes
from saddlepoint.evaluation.scorecard.rows.examples import EXAMPLE_METRICS, of_examples
from saddlepoint.evaluation.scorecard.rows.games import game_work, of_games
from saddlepoint.evaluation.scorecard.rows.likelihoods import likelihood_work, of_likelihoods
from saddlepoint.evaluation.scorecard.rows.stacked_modes import is_stacked, of_stacks
from saddlepoint.evaluation.scorecard.samples import gathered, held_out_of, in_features, in_numbers, sizes
from saddlepoint.evaluation.scorecard.scorecard import ClassScores, Score, Scorecard, Skipped
from saddlepoint.evaluation.scorecard.scoring import applicable, scored
from saddlepoint.evaluation.scorecard.validation import check_event, of_blindness, of_features, of_units
from saddlepoint.evaluation.settings import AssessmentSettings
from saddlepoint.models.capabilities import GenerativeModel
from saddlepoint.progress import Report, Tally
from saddlepoint.records import Result

MANY = 2_500  # samples a set, above which fewer halves are drawn
# About how long each part takes beside the others: seconds on two cores, of 10,000 samples for each of three seeds.
SAMPLING, FEATURES, SCORES, CLASSES, CODES, RESULT = 2.0, 40.0, 30.0, 1.5, 1.0, 10.0
COMPARED = 2_500  # samples behind the result, more than at the end of training, and so finer

Wanted = str | Features | Callable[[Any], Any]


def assess(
    model: GenerativeModel,
    dataset: Dataset,
    settings: AssessmentSettings | None = None,
    features: Wanted | Sequence[Wanted] | None = None,
    progress: Report | None = None,
    looks: Callable[[Extremes], None] | None = None,
) -> Scorecard:
    """How good the model's samples are, measured against the dataset's held-out part.

    model: anything with an `event` and a `sample`; what else it can do (`encode` and `decode`, `log_prob`) is measured
        too. dataset: without a held-out part the training examples are halved into a reference and a floor.
    settings: how many samples and seeds; by default as many samples as held-out examples, at most 10,000, three seeds.
    features: what `build_features` takes, or several of them; by default what suits the data.
    progress: hears what is being done and which share is done.
    looks: is given the samples to look at, by the first of the features; no part of any score.

    The same settings on the same machine give the same numbers.

    Raises:
        DataError: the model's event is not the data's; fewer than two real examples; samples that are NaN, of the
            wrong shape or in the wrong units.
        SettingError, MissingExtraError: features that do not exist or cannot be made.
    """
    settings = settings or AssessmentSettings()
    began = time.perf_counter()
    check_event(model, dataset)
    n_real, n_fake = sizes(dataset, settings)
    seeds = tuple(range(settings.seed, settings.seed + settings.seeds))
    # Fewer halves widen an interval by Student's t; with many points each takes seconds.
    resamples = settings.resamples or (25 if n_fake <= MANY else 10)
    wanted = _wanted(features)
    rest = likelihood_work(model, settings.likelihood) + len(EXAMPLE_METRICS) + CODES + game_work(model) + RESULT
    tally = Tally(SAMPLING + len(wanted) * (FEATURES + SCORES + CLASSES) + rest, progress)

    # First: it may be refused, and it may take a minute that no later step knows of.
    tally.start("Building features")
    built = [
        default_features(dataset, settings.seed) if want is None else build_features(want, dataset, settings.seed)
        for want in wanted
    ]
    tally.start("Drawing samples")
    each = SAMPLING / (n_fake * len(seeds))
    fakes = tuple(drawn(model, dataset.event, n_fake, seed, lambda n: tally.advance(n * each)) for seed in seeds)
    sets = gathered(dataset, n_real, n_fake, fakes, settings.seed)

    scores: list[Score] = []
    skipped: list[Skipped] = []
    warnings = of_units(fakes[0], sets.real, dataset)
    cards: list[FeatureCard] = []
    classes: tuple[ClassScores, ...] = ()
    for want, made in zip(wanted, built, strict=True):
        cards.append(FeatureCard(made.name, made.fingerprint, made.dimension, made.notes))
        sides = in_features(made, sets, dataset, settings.seed, tally, FEATURES)
        warnings += of_features(sides, made, own=want is not None and want not in FEATURE_NAMES)
        if looks is not None and len(cards) == 1:
            tally.start(f"Samples to look at ({made.name})")
            looks(extremes(sides, sets.fakes[0], sets.train, sets.real))
        chosen, lacking = applicable(sides, dataset, "features")
        found, failed = scored(sides, chosen, resamples, tally.within(SCORES))
        tally.advance(SCORES)
        scores += found.values()
        skipped += lacking + failed
        warnings += of_blindness(found.values())
        if dataset.y is not None and not classes:
            tally.start(f"Classes ({made.name})")
            by_each, why = try_measure(lambda sides=sides: by_class(sides, dataset))  # type: ignore[misc]
            if by_each is not None:
                classes, why = by_each
            if why:
                skipped.append(Skipped("classes", f"Scores by class ({made.name})", why))
        tally.advance(CLASSES)

    # One example tells what applies; images' bytes as numbers would take gigabytes, for metrics that are not for images.
    chosen, lacking = applicable(in_numbers(sets, dataset, settings.seed, most=1), dataset, "examples")
    found, failed = {}, list[Skipped]()
    if chosen:
        found, failed = scored(in_numbers(sets, dataset, settings.seed), chosen, resamples, tally.within(0.0))
    own, without = or_skipped(
        "reconstruction", "Scores of examples", lambda: of_examples(model, dataset, sets.real, settings.seed, tally)
    )
    likelihoods, unlikely = or_skipped(
        "log_likelihood",
        "Likelihoods",
        lambda: of_likelihoods(model, dataset, sets.real, fakes[0], settings.seed, settings.likelihood, tally),
    )
    codes, uncoded = or_skipped("codes", "Scores of codes", lambda: of_codes(model, sets.real, settings.seed, tally))
    games, no_games = or_skipped(
        "duality_gap", "Duality gap of the game", lambda: of_games(model, dataset, settings.seed, tally)
    )
    scores += [*found.values(), *own, *likelihoods, *codes, *games]
    skipped += lacking + failed + without + unlikely + uncoded + no_games
    if is_stacked(dataset):
        tally.start("Modes of Stacked MNIST")
        modes, uncounted, read_by = of_stacks(
            sets.real,
            sets.train[:n_fake],
            sets.fakes,
            {"noise": sets.noise, "repeat": sets.repeat},
            settings.seed,
            resamples,
        )
        scores, skipped, cards = modes + scores, skipped + uncounted, cards + read_by
    if held_out_of(dataset) is None:
        warnings.append(
            "Nothing is held out: samples are compared with training examples, and a model that copies them looks perfect."
        )
    tally.start("The result")
    measured, why = try_measure(lambda: assess_result(fakes[0], dataset, seed=settings.seed, most=COMPARED))
    result = Result.not_measured(why) if measured is None else measured
    tally.finish()
    card = ProtocolCard(
        model=type(model).__name__,
        data=dataset.name,
        data_fingerprint=content_of(dataset),
        split="training" if held_out_of(dataset) is None else "held-out",
        split_fingerprint=_digest(sets.real),
        n_real=len(sets.real),
        n_fake=n_fake,
        features=tuple(cards),
        preprocessing=f"none: {dataset.event.plural} of {'x'.join(map(str, dataset.event.shape))} in the data's own units",
        seeds=seeds,
        seed=settings.seed,
        settings={
            "training examples": len(sets.train),
            "resamples": resamples,
            "neighbours of precision and recall": measures.NEIGHBOURS,
            "neighbours of density and coverage": measures.BALLS,
        },
        versions={"saddlepoint": version("saddlepoint"), "torch": str(torch.__version__)},
        seconds=time.perf_counter() - began,
        finished=datetime.now(UTC).isoformat(timespec="seconds"),
    )
    return Scorecard(card, tuple(scores), tuple(skipped), classes, tuple(warnings), result=result)


def _wanted(features: Wanted | Sequence[Wanted] | None) -> Sequence[Wanted | None]:
    """None stands for what suits the data."""
    if features is None:
        return (None,)
    if isinstance(features, str | Features) or callable(features):
        return (features,)
    return tuple(features)


def _digest(x: Tensor) -> str:
    digest = hashlib.sha256(f"{tuple(x.shape)} {x.dtype}".encode())
    digest.update(x.contiguous().numpy().data)
    return digest.hexdigest()
