"""Scores by class, for labelled data whose classifier says of which class a sample is."""

from __future__ import annotations

import torch

from saddlepoint.data.dataset import Dataset
from saddlepoint.evaluation.metrics.per_class import labels_of, per_class
from saddlepoint.evaluation.scorecard.feature_sets import Sides
from saddlepoint.evaluation.scorecard.measures import JUDGED
from saddlepoint.evaluation.scorecard.scorecard import ClassScores
from saddlepoint.evaluation.scorecard.split_half import UNFIT, sentence

MOST = 100  # classes with a row each


def by_class(sides: Sides, dataset: Dataset) -> tuple[tuple[ClassScores, ...], str]:
    """A row a class, or the sentence on why there is none: of the samples of the first seed, 5,000 at most, with the
    real examples' classes read by the same classifier."""
    real, fake = (part.take(slice(JUDGED)) for part in (sides.context.real, sides.fakes[0]))
    if real.posterior is None or fake.posterior is None:
        return (
            (),
            "these features cannot tell the class of a sample; the data's classifier (--features classifier) can.",
        )
    classes = real.posterior.shape[1]
    if classes > MOST:
        return (
            (),
            f"{len(real):,} examples over {classes:,} classes leave a handful each, and a row each says nothing; read how many "
            "classes are covered, and the divergence of their shares.",
        )
    names = dataset.event.class_names or tuple(map(str, range(classes)))
    try:
        reports = per_class(
            real.features,
            labels_of(real.posterior),
            fake.features,
            labels_of(fake.posterior),
            names,
            generator=torch.Generator().manual_seed(sides.context.seed),
        )
    except UNFIT as error:
        return (), sentence(error)
    return tuple(report.scores for report in reports), ""
