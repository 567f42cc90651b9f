"""The number of clusters: given, else that of the classes, else chosen by a criterion on the codes."""

from __future__ import annotations

import numpy as np

from saddlepoint.applications.cluster.methods.k_means import k_means
from saddlepoint.applications.cluster.methods.mixture import fit_mixture
from saddlepoint.applications.cluster.points import Labels, Points
from saddlepoint.applications.cluster.settings import CHOICES, MOST_CLUSTERS, Choice
from saddlepoint.errors import SettingError

MOST = 2_000  # examples that a criterion looks at


def choose_number(
    codes: Points, classes: Labels | None, given: int | None, criterion: Choice, seed: int
) -> tuple[int, str]:
    """Return the number of clusters and how it was chosen, in words.

    Args:
        codes: (N, D).
        classes: (N,) known classes, -1 for unknown; None without classes.
        given: by the user; None to choose.
        criterion: used where neither a number nor classes are known.
        seed: of the fits that are compared.

    Raises:
        SettingError: there are more clusters than examples.
    """
    if given is not None:
        number, how = given, "as given"
    elif classes is not None:
        number, how = len(np.unique(classes[classes >= 0])), "the number of classes"
    else:
        few = codes[np.random.default_rng([seed, 3]).permutation(len(codes))[:MOST]]
        most = min(MOST_CLUSTERS, len(few) // 2)
        if most < 2:
            raise SettingError(
                f"cluster: {len(codes)} examples are too few to choose a number of clusters; give --clusters, or more examples."
            )
        number = _by_criterion(few, most, criterion, seed)
        least = 1 if criterion == "bic" else 2
        how = f"{CHOICES[criterion]}, from {least} to {most}"
        if number == most:
            how += "; as the largest number was chosen, more may fit better: give --clusters"
    if number > len(codes):
        raise SettingError(
            f"cluster: --clusters is {number:,} and there are {len(codes):,} examples; give at most as many clusters as examples."
        )
    return number, how


def _by_criterion(points: Points, most: int, criterion: Choice, seed: int) -> int:
    if criterion == "bic":
        lowest = [float(fit_mixture(points, number, seed).bic(points)) for number in range(1, most + 1)]
        return 1 + int(np.argmin(lowest))
    from sklearn.metrics import silhouette_score

    def silhouette(number: int) -> float:
        clusters = k_means(points, number, seed)
        return float(silhouette_score(points, clusters)) if len(np.unique(clusters)) > 1 else -1.0

    return 2 + int(np.argmax([silhouette(number) for number in range(2, most + 1)]))
