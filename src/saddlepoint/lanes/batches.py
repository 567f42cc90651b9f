"""The batches of all replicas at once, each replica's in the order of its own seed."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from saddlepoint.data.batches import epoch_order
from saddlepoint.data.dataset import Dataset, Scaling


class StackedBatches:
    """`batches[i]` holds batch i of every replica in the model's units, the replicas along the axis `axis` (0 or 1):
    (S, B, *event) or (B, S, *event). A replica's batch is that of `data.batches.Batches` with the replica's seed.

    Datasets that replicas share lie in memory once. The order of the present epoch takes 4 bytes an example and replica.
    """

    def __init__(
        self,
        datasets: Sequence[Dataset],
        scalings: Sequence[Scaling],
        seeds: Sequence[int],
        batch_size: int,
        device: torch.device,
        axis: int,
    ) -> None:
        self.batch_size = batch_size
        self.axis = axis
        self._seeds = tuple(seeds)
        self._event = datasets[0].event.shape
        self._examples = len(datasets[0])
        self.per_epoch = self._examples // batch_size
        home: dict[tuple[int, Scaling], int] = {}
        for dataset, scaling in zip(datasets, scalings, strict=True):
            home.setdefault((id(dataset), scaling), len(home))
        kept = {position: pair for pair, position in home.items()}
        sources = {id(dataset): dataset for dataset in datasets}
        self._later: Scaling | None = None
        rows = []
        for position in range(len(kept)):
            identity, scaling = kept[position]
            dataset = sources[identity]
            if len(kept) == 1 and dataset.x.dtype == torch.uint8:
                self._later = scaling  # four times smaller before it
                rows.append(dataset.x)
            else:
                rows.append(scaling.to_model(dataset.x))
        self._rows = torch.cat([part.reshape(self._examples, -1) for part in rows]).to(device)
        places = [home[id(dataset), scaling] for dataset, scaling in zip(datasets, scalings, strict=True)]
        self._first = torch.tensor(places, dtype=torch.int32) * self._examples
        self._epoch = -1
        self._order = torch.empty(0, dtype=torch.int32)

    def __getitem__(self, index: int) -> Tensor:
        epoch, position = divmod(index, self.per_epoch)
        if epoch != self._epoch:
            self._shuffle(epoch)
        chosen = self._order.narrow(1 - self.axis, position * self.batch_size, self.batch_size)
        x = self._rows.index_select(0, chosen.reshape(-1)).view(*chosen.shape, *self._event)
        return x if self._later is None else self._later.to_model(x.flatten(0, 1)).view(*chosen.shape, *self._event)

    def _shuffle(self, epoch: int) -> None:
        """The order of `epoch`: (S, N), or (N, S) where the replicas come second."""
        order = torch.empty(len(self._seeds), self._examples, dtype=torch.int32)
        for replica, seed in enumerate(self._seeds):
            order[replica] = epoch_order(self._examples, seed, epoch)
        order += self._first[:, None]
        self._order = (order if self.axis == 0 else order.T.contiguous()).to(self._rows.device)
        self._epoch = epoch
