"""Batches for models that learn from few labels: a fixed share of each batch has labels, the rest is drawn from all examples.

Where one example in six hundred has a label, most batches of a plain order have none. Here the labelled examples come in random
permutations, one after another, and the rest of a batch comes without labels, as the order of `saddlepoint.data.batches` has it.

References:
    Improved Techniques for Training GANs (Salimans et al., 2016), section 5, https://arxiv.org/abs/1606.03498 (batches of both kinds)
"""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from saddlepoint.data.batches import Batches
from saddlepoint.data.class_balance import BalancedOrder
from saddlepoint.data.dataset import Dataset
from saddlepoint.data.event import Scaling
from saddlepoint.data.missing_labels import MISSING
from saddlepoint.errors import DataError


class MixedBatches:
    """`batches[i]` is `(x, y)` as of `Batches`: first the labelled examples, then others, for which y is -1.

    Args:
        dataset: the training examples, with labels, of which -1 is a missing one.
        batch_size: examples in a batch, at least 2.
        seed: of the order.
        device: of the batches.
        scaling: to the model's units.
        share: of a batch that has labels, above 0 and below 1; at least one example of each kind.

    Raises:
        DataError: the data do not fill one batch, or no example has a label.
    """

    def __init__(
        self, dataset: Dataset, batch_size: int, seed: int, device: torch.device | str, scaling: Scaling, share: float
    ) -> None:
        known = None if dataset.y is None else torch.nonzero(dataset.y != MISSING).flatten()
        if known is None or not len(known):
            raise DataError(f"{dataset.name}: no example has a label, and this model learns from some; label a few.")
        self.batch_size, self.scaling = batch_size, scaling
        self.labelled = min(max(1, round(share * batch_size)), batch_size - 1)
        self.device = torch.device(device)
        self._others = Batches(dataset, batch_size - self.labelled, seed, device, scaling)
        self.per_epoch = self._others.per_epoch
        part = dataset.subset(known)
        assert part.y is not None
        self._x, self._y = part.x.to(self.device), part.y.to(self.device)
        as_one_class = replace(part, y=torch.zeros_like(part.y))
        self._order = BalancedOrder(as_one_class, self.labelled, seed)
        self._missing = torch.full((batch_size - self.labelled,), MISSING, device=self.device)

    def __getitem__(self, i: int) -> tuple[Tensor, Tensor]:
        index = self._order.epoch(i).to(self.device)
        others, _ = self._others[i]
        x = torch.cat([self.scaling.to_model(self._x[index]), others])
        return x, torch.cat([self._y[index], self._missing])
