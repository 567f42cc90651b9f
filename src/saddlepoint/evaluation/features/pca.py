"""Principal components of the data as features, without labels or training.

The columns of a table are standardised first, because they have different units. Components are not whitened: a
distance between features is the distance between examples, except for the directions that are left out.
"""

from __future__ import annotations

import torch
from torch import Tensor

from saddlepoint.data.dataset import Dataset
from saddlepoint.errors import DataError
from saddlepoint.evaluation.features.extractor import Features, check_finite, dataset_digest, fingerprint
from saddlepoint.evaluation.metrics.comparable import comparable_rows, comparable_size
from saddlepoint.evaluation.metrics.projection import principal_components
from saddlepoint.evaluation.monitors.quality import affordable, random_examples

_SHARE = 0.95  # of the variance
_MOST = 64  # components: 95 % of MNIST's variance takes 154, of which the last 90 hold a tenth
_FITTED_ON = 10_000  # examples; the leading components no longer turn with more


def pca_features(dataset: Dataset, seed: int = 0) -> Features:
    """The features "PCA-d": the fewest components that explain 95 % of the variance of the training data, at most 64.

    Args:
        dataset: the data.
        seed: of the random examples of the fit (if there are more than 10,000) and of scikit-learn's solver.

    Raises:
        DataError: fewer than two examples, NaN or infinite values, or examples that are all equal.
    """
    if len(dataset) < 2:
        raise DataError(f"{dataset.name}: principal components need two examples or more, got {len(dataset)}.")
    generator = torch.Generator().manual_seed(seed)
    x = random_examples(dataset, affordable(_FITTED_ON, comparable_size(dataset.event)), generator)
    check_finite(x, dataset.name)
    if bool((x == x[0]).all()):
        raise DataError(
            f"{dataset.name}: all {len(x):,} examples that were compared are the same, so there is no direction in which they vary; "
            "check the data, or use raw features."
        )
    projection = principal_components(x, most=_MOST, seed=seed, standardised=dataset.event.has_columns, share=_SHARE)
    dimension = projection.directions.shape[1]

    def components(rows: Tensor) -> Tensor:
        return projection(comparable_rows(rows, dataset.event))

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
