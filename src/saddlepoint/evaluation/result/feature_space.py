"""The space in which samples are compared with examples: one in which nearness means likeness.

Vectors are compared by their standardised columns. In images, sounds and volumes single values say little (a blurred
photograph is near to the sharp one, value by value), so that the responses of random convolutions at several scales are
compared together with how rough they are, brought to one standard deviation each; for distances they are projected on
their leading principal components.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from saddlepoint.data.dataset import Dataset
from saddlepoint.evaluation.features.layers import cells, natural_units, shrunk
from saddlepoint.evaluation.features.random_convolutions import random_features
from saddlepoint.evaluation.metrics.projection import principal_components
from saddlepoint.evaluation.monitors.quality import affordable, random_examples

FITTED = 2_000  # training examples behind means, deviations and components
CONVOLVED = 1 << 21  # numbers in the examples that are convolved for the fit, so that large pictures take seconds too
COMPONENTS = 64
SHARE = 0.98  # of the variance of standardised features that the components hold, at most
# Standard deviations to which responses are cut: a filter that answers to one example in a thousand would otherwise decide
# by itself how far apart examples are.
RARE = 6.0
LEAST_FITTED = 64
SMALL = 32  # columns up to which vectors are compared as they are
PATCHES = 4  # cells an axis, of which the smoothest and the roughest are looked at
FAINT = 0.01  # a difference of neighbours that is hardly seen, where the range of values is 2
CELLS = 32  # an axis, to which large pictures are reduced where single values are looked at
HIDDEN = 1 / 16  # of the range of values, over which noise is drawn that hides what nobody sees


Map = Callable[[Tensor], Tensor]


@dataclass(frozen=True, eq=False)
class FeatureSpace:
    """A fixed map of examples to points.

    Attributes:
        name: for people: "standardised values", "random convolutions".
        responses: (N, *event) in the data's units -> (N, D) float32, every column of mean 0 and deviation 1 over the
            training examples.
        projection: (N, D) responses -> (N, d) float64, few enough columns for distances.
    """

    name: str
    responses: Map
    projection: Map

    def __call__(self, x: Tensor) -> Tensor:
        """(N, *event) in the data's units -> (N, d) float64."""
        return self.projection(self.responses(x))


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
    scaling = natural_units(dataset.event)

    def seen(x: Tensor) -> Tensor:
        return torch.cat([features(x), roughness(scaling.to_model(x))], 1)

    space = _columns(seen(dataset.x[index]), seed, most=RARE)
    return FeatureSpace("random convolutions", lambda x: space.responses(seen(x)), space.projection)


def roughness(x: Tensor) -> Tensor:
    """How much neighbouring values differ: blur takes it away, and noise brings it where there was none.

    Args:
        x: (N, C, *sides) images, sounds or volumes, in units of about [-1, 1].

    Returns:
        (N, 3 C axes) for each channel and axis, the logarithm of the mean size of second differences: over the whole
        example, and in its smoothest and its roughest cell.
    """
    x = shrunk(x)
    rows = []
    for axis in range(2, x.ndim):
        if x.shape[axis] < 3:
            continue
        size = x.diff(n=2, dim=axis).abs()
        local = cells(size, tuple(min(side, PATCHES) for side in size.shape[2:])).flatten(2)
        rows += [local.mean(2), local.amin(2), local.amax(2)]
    return (torch.cat(rows, 1) + FAINT).log() if rows else x.new_zeros(len(x), 0)


def value_space(dataset: Dataset, seed: int) -> FeatureSpace:
    """Standardised values themselves, which is enough to find copies and costs little.

    Args:
        dataset: at least two examples.
        seed: of the examples it is fitted to.
    """
    count = affordable(FITTED, dataset.event.size)
    return _columns(random_examples(dataset, count, torch.Generator().manual_seed(seed)), seed)


def visible_values(dataset: Dataset, seed: int) -> Map:
    """Values of images, sounds and volumes as far as they can be told apart: (N, *event) -> (N, D) float32.

    Noise and flat areas are in single values, which pooled features do not show. Values are averaged over `CELLS` cells
    an axis at most, and uniform noise hides differences that nobody sees, such as a background of 1 instead of 0.

    Args:
        dataset: any but vectors and series.
        seed: of the noise.
    """
    event = dataset.event
    low, high = event.low, event.high
    reach = 4 * max(event.std) if low is None or high is None else high - low
    sides = tuple(min(side, CELLS) for side in event.shape[1:])

    def values(x: Tensor) -> Tensor:
        x = x.float()
        small = cells(x, sides) if sides != tuple(x.shape[2:]) else x
        generator = torch.Generator().manual_seed(seed)
        noise = torch.rand(small.shape, generator=generator) - 0.5
        return (small + HIDDEN * reach * noise).flatten(1)

    return values


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
        return FeatureSpace("standardised values", standardised, lambda responses: responses.double())
    projection = principal_components(
        standardised(fit), most=min(COMPONENTS, max(1, len(fit) // 2)), seed=seed, standardised=False, share=SHARE
    )
    return FeatureSpace("standardised values", standardised, lambda responses: projection(responses).double())
