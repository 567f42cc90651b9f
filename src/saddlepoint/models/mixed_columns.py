"""The likelihood of a row of mixed columns: numbers, values that own a region of a number, and categories.

Given the decoder's output, columns are independent. A number is Gaussian. Where a region of a number stands for one value of a table
(`Event.cells`), such as a category or a value that many rows share, the value has the Gaussian's probability of the region: where in the
region an encoded value lies is noise, which need not be explained. A group of one-hot columns (`Event.groups`) has a categorical
distribution, whose logits are the group's outputs.

References:
    Modeling Tabular data using Conditional GAN (Lei Xu, Maria Skoularidou, Alfredo Cuesta-Infante, Kalyan Veeramachaneni, 2019),
        https://arxiv.org/abs/1907.00503 (TVAE: Gaussians and categories)
    Handling Incomplete Heterogeneous Data using VAEs (Alfredo Nazábal, Pablo Olmos, Zoubin Ghahramani, Isabel Valera, 2018),
        https://arxiv.org/abs/1807.03653 (intervals of a Gaussian for ordered categories)
"""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor

from saddlepoint.data.cached_tensors import cached_tensors
from saddlepoint.data.event import Scaling
from saddlepoint.data.groups import Groups, grouped_columns
from saddlepoint.models.arrays import device_of
from saddlepoint.objectives.likelihood import interval_log_prob
from saddlepoint.objectives.precision import at_least_float32

Ends = tuple[tuple[float, float], ...]  # of the cells of a column, in ascending order


class Layout(NamedTuple):
    """The columns of one length of vectors.

    Attributes:
        groups: one-hot columns.
        cells: of each column.
        log_scale: of each column, log |d model units / d data units|.
    """

    groups: Groups
    cells: tuple[Ends, ...]
    log_scale: tuple[float, ...]

    def without(self, columns: set[int]) -> Layout:
        """The layout of vectors without some columns, none of which belongs to a group."""
        kept = [n for n in range(len(self.cells)) if n not in columns]
        position = {n: new for new, n in enumerate(kept)}
        groups = tuple((position[start], position[stop - 1] + 1) for start, stop in self.groups)
        return Layout(groups, tuple(self.cells[n] for n in kept), tuple(self.log_scale[n] for n in kept))


class NumberColumns(NamedTuple):
    """The columns of numbers as tensors, for M columns of at most C cells.

    Attributes:
        low, high: (M, C) ends of cells, infinite where a column has fewer.
        log_scale: (M,).
    """

    low: Tensor
    high: Tensor
    log_scale: Tensor


class MixedColumns:
    """Log probabilities and draws of mixed columns.

    Args:
        scaling: to the model's units, with exact groups.
    """

    def __init__(self, scaling: Scaling) -> None:
        event, size = scaling.event, scaling.event.size
        scale, offset = (part if len(part) > 1 else part * size for part in (scaling.scale, scaling.offset))
        ends: list[list[tuple[float, float]]] = [[] for _ in range(size)]
        for column, low, high in sorted(event.cells):
            ends[column].append((low * scale[column] + offset[column], high * scale[column] + offset[column]))
        whole = Layout(scaling.groups, tuple(map(tuple, ends)), tuple(math.log(abs(one)) for one in scale))
        varying = whole.without({column for column, _ in event.constants})
        # Measurements leave constant columns out.
        self._layouts = {len(layout.cells): layout for layout in (varying, whole)}
        self.groups = scaling.groups

    def each(self, x: Tensor, output: Tensor, log_std: Tensor | None) -> Tensor:
        """The log probability of every column, that of a group at its first column.

        Args:
            x: (B, D) in the model's units.
            output: (B, D), means of numbers and logits of categories.
            log_std: () of numbers, in the model's units.

        Returns:
            (B, D) nats: log densities in the data's own units, or log probabilities.
        """
        assert log_std is not None
        layout = self._layouts[x.shape[-1]]
        columns = grouped_columns(layout.groups, x.shape[-1], x.device)
        output, log_std = at_least_float32(output), at_least_float32(log_std)
        value = x[..., columns.numbers], output[..., columns.numbers]
        parts = [_number_log_prob(*value, log_std, _number_columns(layout, x.device))]
        if layout.groups:
            log_share = columns.split(output, -torch.inf).log_softmax(-1)
            parts.append(log_share.gather(-1, columns.largest(x).unsqueeze(-1)).squeeze(-1))
        zeros = parts[0].new_zeros(*x.shape[:-1], 1)
        return torch.cat([*parts, zeros], -1)[..., columns.order]

    def log_prob(self, x: Tensor, output: Tensor, log_std: Tensor | None) -> Tensor:
        """As `each`, summed over columns: (B,) nats."""
        return self.each(x, output, log_std).sum(-1)

    def mean(self, output: Tensor) -> Tensor:
        """Output (B, D) with probabilities in place of logits."""
        if not self.groups:
            return output
        columns = grouped_columns(self.groups, output.shape[-1], output.device)
        return columns.join(columns.split(at_least_float32(output), -torch.inf).softmax(-1), output)

    def draw(self, mean: Tensor, log_std: Tensor, generator: torch.Generator | None) -> Tensor:
        """Draw (B, D) from mean (B, D): Gaussian numbers, and groups that are exactly one-hot."""
        noise = torch.randn(mean.shape, generator=generator, device=device_of(generator)).to(mean)
        x = mean + torch.exp(log_std) * noise
        if not self.groups:
            return x
        columns = grouped_columns(self.groups, mean.shape[-1], mean.device)
        below = columns.split(mean.double(), 0.0).cumsum(-1)
        shape = (*below.shape[:-1], 1)
        uniform = torch.rand(shape, generator=generator, device=device_of(generator), dtype=torch.float64)
        return columns.one_hot((below <= uniform.to(below.device) * below[..., -1:]).sum(-1), x)


def _number_log_prob(x: Tensor, mean: Tensor, log_std: Tensor, columns: NumberColumns) -> Tensor:
    """The log density, or in a cell its log probability, of numbers (B, M)."""
    standardised = (x - mean) * torch.exp(-log_std)
    density = columns.log_scale - 0.5 * standardised.square() - log_std - 0.5 * math.log(2 * math.pi)
    if not columns.low.shape[1]:
        return density
    rows = x.detach().flatten(0, -2).T.contiguous().to(columns.low)
    cell = (torch.searchsorted(columns.low, rows, right=True) - 1).clamp(min=0)
    low, high = (ends.gather(1, cell).T.reshape(x.shape).to(x) for ends in (columns.low, columns.high))
    inside = (low <= x) & (x <= high)
    # Ends without a cell would give gradients that are not finite.
    low, high = torch.where(inside, low, -1.0), torch.where(inside, high, 1.0)
    return torch.where(inside, interval_log_prob(low, high, mean, log_std), density)


@cached_tensors
def _number_columns(layout: Layout, device: torch.device) -> NumberColumns:
    grouped = {column for start, stop in layout.groups for column in range(start, stop)}
    numbers = [column for column in range(len(layout.cells)) if column not in grouped]
    most = max((len(layout.cells[column]) for column in numbers), default=0)
    ends = torch.full((2, len(numbers), most), math.inf, dtype=torch.float64, device=device)
    for row, column in enumerate(numbers):
        for place, (low, high) in enumerate(layout.cells[column]):
            ends[0, row, place], ends[1, row, place] = low, high
    log_scale = torch.tensor([layout.log_scale[column] for column in numbers], device=device)
    return NumberColumns(ends[0], ends[1], log_scale)
