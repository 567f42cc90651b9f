"""An assessment: samples of several seeds, features once a set, then every metric that applies."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

import torch
from torch import Tensor

from saddlepoint.data.dataset import Dataset, Event
from saddlepoint.data.split import shuffled_order
from saddlepoint.errors import DataError
from saddlepoint.evaluation.assessment import measures
from saddlepoint.evaluation.assessment.classes import by_class
from saddlepoint.evaluation.assessment.codes import of_codes
from saddlepoint.evaluation.assessment.examples import EXAMPLE_METRICS, of_examples
from saddlepoint.evaluation.assessment.extremes import Extremes, extremes
from saddlepoint.evaluation.assessment.generators import drawn, noise, repeat
from saddlepoint.evaluation.assessment.likelihoods import FUNCTIONS, of_likelihoods
from saddlepoint.evaluation.assessment.metrics import METRICS
from saddlepoint.evaluation.assessment.progress import Progress, Tally
from saddlepoint.evaluation.assessment.scoring import Sides, applicable, scored
from saddlepoint.evaluation.assessment.sets import Context, Points
from saddlepoint.evaluation.assessment.stacks import is_stacked, of_stacks
from saddlepoint.evaluation.features import Features, build_features, default_features
from saddlepoint.evaluation.features.extractor import content_of
from saddlepoint.evaluation.neighbours import nearest
from saddlepoint.evaluation.protocol import FeatureCard, ProtocolCard
from saddlepoint.evaluation.scorecard import ClassScores, Score, Scorecard, Skipped
from saddlepoint.evaluation.settings import AssessmentSettings
from saddlepoint.models.base import GenerativeModel

MOST_SAMPLES = 10_000  # by default; more narrow the intervals slowly and cost the square
MANY = 2_500  # samples a set, above which fewer halves are drawn
MOST_TRAINING = 60_000  # training examples that samples' nearest neighbours are looked for among

Wanted = str | Features | Callable[[Any], Any]


@dataclass(frozen=True)
class _Sets:
    """Examples (N, *event) before any features. training: as many as real ones, for the floor; train: all that copies
    are looked for among."""

    real: Tensor
    labels: Tensor | None
    training: Tensor
    train: Tensor
    fakes: tuple[Tensor, ...]
    noise: Tensor
    repeat: Tensor


def assess(
    model: GenerativeModel,
    dataset: Dataset,
    settings: AssessmentSettings | None = None,
    features: Wanted | Sequence[Wanted] | None = None,
    progress: Progress | None = None,
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
    _check(model, dataset)
    wanted = _wanted(features)
    n_real, n_fake = _sizes(dataset, settings)
    seeds = tuple(range(settings.seed, settings.seed + settings.seeds))
    metrics_work, sampling_work, features_work = 1.0, 4.0, 6.0
    # Fewer halves widen an interval by Student's t; with many points each takes seconds.
    resamples = settings.resamples or (25 if n_fake <= MANY else 10)
    tally = Tally(
        sampling_work
        + max(1, len(wanted)) * (features_work + metrics_work * len(METRICS))
        + len(EXAMPLE_METRICS)
        + len(FUNCTIONS)
        + 1,
        progress,
    )

    tally.begin("Drawing samples")
    each = sampling_work / (n_fake * len(seeds))
    fakes = tuple(drawn(model, dataset.event, n_fake, seed, lambda n: tally.advance(n * each)) for seed in seeds)
    sets = _sets(dataset, n_real, n_fake, fakes, settings.seed)

    scores: list[Score] = []
    skipped: list[Skipped] = []
    warnings: list[str] = []
    cards: list[FeatureCard] = []
    classes: tuple[ClassScores, ...] = ()
    for want in wanted or (None,):
        tally.begin("Building features")
        made = (
            default_features(dataset, settings.seed) if want is None else build_features(want, dataset, settings.seed)
        )
        cards.append(FeatureCard(made.name, made.fingerprint, made.dimension, made.notes))
        sides = _sides(made, sets, dataset, settings.seed, tally, features_work)
        warnings += _doubts(sides, made)
        if looks is not None and len(cards) == 1:
            tally.begin(f"Samples to look at ({made.name})")
            looks(extremes(sides, sets.fakes[0], sets.train, sets.real))
        chosen, lacking = applicable(sides, dataset, "features")
        found, failed = scored(sides, chosen, resamples, _turns(tally))
        scores += found.values()
        skipped += lacking + failed
        blind = [score.title for score in found.values() if score.blind]
        if blind:
            warnings.append(
                f"A deliberately bad generator does better than real data in {', '.join(blind)}: there, these features take "
                "noise for data, and a good value proves nothing. Read the other scores, or take other features."
            )
        if dataset.y is not None and not classes:
            tally.begin(f"Classes ({made.name})")
            classes, why = by_class(sides, dataset)
            if why:
                skipped.append(Skipped("classes", f"Scores by class ({made.name})", why))

    # One example tells what applies; images' bytes as numbers would take gigabytes, for metrics that are not for images.
    chosen, lacking = applicable(_plain_sides(sets, dataset, settings.seed, most=1), dataset, "examples")
    found, failed = {}, list[Skipped]()
    if chosen:
        found, failed = scored(_plain_sides(sets, dataset, settings.seed), chosen, resamples, _turns(tally))
    own, without = of_examples(model, dataset, sets.real, settings.seed, tally)
    likelihoods, unlikely = of_likelihoods(
        model, dataset, sets.real, fakes[0], settings.seed, settings.likelihood, tally
    )
    codes, uncoded = of_codes(model, sets.real, settings.seed, tally)
    scores += [*found.values(), *own, *likelihoods, *codes]
    skipped += lacking + failed + without + unlikely + uncoded
    if is_stacked(dataset):
        tally.begin("Modes of Stacked MNIST")
        modes, uncounted, read_by = of_stacks(
            sets.real,
            sets.train[:n_fake],
            sets.fakes,
            {"noise": sets.noise, "repeat": sets.repeat},
            settings.seed,
            resamples,
        )
        scores, skipped, cards = modes + scores, skipped + uncounted, cards + read_by
    held_out = dataset.held_out is not None and len(dataset.held_out) > 1
    if not held_out:
        warnings.append(
            "Nothing is held out: samples are compared with training examples, and a model that copies them looks perfect."
        )
    tally.end()
    card = ProtocolCard(
        model=type(model).__name__,
        data=dataset.name,
        data_fingerprint=content_of(dataset),
        split="held-out" if held_out else "training",
        split_fingerprint=_digest(sets.real),
        n_real=len(sets.real),
        n_fake=n_fake,
        features=tuple(cards),
        preprocessing=f"none: {dataset.event.kind}s of {'x'.join(map(str, dataset.event.shape))} in the data's own units",
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
    return Scorecard(card, tuple(scores), tuple(skipped), classes, tuple(warnings))


def _check(model: GenerativeModel, dataset: Dataset) -> None:
    theirs, ours = model.event, dataset.event
    if not isinstance(theirs, Event):
        raise DataError(
            f"the model's event says what one example is, and must be an Event, not {theirs!r}: where it makes examples like "
            f"the data's, set event = sp.load_data({dataset.name!r}).event."
        )
    if tuple(theirs.shape) != ours.shape:
        raise DataError(
            f"the model makes examples of shape {tuple(theirs.shape)} and {dataset.name} holds {ours.kind}s of shape "
            f"{ours.shape}: evaluate it on data of its own shape."
        )
    if theirs.dtype != ours.dtype:
        raise DataError(
            f"the model makes {theirs.dtype} examples and {dataset.name} holds {ours.dtype}: samples and data must be in the "
            "same units (the model's event should be the data's)."
        )


def _wanted(features: Wanted | Sequence[Wanted] | None) -> tuple[Wanted, ...]:
    if features is None:
        return ()
    if isinstance(features, str | Features) or callable(features):
        return (features,)
    return tuple(features)


def _sizes(dataset: Dataset, settings: AssessmentSettings) -> tuple[int, int]:
    """Real examples and samples a set."""
    reference = len(dataset.held_out) if dataset.held_out is not None else 0
    if reference < 2:
        reference = len(dataset) // 2
    if reference < 2:
        raise DataError(
            f"{dataset.name}: {len(dataset):,} training and {len(dataset.held_out or ()):,} held-out examples are too few to "
            "compare samples with; give data with two held-out examples or more."
        )
    n_fake = settings.samples or min(MOST_SAMPLES, reference)
    return min(reference, n_fake), n_fake


def _sets(dataset: Dataset, n_real: int, n_fake: int, fakes: tuple[Tensor, ...], seed: int) -> _Sets:
    order = shuffled_order(len(dataset), seed)
    if dataset.held_out is not None and len(dataset.held_out) > 1:
        index = shuffled_order(len(dataset.held_out), seed)[:n_real]
        real, labels = dataset.held_out.x[index], dataset.held_out.y
        training = order
    else:
        index, training = order[:n_real], order[n_real:]
        real, labels = dataset.x[index], dataset.y
    return _Sets(
        real=real,
        labels=None if labels is None else labels[index],
        training=dataset.x[training[:n_real]],
        train=dataset.x[order[:MOST_TRAINING]],
        fakes=fakes,
        noise=noise(dataset, n_fake, seed),
        repeat=repeat(dataset, n_fake),
    )


def _sides(made: Features, sets: _Sets, dataset: Dataset, seed: int, tally: Tally, work: float) -> Sides:
    """All sets as points in these features."""
    tally.begin(f"Features: {made.name}")
    everything = [sets.real, sets.training, *sets.fakes, sets.noise, sets.repeat[:1], sets.train]
    each = work / sum(map(len, everything))
    advance = _counted(tally, each)
    train = Points(made(sets.train, advance))
    copies = dataset.held_out is not None and len(dataset.held_out) > 1

    def points(x: Tensor, labels: Tensor | None = None) -> Points:
        rows = made(x, advance)
        posterior = None if made.posterior is None else made.probabilities(x)
        distance = nearest(rows, train.features)[0][:, 0] if copies else None
        return Points(rows, posterior, distance, labels)

    context = Context(points(sets.real, sets.labels), train, dataset.truth, seed, made.dimension)
    training = points(sets.training)
    again = torch.zeros(len(sets.repeat), dtype=torch.int64)
    return Sides(
        made.name,
        context,
        tuple(points(fake) for fake in sets.fakes),
        training,
        {"noise": points(sets.noise), "repeat": points(sets.repeat[:1]).take(again), "copies": training},
    )


def _plain_sides(sets: _Sets, dataset: Dataset, seed: int, most: int | None = None) -> Sides:
    """All sets, or their first `most`, by their own numbers, for metrics that know the truth about those."""
    real, training, noisy, repeated = (
        Points(x[:most].flatten(1).float()) for x in (sets.real, sets.training, sets.noise, sets.repeat)
    )
    context = Context(real, training, dataset.truth, seed, dataset.event.size)
    fakes = tuple(Points(fake[:most].flatten(1).float()) for fake in sets.fakes)
    return Sides("", context, fakes, training, {"noise": noisy, "repeat": repeated, "copies": training})


def _doubts(sides: Sides, made: Features) -> list[str]:
    """What makes scores in these features doubtful."""
    found = []
    fewest = min(len(sides.context.real), len(sides.fakes[0]))
    if fewest < 2 * made.dimension:
        found.append(
            f"{fewest:,} points a set for the {made.dimension:,} features of {made.name}: below twice the features the "
            "Fréchet distance is mostly bias. The kernel distance holds at any number; or give more samples and held-out "
            "examples, or take fewer features (--features pca)."
        )
    features = sides.context.real.features
    constant = int((features == features[0]).all(0).sum())
    if constant == made.dimension:
        found.append(
            f"All features of {made.name} are constant over the real examples: nothing can be told from them; take others."
        )
    elif constant:
        found.append(f"{constant:,} of {made.dimension:,} features of {made.name} are constant over the real examples.")
    return found


def _turns(tally: Tally) -> Callable[[str], None]:
    started = False

    def advance(what: str) -> None:
        nonlocal started
        if started:
            tally.advance(1.0)
        started = True
        tally.begin(what)

    return advance


def _counted(tally: Tally, each: float) -> Callable[[int], None]:
    return lambda n: tally.advance(n * each)


def _digest(x: Tensor) -> str:
    digest = hashlib.sha256(f"{tuple(x.shape)} {x.dtype}".encode())
    digest.update(x.contiguous().numpy().data)
    return digest.hexdigest()
