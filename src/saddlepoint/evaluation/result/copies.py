"""Whether samples are new or near copies of training examples, relative to other real examples."""

from __future__ import annotations

from torch import Tensor

from saddlepoint.evaluation.metrics.neighbours import nearest
from saddlepoint.evaluation.result.aspects import proportion_error
from saddlepoint.records.result import Aspect

LEAST = 20  # real examples that the comparison needs
NEAR = 0.01  # quantile of real examples' distances to training examples, below which a sample is near
APART = 0.5  # longest distance of a copy from its original, as a share of that to the second nearest training example
COPIES = 0.3  # the score of samples that are all copies: nothing is new, but they are not far from the data


def novelty_aspect(train: Tensor, held_out: Tensor | None, fake: Tensor) -> Aspect | None:
    """The share of samples that are not near copies of a training example, relative to that of real examples.

    A copy is nearer to a training example than all but 1 % of real examples, and much nearer to it than to the second
    nearest. The second condition excludes samples in dense regions, which are near to many training examples and
    copies of none.

    Args:
        train: (N, D) training examples.
        held_out: (H, D) held-out examples; if there are too few, each training example is compared with the others
            instead.
        fake: (M, D) samples.

    Returns:
        None if there are too few examples, or if real examples repeat each other.
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
    expected, found = _copied_share(usual, near), _copied_share(nearest(fake, train, k=2)[0], near)
    excess = max(0.0, found - expected) / (1 - expected)
    error = proportion_error(found, len(fake))
    return Aspect("new samples (not near copies)", 1 - found, 1 - expected, 1 - (1 - COPIES) * excess, 0.0, error)


def near_copies(distances: Tensor, near: float) -> Tensor:
    """(N,) whether points are near copies.

    Args:
        distances: (N, 2) to their two nearest training examples, the nearest first.
        near: the distance below which a point is unusually near.
    """
    first, second = distances[:, 0], distances[:, 1]
    return (first < near) & (first <= APART * second)


def _copied_share(distances: Tensor, near: float) -> float:
    """The share of copies among points with distances (N, 2) to their two nearest training examples."""
    return float(near_copies(distances, near).double().mean())
