"""A Markov chain of discrete values, such as the characters of a text."""

from __future__ import annotations

import math
from collections.abc import Iterator

import torch
from torch import Tensor

from saddlepoint.data.event import Event, ScalingKind
from saddlepoint.models.classical.distribution import Distribution, refuse
from saddlepoint.models.classical.settings import ClassicalSettings
from saddlepoint.models.draws import draw_index

LARGEST = 2**25  # counts in a table


class Markov(Distribution):
    """p(x) = prod_t p(x_t | the `order` values before it), with `smoothing` added to the count of every continuation.

    The first values of an example have tables of their own, so that the probabilities of all sequences sum to 1.

    References:
        A Mathematical Theory of Communication (Claude Shannon, 1948), section 3,
            https://doi.org/10.1002/j.1538-7305.1948.tb01338.x
    """

    log_prob_of = "values"

    def __init__(self, settings: ClassicalSettings, event: Event, shape: tuple[int, ...]) -> None:
        super().__init__(settings, event, shape)
        levels = event.levels or 0
        self._levels, self._length = levels, math.prod(shape)
        self._order = min(settings.order, self._length - 1)
        if (self._order + 1) * math.log(levels) > math.log(LARGEST):
            raise refuse(
                settings,
                f"with model.order {self._order} of {levels} values has {levels}^{self._order + 1} counts: lower the order.",
            )
        # counts{j}: of the continuations of the contexts of j values, flat.
        self.state_names = tuple(f"counts{length}" for length in range(self._order + 1))  # type: ignore[misc]
        for length, name in enumerate(self.state_names):
            setattr(self, name, torch.zeros(levels ** (length + 1), dtype=torch.float64))

    @classmethod
    def check_event(cls, settings: ClassicalSettings, event: Event) -> None:
        if event.levels is None:
            raise refuse(
                settings,
                "needs discrete values, such as a text or bytes, and these data are real numbers: take gaussian, or hmm for a series.",
            )

    @classmethod
    def usual_scaling(cls, settings: ClassicalSettings, event: Event) -> ScalingKind:
        return "none"

    def _symbols(self, x: Tensor) -> Tensor:
        return (x.flatten(1) - (self.event.low or 0.0)).round().long()

    def _windows(self, symbols: Tensor) -> Iterator[tuple[int, Tensor]]:
        """The lengths of contexts, with the positions in the table of all continuations of that length, (N, number of them)."""
        for length in range(self._order + 1):
            last = self._length if length == self._order else length + 1
            position = torch.zeros(len(symbols), last - length, dtype=torch.int64)
            for back in range(length, -1, -1):
                position = position * self._levels + symbols[:, length - back : last - back]
            yield length, position

    def _probabilities(self, length: int) -> Tensor:
        """(contexts, values), rows sum to 1."""
        counts: Tensor = getattr(self, f"counts{length}").view(-1, self._levels)
        raised = counts + self.settings.smoothing
        return raised / raised.sum(1, keepdim=True)

    def learn(self, x: Tensor, y: Tensor | None) -> None:
        for length, position in self._windows(self._symbols(x)):
            name = f"counts{length}"
            counts: Tensor = getattr(self, name)
            setattr(self, name, counts + torch.bincount(position.flatten(), minlength=len(counts)))

    def log_prob(self, x: Tensor, y: Tensor | None = None) -> Tensor:
        total = torch.zeros(len(x), dtype=torch.float64)
        for length, position in self._windows(self._symbols(x)):
            total = total + self._probabilities(length).flatten()[position].log().sum(1)
        return total

    def sample(self, n: int, y: Tensor | None, generator: torch.Generator | None) -> Tensor:
        symbols = torch.zeros(n, self._length, dtype=torch.int64)
        tables = [self._probabilities(length) for length in range(self._order + 1)]
        context = torch.zeros(n, dtype=torch.int64)
        for t in range(self._length):
            length = min(t, self._order)
            symbols[:, t] = draw_index(tables[length][context], generator)
            kept = self._levels ** max(min(t + 1, self._order) - 1, 0)
            context = (context % kept) * self._levels + symbols[:, t] if self._order else context
        return (symbols + (self.event.low or 0.0)).double().view(n, *self.shape)

    def observations(self) -> dict[str, Tensor]:
        """Return the share of contexts of full length that have been seen."""
        counts: Tensor = getattr(self, f"counts{self._order}").view(-1, self._levels)
        return {"contexts_seen": (counts.sum(1) > 0).double().mean()}
