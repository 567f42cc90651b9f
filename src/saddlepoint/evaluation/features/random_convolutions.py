"""Random convolutions: local patterns at several scales, from an untrained network.

Three stages of random filters, each followed by a rectifier and max pooling. The features are the means of each
channel of each stage over the cells of a coarse grid. They change little for a small shift, and much for a blur or a
wrong texture; they do not represent meaning.

References:
    On Random Weights and Unsupervised Feature Learning (Andrew M. Saxe, Pang Wei Koh, Zhenghao Chen, Maneesh Bhand,
        Bipin
    Suresh, Andrew Y. Ng, 2011), https://icml.cc/2011/papers/551_icmlpaper.pdf
    Reliable Fidelity and Diversity Metrics for Generative Models (Muhammad Ferjad Naeem, Seong Joon Oh, Youngjung Uh,
        Yunjey
    Choi, Jaejun Yoo, 2020), which uses an untrained network for data that pretrained ones do not know,
    https://arxiv.org/abs/2002.09797
"""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn

from saddlepoint.data.dataset import Dataset
from saddlepoint.data.event import Event
from saddlepoint.errors import DataError
from saddlepoint.evaluation.features.extractor import Features, fingerprint
from saddlepoint.evaluation.features.layers import average_cells, convolution, natural_units, pool, shrink

_WIDTHS = (16, 32, 64)  # channels of the stages
_CELLS = 2  # an axis


def random_features(dataset: Dataset, seed: int = 0) -> Features:
    """The features "random convolutions" of images, sounds and volumes.

    Args:
        dataset: the data.
        seed: of the filters.

    Raises:
        DataError: the examples are vectors or series, for which convolutions are not defined.
    """
    event = dataset.event
    if not event.has_neighbours:
        raise DataError(
            f"{dataset.name}: random convolutions are of images, sounds and volumes, and these are {event.plural}; use raw, pca or "
            "classifier features."
        )
    network = RandomConvolutions(event, torch.Generator().manual_seed(seed))
    scaling = natural_units(event)

    def responses(x: Tensor) -> Tensor:
        rows: Tensor = network(scaling.to_model(x))
        return rows

    return Features(
        name="random convolutions",
        fingerprint=fingerprint(
            "random convolutions",
            network.state_dict(),
            shape=event.shape,
            cells=_CELLS,
            scale=scaling.scale,
            offset=scaling.offset,
        ),
        dimension=network.dimension,
        function=responses,
        notes=("random convolutions were never trained: they see patterns and textures, not meaning",),
        shape=event.shape,
    )


class RandomConvolutions(nn.Module):
    """Random stages and their pooled responses: (n, *event) in natural units -> (n, dimension)."""

    def __init__(self, event: Event, generator: torch.Generator) -> None:
        super().__init__()
        self.axes = len(event.shape) - 1
        channels = (event.shape[0], *_WIDTHS)
        self.stages = nn.ModuleList(
            convolution(self.axes, before, after, generator) for before, after in pairwise(channels)
        )
        self.dimension = sum(_WIDTHS) * _CELLS**self.axes
        self.requires_grad_(False)

    def forward(self, x: Tensor) -> Tensor:
        x = shrink(x)
        pooled = []
        for stage in self.stages:
            x = torch.relu(stage(x))
            pooled.append(average_cells(x, (_CELLS,) * self.axes).flatten(1))
            x = pool(x, least=2 * _CELLS)
        return torch.cat(pooled, 1)
