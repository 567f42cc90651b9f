"""Groups of adjacent columns of a vector that are the one-hot code of one value, such as a category of a table.

Codes of tables have noise, so that densities of real numbers can be learnt (see `tabular.categories`). Models with a distribution of
categories take the position of the largest number of a group instead.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from saddlepoint.data.cached_tensors import cached_tensors
from saddlepoint.errors import DataError

Groups = tuple[tuple[int, int], ...]


def check_groups(groups: Sequence[tuple[int, int]], shape: tuple[int, ...]) -> None:
    """Check that groups are in ascending order, do not overlap and lie within a vector.

    Args:
        groups: (start, stop) of each.
        shape: of one example.

    Raises:
        DataError: they are not.
    """
    ends = [0, *(end for group in groups for end in group), shape[0]]
    if len(shape) != 1 or ends != sorted(ends) or any(start == stop for start, stop in groups):
        raise DataError(
            f"Event: groups is {tuple(groups)} of examples of shape {shape}; give (start, stop) of disjoint ranges of columns of a "
            "vector, in ascending order."
        )


class GroupedColumns:
    """The groups of vectors of one length, as index tensors.

    Args:
        groups: (start, stop) of each of G groups, of at most W columns.
        size: D, numbers of a vector.
        device: of the tensors.

    Attributes:
        numbers: (M,) int64, the columns that belong to no group.
        first: (G,) int64, the first column of each group.
        order: (D,) int64, where a column finds its value among M + G + 1: those of its number, of the group whose first column it is,
            and of all others.
    """

    def __init__(self, groups: Groups, size: int, device: torch.device) -> None:
        widest = max([1, *(stop - start for start, stop in groups)])
        columns, owner, place = [], [0] * size, [0] * size
        for number, (start, stop) in enumerate(groups):
            columns.append([*range(start, stop), *[start] * (widest - stop + start)])
            owner[start:stop] = [number] * (stop - start)
            place[start:stop] = range(stop - start)
        grouped = [any(start <= column < stop for start, stop in groups) for column in range(size)]
        self.numbers = torch.tensor([n for n, inside in enumerate(grouped) if not inside], device=device).long()
        self.first = torch.tensor([start for start, _ in groups], device=device).long()
        self.order = torch.full((size,), len(self.numbers) + len(groups), device=device)
        self.order[self.numbers] = torch.arange(len(self.numbers), device=device)
        self.order[self.first] = len(self.numbers) + torch.arange(len(groups), device=device)
        self._columns = torch.tensor(columns, device=device).long().view(len(groups), widest)
        sizes = torch.tensor([stop - start for start, stop in groups], device=device).view(-1, 1)
        self._filled = torch.arange(widest, device=device) < sizes
        self._grouped = torch.tensor(grouped, device=device)
        self._owner, self._place = (torch.tensor(part, device=device).long() for part in (owner, place))
        self._widest = widest

    def split(self, x: Tensor, fill: float) -> Tensor:
        """The numbers of each group of x (..., D) as (..., G, W), followed by `fill` in narrower groups."""
        return torch.where(self._filled, x[..., self._columns], fill)

    def join(self, parts: Tensor, x: Tensor) -> Tensor:
        """x (..., D) with the numbers of its groups replaced by parts (..., G, W)."""
        if not len(self.first):
            return x
        return torch.where(self._grouped, parts.flatten(-2)[..., self._owner * self._widest + self._place].to(x), x)

    def one_hot(self, position: Tensor, x: Tensor) -> Tensor:
        """x (..., D) with groups that are 1 at position (..., G) int64 and 0 elsewhere."""
        if not len(self.first):
            return x
        return torch.where(self._grouped, (position[..., self._owner] == self._place).to(x), x)

    def largest(self, x: Tensor) -> Tensor:
        """The position (..., G) int64 of the largest number of each group of x (..., D)."""
        return self.split(x, -torch.inf).argmax(-1)


@cached_tensors
def grouped_columns(groups: Groups, size: int, device: torch.device) -> GroupedColumns:
    """The groups of vectors of `size` numbers."""
    return GroupedColumns(groups, size, device)


def exactly_one_hot(x: Tensor, groups: Groups) -> Tensor:
    """x (..., D) with groups that are 1 at their largest number and 0 elsewhere."""
    if not groups:
        return x
    columns = grouped_columns(groups, x.shape[-1], x.device)
    return columns.one_hot(columns.largest(x), x)
