"""Are samples new, or near copies of training examples? Real examples say how near honest ones come."""

from __future__ import annotations

from torch import Tensor

from saddlepoint.evaluation.metrics.neighbours import nearest
from saddlepoint.evaluation.result.aspects import proportion_error
from saddlepoint.records.result import Aspect

LEAST = 20  # real examples, with fewer of which nothing says how near they come
NEAR = 0.01  # of real examples lie nearer to a training example than this quantile
APART = 0.5  # a copy lies at most so far from its original, in distances to the second nearest training example
COPIES = 0.3  # the share of samples that are nothing but copies: nothing new, yet not far from the data


def new_samples(train: Tensor, held_out: Tensor | None, fake: Tensor) -> Aspect | None:
    """The share of samples that are no near copies of a training example, beside that of real examples.

    A copy lies nearer to a training example than all but a hundredth of real examples do, and much nearer to it than to
    the second nearest. The second condition is for samples in the middle of dense regions, which are near to many
    training examples and copies of none.

    Args:
        train: (N, D) training examples.
        held_out: (H, D) held-out examples; where there are too few, training examples say how near real ones come, each
            beside the others.
        fake: (M, D) samples.

    Returns:
        None where there are too few examples, or where even real ones repeat each other.
    """
    if len(train) < max(2, LEAST):
        return None
    if held_out is not None and len(held_out) >= LEAST:
        usual = nearest(held_out, train, k=2)[0]
    elif len(train) > LEAST:
        usual = nearest(train, train, k=2, within=True)[0]
    else:
        return None
    near = float(usual[:, 0].double().quantile(NEAR))
    if near == 0:
        return None
    honest, found = _copied(usual, near), _copied(nearest(fake, train, k=2)[0], near)
    excess = max(0.0, found - honest) / (1 - honest)
    error = proportion_error(found, len(fake))
    return Aspect("new samples (not near copies)", 1 - found, 1 - honest, 1 - (1 - COPIES) * excess, 0.0, error)


def _copied(distances: Tensor, near: float) -> float:
    """The share of points with distances (N, 2) to their two nearest training examples that are copies."""
    first, second = distances[:, 0], distances[:, 1]
    return float(((first < near) & (first <= APART * second)).double().mean())
