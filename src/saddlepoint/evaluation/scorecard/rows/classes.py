"""Scores by class, for labelled data with a classifier that assigns a class to a sample."""

from __future__ import annotations

import torch

from saddlepoint.data.dataset import Dataset
from saddlepoint.evaluation.metrics.per_class import class_reports, likeliest_labels
from saddlepoint.evaluation.scorecard.comparison import CLASSIFIED
from saddlepoint.evaluation.scorecard.feature_sets import FeatureSets
from saddlepoint.evaluation.scorecard.score import ClassScores
from saddlepoint.evaluation.scorecard.split_half import UNFIT, sentence

MOST = 100  # classes with a row each


def class_rows(sets: FeatureSets, dataset: Dataset) -> tuple[tuple[ClassScores, ...], str]:
    """A row a class, or the reason why there is none.

    Measured on up to 5,000 samples of the first seed. The classes of the real examples are those that the same classifier
    assigns to them.
    """
    real, fake = (part.take(slice(CLASSIFIED)) for part in (sets.context.real, sets.fakes[0]))
    if real.posterior is None or fake.posterior is None:
        return (
            (),
            "these features cannot classify a sample; the data's classifier (--features classifier) can.",
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
        reports = class_reports(
            real.features,
            likeliest_labels(real.posterior),
            fake.features,
            likeliest_labels(fake.posterior),
            names,
            generator=torch.Generator().manual_seed(sets.context.seed),
        )
    except UNFIT as error:
        return (), sentence(error)
    return tuple(report.scores for report in reports), ""
