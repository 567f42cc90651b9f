"""The space in which samples are compared with examples: one in which near points are similar examples.

Vectors are compared by their standardised columns. In images, sounds and volumes single values mean little: a blurred
photograph is near to the sharp one, value by value. These are compared by the responses of random convolutions at several
scales and by their roughness, each scaled to a standard deviation of 1; for distances, they are projected on their leading
principal components.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from saddlepoint.data.dataset import Dataset
from saddlepoint.evaluation.features.layers import average_cells, natural_units, shrink
from saddlepoint.evaluation.features.random_convolutions import random_features
from saddlepoint.evaluation.metrics.comparable import comparable_rows, comparable_size
from saddlepoint.evaluation.metrics.projection import principal_components
from saddlepoint.evaluation.monitors.quality import affordable, random_examples

FITTED = 2_000  # training examples behind means, deviations and components
CONVOLVED = 1 << 21  # numbers in the examples that the fit convolves, so that large images take seconds, too
COMPONENTS = 64
SHARE = 0.98  # of the variance of standardised features that the components explain, at most
# Standard deviations to which responses are clipped: a filter that responds to one example in a thousand would otherwise
# determine the distances by itself.
RARE = 6.0
LEAST_FITTED = 64
SMALL = 32  # columns up to which vectors are not projected
PATCHES = 4  # cells an axis, of which the smoothest and the roughest are measured
FAINT = 0.01  # a difference of neighbouring values that is hardly visible, where the range is 2
CELLS = 32  # cells an axis to which large images are reduced before single values are compared
HIDDEN = 1 / 16  # width of the noise that hides invisible differences, as a share of the range of values


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
    """The space for these data, fitted to training examples alone.

    Args:
        dataset: at least two examples.
        seed: of the examples that it is fitted to, and of the filters.
    """
    if not dataset.event.has_neighbours:
        return value_space(dataset, seed)
    features = random_features(dataset, seed)
    count = max(4 * LEAST_FITTED, min(FITTED, CONVOLVED // dataset.event.size))
    index = torch.randperm(len(dataset), generator=torch.Generator().manual_seed(seed))[:count]
    scaling = natural_units(dataset.event)

    def with_roughness(x: Tensor) -> Tensor:
        return torch.cat([features(x), roughness(scaling.to_model(x))], 1)

    space = _columns(with_roughness(dataset.x[index]), seed, most=RARE)
    return FeatureSpace("random convolutions", lambda x: space.responses(with_roughness(x)), space.projection)


def roughness(x: Tensor) -> Tensor:
    """How much neighbouring values differ: less in blurred examples, more in noisy ones.

    Args:
        x: (N, C, *sides) images, sounds or volumes, in units of about [-1, 1].

    Returns:
        (N, 3 C axes) for each channel and axis, the logarithm of the mean absolute second difference: over the whole
        example, in its smoothest cell and in its roughest cell.
    """
    x = shrink(x)
    rows = []
    for axis in range(2, x.ndim):
        if x.shape[axis] < 3:
            continue
        size = x.diff(n=2, dim=axis).abs()
        local = average_cells(size, tuple(min(side, PATCHES) for side in size.shape[2:])).flatten(2)
        rows += [local.mean(2), local.amin(2), local.amax(2)]
    return (torch.cat(rows, 1) + FAINT).log() if rows else x.new_zeros(len(x), 0)


def value_space(dataset: Dataset, seed: int) -> FeatureSpace:
    """The standardised values themselves (of texts, counts of symbols), which are cheap and enough to find copies.

    Args:
        dataset: at least two examples.
        seed: of the examples it is fitted to.
    """
    event = dataset.event
    count = affordable(FITTED, comparable_size(event))
    space = _columns(random_examples(dataset, count, torch.Generator().manual_seed(seed)), seed)
    if event.kind != "text":
        return space
    return FeatureSpace("symbol counts", lambda x: space.responses(comparable_rows(x, event)), space.projection)


def visible_values(dataset: Dataset, seed: int) -> Map:
    """A map to the visible values of images, sounds and volumes: (N, *event) -> (N, D) float32.

    Noise and flat areas show in single values, not in pooled features. Values are averaged over at most `CELLS` cells an
    axis, and uniform noise hides invisible differences, such as a background of 1 instead of 0.

    Args:
        dataset: images, sounds or volumes.
        seed: of the noise.
    """
    event = dataset.event
    low, high = event.low, event.high
    reach = 4 * max(event.std) if low is None or high is None else high - low
    sides = tuple(min(side, CELLS) for side in event.shape[1:])

    def values(x: Tensor) -> Tensor:
        x = x.float()
        small = average_cells(x, sides) if sides != tuple(x.shape[2:]) else x
        generator = torch.Generator().manual_seed(seed)
        noise = torch.rand(small.shape, generator=generator) - 0.5
        return (small + HIDDEN * reach * noise).flatten(1)

    return values


def _columns(fit: Tensor, seed: int, most: float | None = None) -> FeatureSpace:
    """The non-constant columns of fit (N, D), standardised, and projected where there are many.

    Args:
        fit: what means, deviations and components are fitted to.
        seed: of the components.
        most: absolute value to which standardised values are clipped; None for no limit.
    """
    # A standard deviation below the rounding error of its column is no variation.
    varies = fit.std(0) > 1e-5 * fit.abs().amax(0).clamp_min(1e-30)
    if not varies.any():
        varies = torch.ones_like(varies)
    columns = fit[:, varies]
    mean, scale = columns.mean(0), columns.std(0)
    scale = torch.where(scale > 0, scale, torch.ones_like(scale))

    def standardised(x: Tensor) -> Tensor:
        values = (x.flatten(1).float()[:, varies] - mean) / scale
        return values if most is None else values.clamp(-most, most)

    if columns.shape[1] <= SMALL:
        return FeatureSpace("standardised values", standardised, lambda responses: responses.double())
    projection = principal_components(
        standardised(fit), most=min(COMPONENTS, max(1, len(fit) // 2)), seed=seed, standardised=False, share=SHARE
    )
    return FeatureSpace("standardised values", standardised, lambda responses: projection(responses).double())
