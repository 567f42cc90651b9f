"""An order of training examples in which all classes have equal shares, however many examples they have.

The classes take turns in an endless sequence of positions, so that after any number of whole epochs the numbers of examples of two
classes differ by at most one. The positions of a class are filled with its examples, one random permutation after another, so that
the numbers of times that two of them were shown also differ by at most one. The order depends only on (seed, epoch), like that of
`saddlepoint.data.batches.epoch_order`.

References:
    Exploring the Limits of Weakly Supervised Pretraining (Mahajan et al., 2018), section 2.2, for sampling that depends on the
        class, https://arxiv.org/abs/1805.00932
"""

from __future__ import annotations

import hashlib

import torch
from torch import Tensor

from saddlepoint.data.dataset import Dataset
from saddlepoint.errors import SettingError

BLOCK = 1_024  # least number of positions of a class that are drawn together, because drawing them one by one is slow


class BalancedOrder:
    """The order of balanced epochs; classes without training examples are left out.

    Args:
        dataset: with labels.
        length: positions in an epoch.
        seed: of the order.

    Raises:
        SettingError: the data have no labels.
    """

    def __init__(self, dataset: Dataset, length: int, seed: int) -> None:
        if dataset.y is None:
            raise SettingError(
                f"training.balance_classes: {dataset.name} has no labels, so there are no classes to balance: leave it out, or "
                "give labelled data (a folder of images for each class, an .npz file with x and y)."
            )
        self._length, self._seed = length, seed
        self._members = [torch.nonzero(dataset.y == label).flatten() for label in torch.unique(dataset.y)]
        self._blocks: dict[int, tuple[int, Tensor]] = {}

    def epoch(self, epoch: int) -> Tensor:
        """Return the examples of an epoch, (length,) int64."""
        first, classes = epoch * self._length, len(self._members)
        order = torch.empty(self._length, dtype=torch.int64)
        for number, members in enumerate(self._members):
            # How many of the first `n` positions of the sequence belong to this class.
            start, stop = (-(-(n - number) // classes) for n in (first, first + self._length))
            order[(number - first) % classes :: classes] = members[self._stream(number, len(members), start, stop)]
        generator = _generator(f"saddlepoint balanced epoch {self._seed} {epoch}")
        return order[torch.randperm(self._length, generator=generator)]

    def _stream(self, number: int, size: int, start: int, stop: int) -> Tensor:
        """Return positions `start` to `stop - 1` of the permutations of a class with `size` examples."""
        times = -(-BLOCK // size)
        length = times * size
        blocks = range(start // length, -(-stop // length))
        if not blocks:
            return torch.empty(0, dtype=torch.int64)
        drawn = torch.cat([self._block(number, size, times, block) for block in blocks])
        return drawn[start - blocks[0] * length : stop - blocks[0] * length]

    def _block(self, number: int, size: int, times: int, block: int) -> Tensor:
        """Return `times` permutations of the class, one after another."""
        cached, permutations = self._blocks.get(number, (-1, torch.empty(0, dtype=torch.int64)))
        if cached != block:
            generator = _generator(f"saddlepoint balanced class {self._seed} {number} {block}")
            numbers = torch.rand(times, size, generator=generator, dtype=torch.float64)
            permutations = numbers.argsort(stable=True, dim=1).flatten()
            self._blocks[number] = (block, permutations)
        return permutations


def _generator(name: str) -> torch.Generator:
    digest = hashlib.blake2b(name.encode(), digest_size=8).digest()
    return torch.Generator().manual_seed(int.from_bytes(digest, "big") >> 1)
