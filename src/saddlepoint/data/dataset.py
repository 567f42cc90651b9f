"""A dataset is a value: examples, optional labels, and an `Event` that says what one example is."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

import torch
from torch import Tensor

from saddlepoint.arguments import shown
from saddlepoint.data.event import Event, describe_classes
from saddlepoint.errors import DataError
from saddlepoint.markup import Markup, html, joined

if TYPE_CHECKING:
    from saddlepoint.data.tabular.codec import TableCodec


class Truth(Protocol):
    """The exact distribution of synthetic data, in the data's own units."""

    @property
    def modes(self) -> Tensor | None:
        """(K, D) centres of the modes; None for shapes without modes."""

    @property
    def mode_std(self) -> float | None:
        """Standard deviation of one mode."""

    def log_prob(self, x: Tensor) -> Tensor:
        """(N, D) -> (N,) exact log density in nats."""

    def sample(self, n: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """(n, D) points and their (n,) mode labels, equally many a mode (up to one)."""


@dataclass(frozen=True, eq=False)
class Dataset:
    """Examples to train on, and a held-out part that training never sees.

    Attributes:
        x: (N, *event.shape), uint8 or float32, in the data's own units; may be a memory-mapped file.
        y: (N,) int64 labels, -1 where one is missing; or None.
        held_out: another Dataset of the same event, or None.
        truth: the exact distribution, for synthetic data.
        fingerprint: hex SHA-256 of the content and its processing; equal data have equal fingerprints.
        notes: sentences for the user about what loading left out or decided.
        sequences: (N,) int64, of examples that were cut from longer sequences the number of each one's sequence; None for independent examples.
        table: of the rows of a table, the codec that encoded them as vectors; None for other data.
    """

    name: str
    x: Tensor
    event: Event
    y: Tensor | None = None
    held_out: Dataset | None = None
    truth: Truth | None = None
    fingerprint: str = ""
    notes: tuple[str, ...] = ()
    table: TableCodec | None = None
    sequences: Tensor | None = None

    def __post_init__(self) -> None:
        event = self.event
        if (
            not isinstance(self.x, Tensor)
            or self.x.dtype != event.torch_dtype
            or tuple(self.x.shape[1:]) != event.shape
        ):
            got = f"{tuple(self.x.shape)} {self.x.dtype}" if isinstance(self.x, Tensor) else shown(self.x)
            raise DataError(
                f"Dataset {self.name}: x is {got}; its event asks for a tensor (N, {', '.join(map(str, event.shape))}) of "
                f"{event.torch_dtype}. sp.from_array makes a dataset of any array."
            )
        y = self.y
        if y is not None and (not isinstance(y, Tensor) or y.dtype != torch.int64 or y.shape != self.x.shape[:1]):
            raise DataError(
                f"Dataset {self.name}: y is not an int64 tensor ({len(self.x):,},) of labels; convert it with y.long()."
            )

    def __len__(self) -> int:
        return len(self.x)

    def __repr__(self) -> str:
        held_out = f" + {len(self.held_out):,} held out" if self.held_out is not None else ""
        shape = "x".join(map(str, self.event.shape))
        examples = self.event.kind if len(self) == 1 and self.held_out is None else self.event.plural
        classes = describe_classes(self.event)
        return f"Dataset({self.name!r}: {len(self):,}{held_out} {examples} of {shape} {self.event.dtype}{classes})"

    def _repr_html_(self) -> Markup:
        event = self.event
        rows = {
            "examples": f"{len(self):,}"
            + (f" and {len(self.held_out):,} held out" if self.held_out is not None else ""),
            "one example": f"{event.kind} of {'x'.join(map(str, event.shape))}, {event.dtype}",
            "range": f"{event.low:g} to {event.high:g}" if event.bounded else "any",
            "classes": ", ".join(event.class_names) if event.class_names else "none",
            **{f"note {number}": note for number, note in enumerate(self.notes, 1)},
        }
        cells = joined(html("<tr><td>{}</td><td>{}</td></tr>", name, value) for name, value in rows.items())
        return html("<p><b>{}</b></p><table>{}</table>", self.name, cells)

    def subset(self, index: Tensor) -> Dataset:
        """The examples at `index` (M,) int64, with a fingerprint of their own; without a held-out part."""
        index = torch.as_tensor(index)
        if index.ndim != 1 or index.is_floating_point() or index.dtype == torch.bool:
            raise DataError(
                f"{self.name}: subset takes positions (M,), whole numbers; got {tuple(index.shape)} {index.dtype}."
            )
        if len(index) and not -len(self) <= int(index.min()) <= int(index.max()) < len(self):
            raise DataError(
                f"{self.name}: subset: there are positions 0 to {len(self) - 1:,}; one of those given is not among them."
            )
        chosen = hashlib.sha256(self.fingerprint.encode() + index.cpu().contiguous().numpy().tobytes()).hexdigest()
        return replace(
            self,
            x=self.x[index],
            y=None if self.y is None else self.y[index],
            sequences=None if self.sequences is None else self.sequences[index],
            held_out=None,
            fingerprint=chosen if self.fingerprint else "",
        )
