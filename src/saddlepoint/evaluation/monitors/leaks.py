"""Whether the changes that the critic sees in all examples (augmentation) appear in the samples.

The energy distance of two distributions is the squared distance of two points in a Hilbert space, so that distributions have
directions. The samples' difference from the data is compared with that of the changed data: `leak` says how far the samples have
moved in the direction of the changes, and `leak_cosine` how much of their difference is in this direction.

References:
    Training Generative Adversarial Networks with Limited Data (Tero Karras, Miika Aittala, Janne Hellsten, Samuli Laine, Jaakko
        Lehtinen, Timo Aila, 2020), section 2.2, https://arxiv.org/abs/2006.06676 (leaks)
    Equivalence of distance-based and RKHS-based statistics in hypothesis testing (Dino Sejdinovic, Bharath Sriperumbudur, Arthur
        Gretton, Kenji Fukumizu, 2013), https://doi.org/10.1214/13-AOS1140 (the Hilbert space)
"""

from __future__ import annotations

import torch
from torch import Tensor

from saddlepoint.evaluation.metrics.pairwise import distances, mean_within

LEAST = 0.02  # of the spread of the data, by which changed examples must differ so that a direction exists


def leak_series(samples: Tensor, real: Tensor, changed: Tensor) -> dict[str, Tensor]:
    """Return how far samples have moved from the data in the direction of the changed data.

    Args:
        samples: (N, D).
        real: (M, D) real examples.
        changed: (K, D) other real examples, with the critic's changes.

    Returns:
        `leak`, (): 0 for samples like the data, 1 for samples like the changed data; and `leak_cosine`, () in [-1, 1], the cosine
        of both differences. Both are 0 if changed examples cannot be distinguished from unchanged ones.
    """
    parts = [part.double() for part in (samples, real, changed)]
    spread = mean_within(parts[1])
    of_samples, of_changes = _energy(parts[0], parts[1]), _energy(parts[2], parts[1])
    product = 0.5 * (of_samples + of_changes - _energy(parts[0], parts[2]))
    exists = of_changes > LEAST * spread
    leak = torch.where(exists, product / of_changes, 0.0)
    # The noise of a difference that is next to nothing has no direction.
    length = of_samples.clamp_min(0.25 * LEAST * spread)
    cosine = torch.where(exists, product / (length * of_changes.clamp_min(1e-30)).sqrt(), 0.0).clamp(-1, 1)
    return {"leak": leak, "leak_cosine": cosine}


def _energy(x: Tensor, y: Tensor) -> Tensor:
    """The unbiased estimate of the energy distance of two sets of points."""
    return 2 * distances(x, y).mean() - mean_within(x) - mean_within(y)
