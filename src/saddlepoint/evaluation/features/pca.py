"""Principal components: the few directions of the data in which most of it varies, without labels or training.

The columns of a table are brought to one standard deviation first, because each has units of its own. Components are
not whitened: a distance between features is the distance between examples, less what the rest of the directions hold.
"""

from __future__ import annotations

import torch
from torch import Tensor

from saddlepoint.data.dataset import Dataset
from saddlepoint.errors import DataError
from saddlepoint.evaluation.features.extractor import Features, check_finite, dataset_digest, fingerprint
from saddlepoint.evaluation.metrics.projection import principal_components
from saddlepoint.evaluation.monitors.quality import affordable, random_examples

_SHARE = 0.95  # of the variance
_MOST = 64  # components: 95 % of MNIST's variance takes 154, of which the last 90 hold a tenth
_FITTED_ON = 10_000  # examples; the leading components no longer turn with more


def pca_features(dataset: Dataset, seed: int = 0) -> Features:
    """ "PCA-d": as many components as hold 95 % of the training data's variance, 64 at most.

    seed: of the examples they are fitted to, where there are more than 10,000, and of scikit-learn's solver.

    Raises:
        DataError: fewer than two examples, NaN or infinite values, or examples that are all alike.
    """
    if len(dataset) < 2:
        raise DataError(f"{dataset.name}: principal components need two examples or more, got {len(dataset)}.")
    generator = torch.Generator().manual_seed(seed)
    x = random_examples(dataset, affordable(_FITTED_ON, dataset.event.size), generator)
    check_finite(x, dataset.name)
    if bool((x == x[0]).all()):
        raise DataError(
            f"{dataset.name}: all {len(x):,} examples that were compared are the same, so there is no direction in which they vary; "
            "check the data, or use raw features."
        )
    projection = principal_components(x, most=_MOST, seed=seed, standardised=dataset.event.has_columns, share=_SHARE)
    dimension = projection.directions.shape[1]

    def components(rows: Tensor) -> Tensor:
        return projection(rows.flatten(1).float())

    return Features(
        name=f"PCA-{dimension}",
        fingerprint=fingerprint(
            "pca",
            {"mean": projection.mean, "directions": projection.directions},
            data=dataset_digest(dataset),
            seed=seed,
        ),
        dimension=dimension,
        function=components,
        notes=(f"{dimension} components hold {projection.share:.1%} of the variance of {len(x):,} training examples",),
        shape=dataset.event.shape,
    )
