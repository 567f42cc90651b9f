"""One distribution for each class."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from torch import Tensor

from saddlepoint.models.classical.distribution import Completing, Distribution


class PerClass(Completing):
    """A model of classes that consists of an independent distribution for each of them.

    Args:
        parts: a distribution without labels for each class.
    """

    def __init__(self, parts: list[Distribution]) -> None:
        first = parts[0]
        super().__init__(first.settings, first.event, first.shape)
        self.parts = parts
        self.iterative = first.iterative  # type: ignore[misc]  # that of the parts
        self.log_prob_of = first.log_prob_of

    def begin(self, x: Tensor, y: Tensor | None, seed: int) -> None:
        self.check_examples(y)
        for label, part, rows in self._classes(y):
            part.begin(x[rows], None, seed + label)

    def check_examples(self, y: Tensor | None) -> None:
        """Check that a batch has enough examples of each class that begins with it.

        Args:
            y: (B,) labels.

        Raises:
            DataError: a class has too few.
        """
        for label, part, rows in self._classes(y):
            if not part.begun and len(rows) < part.fewest:
                raise part.too_few(len(rows), self._of_class(label))

    def _of_class(self, label: int) -> str:
        names = self.event.class_names
        return f" of class {names[label] if names else label}"

    def learn(self, x: Tensor, y: Tensor | None) -> None:
        for _, part, rows in self._classes(y):
            part.learn(x[rows], None)

    def log_prob(self, x: Tensor, y: Tensor | None = None) -> Tensor:
        return self._by_class(lambda part, rows: part.log_prob(x[rows]), x.new_empty(len(x)), y)

    def training_log_prob(self, x: Tensor, y: Tensor | None = None) -> Tensor:
        return self._by_class(lambda part, rows: part.training_log_prob(x[rows]), x.new_empty(len(x)), y)

    def known_log_prob(self, x: Tensor, known: Tensor, y: Tensor | None = None) -> Tensor:
        def of_part(part: Distribution, rows: Tensor) -> Tensor:
            assert isinstance(part, Completing)
            return part.known_log_prob(x[rows], known[rows])

        return self._by_class(of_part, x.new_empty(len(x)), y)

    def sample(self, n: int, y: Tensor | None, generator: torch.Generator | None) -> Tensor:
        empty = torch.empty(n, *self.shape, dtype=torch.float64)
        return self._by_class(lambda part, rows: part.sample(len(rows), None, generator), empty, y)

    def complete(
        self, x: Tensor, known: Tensor, y: Tensor | None = None, generator: torch.Generator | None = None
    ) -> Tensor:
        def of_part(part: Distribution, rows: Tensor) -> Tensor:
            assert isinstance(part, Completing)
            return part.complete(x[rows], known[rows], generator=generator)

        return self._by_class(of_part, torch.empty_like(x), y)

    def observations(self) -> dict[str, Tensor]:
        """Of the smallest quantities the least over classes, of counts the largest of one class, of others the mean."""
        of_parts = [part.observations() for part in self.parts]
        together = {}
        for name in of_parts[0]:
            values = torch.stack([one[name].double() for one in of_parts])
            counts = name in ("degenerate_components", "unvisited_states")
            together[name] = values.min() if name.startswith("smallest") else values.max() if counts else values.mean()
        return together

    def state(self) -> dict[str, Tensor]:
        return {
            f"{label}/{name}": value for label, part in enumerate(self.parts) for name, value in part.state().items()
        }

    def load(self, state: Mapping[str, Tensor]) -> None:
        for label, part in enumerate(self.parts):
            part.load({name: state[f"{label}/{name}"] for name in part.state_names})

    def _classes(self, y: Tensor | None) -> list[tuple[int, Distribution, Tensor]]:
        """The classes that occur among labels (N,), with the rows of each."""
        assert y is not None
        return [(label, self.parts[label], torch.nonzero(y == label).flatten()) for label in torch.unique(y).tolist()]

    def _by_class(self, function: Callable[[Distribution, Tensor], Tensor], empty: Tensor, y: Tensor | None) -> Tensor:
        """Fill a tensor with the results of each class for its rows."""
        for _, part, rows in self._classes(y):
            empty[rows] = function(part, rows)
        return empty
