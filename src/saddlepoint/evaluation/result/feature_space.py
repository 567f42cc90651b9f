"""The space in which samples are compared with examples: one in which nearness means likeness.

Vectors are compared by their standardised columns. In images, sounds and volumes single values say little (a blurred
photograph is near to the sharp one, value by value), so that the responses of random convolutions at several scales are
compared, brought to one standard deviation each and projected on their leading principal components.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from saddlepoint.data.dataset import Dataset
from saddlepoint.evaluation.features.random_convolutions import random_features
from saddlepoint.evaluation.projection import principal_components
from saddlepoint.evaluation.quality import affordable, drawn

FITTED = 2_000  # training examples behind means, deviations and components
CONVOLVED = 1 << 21  # numbers in the examples that are convolved for the fit, so that large pictures take seconds too
COMPONENTS = 64
SHARE = 0.98  # of the variance of standardised features that the components hold, at most
# Standard deviations to which responses are cut: a filter that answers to one example in a thousand would otherwise decide
# by itself how far apart examples are.
RARE = 6.0
LEAST_FITTED = 64
SMALL = 32  # columns up to which vectors are compared as they are


@dataclass(frozen=True, eq=False)
class FeatureSpace:
    """A fixed map of examples to points.

    Attributes:
        name: for people: "standardised values", "random convolutions".
        function: (N, *event) in the data's units -> (N, d) float64.
    """

    name: str
    function: Callable[[Tensor], Tensor]

    def __call__(self, x: Tensor) -> Tensor:
        """(N, *event) in the data's units -> (N, d) float64."""
        return self.function(x)


def feature_space(dataset: Dataset, seed: int) -> FeatureSpace:
    """The space that suits the data, fitted to training examples alone.

    Args:
        dataset: at least two examples.
        seed: of the examples it is fitted to, and of the filters.
    """
    if dataset.event.has_columns:
        return value_space(dataset, seed)
    features = random_features(dataset, seed)
    count = max(4 * LEAST_FITTED, min(FITTED, CONVOLVED // dataset.event.size))
    index = torch.randperm(len(dataset), generator=torch.Generator().manual_seed(seed))[:count]
    space = _columns(features(dataset.x[index]), seed, most=RARE)
    return FeatureSpace("random convolutions", lambda x: space(features(x)))


def value_space(dataset: Dataset, seed: int) -> FeatureSpace:
    """Standardised values themselves, which is enough to find copies and costs little.

    Args:
        dataset: at least two examples.
        seed: of the examples it is fitted to.
    """
    count = affordable(FITTED, dataset.event.size)
    return _columns(drawn(dataset, count, torch.Generator().manual_seed(seed)), seed)


def _columns(fit: Tensor, seed: int, most: float | None = None) -> FeatureSpace:
    """Standardised columns of fit (N, D), without those that are constant, and projected where there are many.

    Args:
        most: standardised values are cut to this size; None leaves them as they are.
    """
    # A spread below the rounding of its own column is no variation.
    varies = fit.std(0) > 1e-5 * fit.abs().amax(0).clamp_min(1e-30)
    if not varies.any():
        varies = torch.ones_like(varies)
    kept = fit[:, varies]
    mean, scale = kept.mean(0), kept.std(0)
    scale = torch.where(scale > 0, scale, torch.ones_like(scale))

    def standardised(x: Tensor) -> Tensor:
        values = (x.flatten(1).float()[:, varies] - mean) / scale
        return values if most is None else values.clamp(-most, most)

    if kept.shape[1] <= SMALL:
        return FeatureSpace("standardised values", lambda x: standardised(x).double())
    projection = principal_components(
        standardised(fit), most=min(COMPONENTS, max(1, len(fit) // 2)), seed=seed, standardised=False, share=SHARE
    )
    return FeatureSpace("standardised values", lambda x: projection(standardised(x)).double())
