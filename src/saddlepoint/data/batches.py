"""An endless stream of batches with random access: batch `i` does not depend on whether earlier batches were read.

This makes resuming exact at no cost, because the position in the data is the step number. The order of epoch e is a
permutation drawn from (seed, e) alone; examples that do not fill a batch at the end of an epoch are skipped until the next one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor

from saddlepoint.data.class_balance import BalancedOrder
from saddlepoint.data.dataset import Dataset
from saddlepoint.data.event import Scaling
from saddlepoint.errors import DataError


class Batches:
    """`batches[i]` is `(x, y)`: x (B, *event) float32 in the model's units, y (B,) int64 or None, both on `device`.

    The data are moved to an accelerator once if that leaves at least half of its free memory to the networks; otherwise each
    batch is moved by itself.

    Args:
        dataset: the training examples.
        batch_size: examples in a batch, at most as many as there are.
        seed: of the order.
        device: of the batches.
        scaling: to the model's units.
        labels: whether to return y; gathering it costs a few microseconds a step, and most losses do not use it.
        balanced: whether all classes have equal shares (see `saddlepoint.data.class_balance`).

    Raises:
        DataError: the data do not fill one batch.
        SettingError: classes of data without labels cannot be balanced.
    """

    def __init__(
        self,
        dataset: Dataset,
        batch_size: int,
        seed: int,
        device: torch.device | str,
        scaling: Scaling,
        *,
        labels: bool = False,
        balanced: bool = False,
    ) -> None:
        if batch_size > len(dataset):
            several = len(dataset) > 1
            raise DataError(
                f"DATA402: {dataset.name} has {len(dataset):,} training example{'s' * several}, fewer than a batch of "
                f"{batch_size:,}; {f'lower --training.batch_size to {len(dataset):,} or less, or ' * several}give more data."
            )
        self.batch_size = batch_size
        self.seed = seed
        self.device = torch.device(device)
        self.scaling = scaling
        self.per_epoch = len(dataset) // batch_size
        self._shape = (batch_size, *dataset.event.shape)
        # One row an example: index_select over rows is the cheapest gather.
        rows = dataset.x.reshape(len(dataset), -1)
        home = self.device if _fits(rows, self.device) else rows.device
        self._rows = rows.to(home)
        self._labels = dataset.y.to(home) if labels and dataset.y is not None else None
        self._order_of = order_of_epochs(dataset, batch_size, seed, balanced=balanced)
        self._epoch = -1
        self._order = torch.empty(0, dtype=torch.int64)

    def __getitem__(self, i: int) -> tuple[Tensor, Tensor | None]:
        epoch, position = divmod(i, self.per_epoch)
        if epoch != self._epoch:
            self._order = self._order_of(epoch).to(self._rows.device)
            self._epoch = epoch
        index = self._order.narrow(0, position * self.batch_size, self.batch_size)
        x = self._rows.index_select(0, index).view(self._shape).to(self.device, non_blocking=True)
        if self._labels is None:
            return self.scaling.to_model(x), None
        return self.scaling.to_model(x), self._labels.index_select(0, index).to(self.device, non_blocking=True)


def order_of_epochs(dataset: Dataset, batch_size: int, seed: int, *, balanced: bool) -> Callable[[int], Tensor]:
    """Return the function from an epoch to the order of its examples, int64; examples at its end that do not fill a batch are skipped.

    Args:
        dataset: training examples.
        batch_size: examples in a batch.
        seed: of the order.
        balanced: whether all classes have equal shares. An epoch then has exactly as many positions as its batches need;
            otherwise it is a permutation of all examples.

    Raises:
        SettingError: classes of data without labels cannot be balanced.
    """
    if not balanced:
        return partial(epoch_order, len(dataset), seed)
    return BalancedOrder(dataset, len(dataset) // batch_size * batch_size, seed).epoch


def epoch_order(n: int, seed: int, epoch: int) -> Tensor:
    """(n,) int64: the permutation of epoch `epoch`, the same on every machine and device."""
    digest = hashlib.blake2b(f"saddlepoint batches {seed} {epoch}".encode(), digest_size=8).digest()
    generator = torch.Generator().manual_seed(int.from_bytes(digest, "big") >> 1)
    return torch.randperm(n, generator=generator)


def _fits(rows: Tensor, device: torch.device) -> bool:
    """Whether the data take at most half of the free memory of `device`."""
    needed = rows.numel() * rows.element_size()
    if device.type == "cuda":
        return needed <= torch.cuda.mem_get_info(device)[0] // 2
    if device.type == "mps":
        return needed <= (torch.mps.recommended_max_memory() - torch.mps.current_allocated_memory()) // 2
    return True
