"""Means and scatter matrices that grow batch by batch."""

from __future__ import annotations

from typing import NamedTuple, Self

import torch
from torch import Tensor

ROWS = 10_000  # of a group


class Moments(NamedTuple):
    """The first two moments of the examples seen so far, all float64.

    Attributes:
        examples: () number of examples.
        mean: (D,).
        scatter: (D, D), the sum of the outer products of deviations from the mean; (D,) if only its diagonal is kept.
    """

    examples: Tensor
    mean: Tensor
    scatter: Tensor

    @classmethod
    def empty(cls, size: int, *, full: bool = True) -> Self:
        """The moments of no examples."""
        zeros = torch.zeros(size, size) if full else torch.zeros(size)
        return cls(torch.zeros((), dtype=torch.float64), torch.zeros(size).double(), zeros.double())

    def include(self, x: Tensor) -> Moments:
        """Return the moments with further examples, which are taken in groups to bound the memory.

        The scatter of two groups is the sum of theirs and of a term in the distance of their means, which needs no second pass
        and loses no digits.

        Args:
            x: (B, D).

        References:
            Updating Formulae and a Pairwise Algorithm for Computing Sample Variances (Tony Chan, Gene Golub, Randall LeVeque,
                1979), http://i.stanford.edu/pub/cstr/reports/cs/tr/79/773/CS-TR-79-773.pdf
        """
        moments = Moments(*self)
        for part in torch.split(x, ROWS):
            moments = moments._merge(part)
        return moments

    def _merge(self, x: Tensor) -> Moments:
        """Return the moments with one group of examples (B, D)."""
        if not len(x):
            return self
        examples = self.examples + len(x)
        mean = x.mean(0)
        deviations, step = x - mean, mean - self.mean
        share = self.examples * len(x) / examples
        if self.scatter.ndim == 2:
            scatter = deviations.T @ deviations + share * torch.outer(step, step)
        else:
            scatter = deviations.square().sum(0) + share * step.square()
        return Moments(examples, self.mean + step * (len(x) / examples), self.scatter + scatter)
