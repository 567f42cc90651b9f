"""Measures against what is known of the data, as scorecards use them: their classes, their modes, their density, their box."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from saddlepoint.evaluation.metrics.classifier_scores import category_report, classifier_score, covered_interval
from saddlepoint.evaluation.metrics.divergence import Grid, jensen_shannon
from saddlepoint.evaluation.metrics.modes import ModeReport, log_likelihood, mode_report
from saddlepoint.evaluation.scorecard.comparison import Comparison
from saddlepoint.evaluation.scorecard.measures import Values
from saddlepoint.evaluation.statistics.intervals import Interval, wilson

CELLS, IN_A_CELL = 50, 5  # of a grid an axis at most, and real examples a cell on average: with fewer all is noise


def histograms(c: Comparison) -> Values:
    """Jensen-Shannon divergence of histograms; one cell more holds whatever lies outside of the training examples'
    box: one around the samples too would grow with the farthest of them until one cell holds everything, and one around
    the real examples would move with these."""
    whole, box = len(c.context.real), c.context.train.features
    grid = Grid.around(box, max(2, min(CELLS, round((whole / IN_A_CELL) ** (1 / box.shape[1])))))
    real, fake = map(grid.counts, c.features())
    return {"jensen_shannon": jensen_shannon(real, fake)}


def answers(c: Comparison) -> Values:
    """Classifier score."""
    return {"classifier_score": classifier_score(_posterior(c.fake.posterior))[0]}


def shares(c: Comparison) -> Values:
    """Of the classes, against those of the real examples as the same classifier reads them."""
    real, fake = (_posterior(part.posterior).argmax(1) for part in (c.real, c.fake))
    classes = _posterior(c.fake.posterior).shape[1]
    # Half a count a class, so that a class that is rare among real examples leaves the divergence finite.
    truth = torch.bincount(real, minlength=classes).double() + 0.5
    found = category_report(fake, classes, truth=truth)
    return {"class_divergence": found.kl, "classes_covered": float(found.covered)}


def classes_pooled(comparisons: Sequence[Comparison], values: Sequence[float]) -> Interval:
    """From how often each class was hit."""
    posteriors = [_posterior(c.fake.posterior) for c in comparisons]
    return covered_interval([torch.bincount(one.argmax(1), minlength=one.shape[1]) for one in posteriors])


def _posterior(posterior: Tensor | None) -> Tensor:
    assert posterior is not None
    return posterior


def modes(c: Comparison) -> Values:
    """All that a mode report says."""
    found = _of_modes(c)
    return {
        "modes_covered": float(found.covered),
        "high_quality": found.high_quality,
        "reverse_kl": found.reverse_kl,
        "mode_width": float(found.width.nanmedian()),
    }


def modes_pooled(comparisons: Sequence[Comparison], values: Sequence[float]) -> Interval:
    """From how many samples of high quality each mode has."""
    reports = [(_of_modes(c), len(c.fake)) for c in comparisons]
    return covered_interval([(one.mass.nan_to_num() * one.high_quality * n).round().long() for one, n in reports])


def _of_modes(c: Comparison) -> ModeReport:
    truth = c.context.truth
    assert truth is not None
    assert truth.modes is not None
    assert truth.mode_std is not None
    return mode_report(c.fake.features, truth.modes, truth.mode_std)


def density(c: Comparison) -> Values:
    """Mean log density under the truth."""
    return {"true_likelihood": density_pooled([c], ()).value}


def density_pooled(comparisons: Sequence[Comparison], values: Sequence[float]) -> Interval:
    """Of all samples at once, independent draws."""
    truth = comparisons[0].context.truth
    assert truth is not None
    return log_likelihood(torch.cat([c.fake.features for c in comparisons]), truth)


def share_pooled(comparisons: Sequence[Comparison], values: Sequence[float]) -> Interval:
    """For shares of samples: independent draws, whatever the seed."""
    n = sum(len(c.fake) for c in comparisons)
    return wilson(round(sum(values) / len(values) * n), n)
