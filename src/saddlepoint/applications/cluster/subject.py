"""What is clustered: a trained model with codes, and examples with their labels and names."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from saddlepoint.applications.cluster.points import Labels, Points

if TYPE_CHECKING:
    from saddlepoint.data.event import Event
    from saddlepoint.data.tabular.codec import TableCodec

CHUNK = 4_096  # examples that are converted together


@dataclass(frozen=True, eq=False)
class Subject:
    """Examples and the model that encodes them.

    Attributes:
        model: it `Encodes`.
        event: what one example is.
        x: (N, *event) examples, in the data's units.
        y: (N,) classes, -1 where an example has none; None without labels.
        index: (N,) positions of the examples in their source.
        names: (N,) of the examples, such as the path of an image.
        parts: (N,) whether an example is one of "training" or "held-out".
        table: of rows of a table, the codec that decodes them.
    """

    model: Any
    event: Event
    x: Tensor
    y: Labels | None
    index: Labels
    names: tuple[str, ...]
    parts: tuple[str, ...]
    table: TableCodec | None = None

    def __len__(self) -> int:
        return len(self.x)

    @cached_property
    def dimension(self) -> int:
        """Numbers in a code."""
        return int(self.model.encode(self.x[:1]).flatten(1).shape[1])

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the classes up to the last one that occurs; empty without labels."""
        return (self.event.class_names or ())[: int(self.y.max()) + 1] if self.y is not None else ()

    def take(self, positions: Labels) -> Subject:
        """The same model with the examples at these positions (M,)."""
        return Subject(
            self.model,
            self.event,
            self.x[torch.from_numpy(np.asarray(positions, np.int64))],
            None if self.y is None else self.y[positions],
            self.index[positions],
            tuple(self.names[n] for n in positions),
            tuple(self.parts[n] for n in positions),
            self.table,
        )

    def raw_values(self, x: Tensor) -> Points:
        """(M, *event) examples in the data's units -> (M, F) comparable numbers."""
        if self.event.has_columns:
            parts = [self.event.standardised(part) for part in torch.split(x, CHUNK)]
        else:
            units = self.event.scaling("unit")
            parts = [units.to_model(part).flatten(1) for part in torch.split(x, CHUNK)]
        return torch.cat(parts).double().numpy()
