"""What makes an assessment wrong or doubtful: an error, or a warning on the scorecard."""

from __future__ import annotations

from collections.abc import Iterable

from torch import Tensor

from saddlepoint.data.dataset import Dataset
from saddlepoint.data.event import Event
from saddlepoint.errors import DataError
from saddlepoint.evaluation.features import Features
from saddlepoint.evaluation.scorecard.feature_sets import FeatureSets
from saddlepoint.evaluation.scorecard.score import Score
from saddlepoint.models.capabilities import GenerativeModel

UNLIKE = 10.0  # ratio of standard deviations beyond which samples seem to be in other units
OUTSIDE = 0.1  # share of the numbers that may lie outside of the data's range, by this share of its width
_CHECKED = 2_000  # samples and examples whose numbers are checked


def check_event(model: GenerativeModel, dataset: Dataset) -> None:
    """Check that the model generates examples like those of the data.

    Raises:
        DataError: it does not.
    """
    theirs, ours = model.event, dataset.event
    if not isinstance(theirs, Event):
        raise DataError(
            f"the model's event says what one example is, and must be an Event, not {theirs!r}: where it makes examples like "
            f"the data's, set event = sp.load_data({dataset.name!r}).event."
        )
    if tuple(theirs.shape) != ours.shape:
        raise DataError(
            f"the model makes examples of shape {tuple(theirs.shape)} and {dataset.name} holds {ours.plural} of shape "
            f"{ours.shape}: evaluate it on data of its own shape."
        )
    if theirs.dtype != ours.dtype:
        raise DataError(
            f"the model makes {theirs.dtype} examples and {dataset.name} holds {ours.dtype}: samples and data must be in the "
            "same units (the model's event should be the data's)."
        )


def feature_warnings(sets: FeatureSets, made: Features, own: bool) -> list[str]:
    """What makes scores in these features doubtful. own: they are the user's, who can change them."""
    found = []
    fewest = min(len(sets.context.real), len(sets.fakes[0]))
    if fewest < 2 * made.dimension:
        found.append(
            f"{fewest:,} points a set for the {made.dimension:,} features of {made.name}: below twice the features the "
            "Fréchet distance is mostly bias. The kernel distance holds at any number; or give more samples and held-out "
            "examples, or take fewer features (--features pca)."
        )
    features = sets.context.real.features
    constant = int((features == features[0]).all(0).sum())
    if constant == made.dimension:
        found.append(
            f"All features of {made.name} are constant over the real examples: no score in them has a meaning; take others."
        )
    elif constant and own:
        found.append(f"{constant:,} of {made.dimension:,} features of {made.name} are constant over the real examples.")
    return found


def unit_warnings(samples: Tensor, real: Tensor, dataset: Dataset) -> list[str]:
    """Whether samples (M, *event) seem to be in other units than real examples (N, *event), by all their numbers.

    Raises:
        DataError: the data's range is known, and many of the samples' numbers lie outside of it.
    """
    event = dataset.event
    ours, theirs = (x[:_CHECKED].flatten().double() for x in (real, samples))
    spread, their_spread = float(ours.std()), float(theirs.std())
    ranges = f"{_range(theirs)} and the data in {_range(ours)}"
    if event.low is not None and event.high is not None:
        reach = OUTSIDE * (event.high - event.low)
        outside = float(((theirs < event.low - reach) | (theirs > event.high + reach)).double().mean())
        if outside > OUTSIDE:
            raise DataError(
                f"{outside:.0%} of the samples' numbers lie outside of the data's range, {event.low:g} to {event.high:g}: the "
                f"samples lie in {ranges}. Samples must come in the data's own units: bring them back before they are returned."
            )
    if spread == 0 or (spread / UNLIKE <= their_spread <= spread * UNLIKE):
        return []
    alike = ", or samples that have collapsed" if their_spread < spread else ", or samples that have diverged"
    return [
        f"The samples' numbers have a standard deviation of {their_spread:.3g}, the data's one of {spread:.3g}: the samples lie in "
        f"{ranges}. That looks like other units{alike}; if it is units, no score here says anything about the model."
    ]


def blindness_warnings(scores: Iterable[Score]) -> list[str]:
    """Whether a deliberately bad generator does better than real data in these features."""
    blind = [score.title for score in scores if score.blind]
    if not blind:
        return []
    return [
        f"A deliberately bad generator does better than real data in {', '.join(blind)}: there, these features take "
        "noise for data, and a good value proves nothing. Read the other scores, or take other features."
    ]


def _range(x: Tensor) -> str:
    return f"[{float(x.min()):.3g}, {float(x.max()):.3g}]"
