"""Batches of all replicas at once; each replica's examples are in the order of its own seed."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from saddlepoint.data.batches import order_of_epochs
from saddlepoint.data.dataset import Dataset
from saddlepoint.data.event import Scaling


class StackedBatches:
    """Batches of S replicas: `batches[i]` holds batch i of every replica in the model's units.

    A replica's batch equals that of `data.batches.Batches` with the replica's seed. Datasets that replicas share are in memory once.
    The order of the current epoch takes 4 bytes per example and replica.

    Args:
        datasets: one per replica, of the same size and shape.
        scalings: to the model's units, one per replica.
        seeds: one per replica.
        batch_size: examples per batch and replica.
        device: of the batches.
        axis: of the replicas: 0 for (S, B, *event), 1 for (B, S, *event).
        labelled: whether batches include the labels, (S, B) or (B, S).
        balanced: whether all classes have equal shares.
    """

    def __init__(
        self,
        datasets: Sequence[Dataset],
        scalings: Sequence[Scaling],
        seeds: Sequence[int],
        batch_size: int,
        device: torch.device,
        axis: int,
        labelled: bool = False,
        balanced: bool = False,
    ) -> None:
        self.batch_size = batch_size
        self.axis = axis
        self._orders = tuple(
            order_of_epochs(dataset, batch_size, seed, balanced=balanced)
            for dataset, seed in zip(datasets, seeds, strict=True)
        )
        self._event = datasets[0].event.shape
        self._examples = len(datasets[0])
        self.per_epoch = self._examples // batch_size
        position_of: dict[tuple[int, Scaling], int] = {}
        for dataset, scaling in zip(datasets, scalings, strict=True):
            position_of.setdefault((id(dataset), scaling), len(position_of))
        pairs = {position: pair for pair, position in position_of.items()}
        sources = {id(dataset): dataset for dataset in datasets}
        self._scale_later: Scaling | None = None
        rows: list[Tensor] = []
        labels: list[Tensor] = []
        for position in range(len(pairs)):
            identity, scaling = pairs[position]
            dataset = sources[identity]
            if labelled:
                assert dataset.y is not None, "a conditional game is only built for data with labels"
                labels.append(dataset.y)
            if len(pairs) == 1 and dataset.x.dtype == torch.uint8:
                self._scale_later = scaling  # bytes take a quarter of the memory
                rows.append(dataset.x)
            else:
                rows.append(scaling.to_model(dataset.x))
        self._rows = torch.cat([part.reshape(self._examples, -1) for part in rows]).to(device)
        self._labels = torch.cat(labels).to(device) if labels else None
        positions = [position_of[id(dataset), scaling] for dataset, scaling in zip(datasets, scalings, strict=True)]
        self._first = torch.tensor(positions, dtype=torch.int32) * self._examples
        self._epoch = -1
        self._order = torch.empty(0, dtype=torch.int32)

    def __getitem__(self, index: int) -> tuple[Tensor, ...]:
        """The examples of a batch, and their labels if they are wanted."""
        epoch, position = divmod(index, self.per_epoch)
        if epoch != self._epoch:
            self._shuffle(epoch)
        chosen = self._order.narrow(1 - self.axis, position * self.batch_size, self.batch_size)
        x = self._rows.index_select(0, chosen.reshape(-1)).view(*chosen.shape, *self._event)
        if self._scale_later is not None:
            x = self._scale_later.to_model(x.flatten(0, 1)).view(*chosen.shape, *self._event)
        return (x,) if self._labels is None else (x, self._labels[chosen])

    def _shuffle(self, epoch: int) -> None:
        """Set the order of `epoch`: (S, N), or (N, S) if the replicas are the second axis."""
        order = torch.stack([order_of(epoch).to(torch.int32) for order_of in self._orders])
        order += self._first[:, None]
        self._order = (order if self.axis == 0 else order.T.contiguous()).to(self._rows.device)
        self._epoch = epoch
