"""Completed examples: several draws, their pictures, and their errors where the truth is known."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from saddlepoint.applications.impute.energy_score import energy_scores
from saddlepoint.applications.impute.images.holes import Array, Holes
from saddlepoint.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from PIL.Image import Image

    from saddlepoint.data.event import Event

SHOWN = 16  # examples of a picture


@dataclass(frozen=True)
class CompletedImages:
    """Examples whose missing numbers a model drew.

    Attributes:
        holes: the examples with missing numbers.
        draws: (M, N, *event) in the data's units, equal to the examples where they are known.
        event: what one example is.
        truth: (N, *event) the complete examples, or None.
        note: a sentence on how the model completes.
    """

    holes: Holes = field(repr=False)
    draws: Array = field(repr=False)
    event: Event
    truth: Array | None = field(repr=False)
    note: str

    @property
    def x(self) -> Array:
        """(N, *event) the first draw."""
        return np.asarray(self.draws[0])

    def errors(self) -> dict[str, float]:
        """Errors of the missing numbers, in shares of the data's range where it has one.

        Returns:
            `draw`, the root mean squared error of a draw; `mean`, that of the mean of all draws; and, of several draws,
            `energy`, the mean energy score of an example, over the root of its number of missing numbers.

        Raises:
            DataError: the truth is not known.
        """
        if self.truth is None:
            raise DataError("impute: errors need the complete images; give them as truth.")
        span = 1.0 if self.event.low is None or self.event.high is None else self.event.high - self.event.low
        truth = self.truth.astype(np.float64) / span
        drawn = np.where(self.holes.known, truth, self.draws.astype(np.float64) / span)
        missing = ~self.holes.known
        found = {
            "draw": float(np.sqrt(((drawn - truth) ** 2)[:, missing].mean())),
            "mean": float(np.sqrt(((drawn.mean(0) - truth) ** 2)[missing].mean())),
        }
        if len(drawn) > 1:
            rows = missing.reshape(len(missing), -1).any(1)
            scores = energy_scores(drawn[:, rows], truth[rows], euclidean)
            found["energy"] = float((scores / np.sqrt(missing[rows].reshape(len(scores), -1).sum(1))).mean())
        return found

    def files(self) -> Iterator[tuple[str, Image]]:
        """Name and picture of each completed image; several draws of NAME.png are NAME-1.png, NAME-2.png, ..."""
        from saddlepoint.figures.pixels import to_image, to_pixels

        assert self.holes.names is not None
        assert self.holes.pixels is not None
        for number, draw in enumerate(self.draws, 1):
            made = to_pixels(draw, low=self.event.low, high=self.event.high).transpose(0, 3, 1, 2)
            # What is known has the very bytes of the file, also where the data have fewer levels.
            pixels = np.where(self.holes.known, self.holes.pixels, made).transpose(0, 2, 3, 1)
            for name, image in zip(self.holes.names, pixels, strict=True):
                stem = Path(name).with_suffix("").as_posix()
                yield f"{stem}.png" if len(self.draws) == 1 else f"{stem}-{number}.png", to_image(image)

    def grid(self, shown: int = SHOWN) -> Image:
        """Draw the examples with holes in a row, below them the completions, and last the truth if it is known.

        Args:
            shown: most examples.
        """
        from saddlepoint.figures.grids import completion_grid

        truth = None if self.truth is None else self.truth[:shown]
        return completion_grid(
            self.holes.x[:shown],
            self.holes.known[:shown],
            self.draws[:, :shown],
            truth,
            low=self.event.low,
            high=self.event.high,
        )

    def to_json(self) -> dict[str, Any]:
        """What was done, as JSON values, without the images."""
        return {
            "examples": len(self.holes.x),
            "missing": self.holes.missing,
            "missing_share": self.holes.missing / max(self.holes.known.size, 1),
            "draws": len(self.draws),
            "note": self.note,
            "errors": None if self.truth is None else self.errors(),
        }


def euclidean(x: Array, y: Array) -> Array:
    """(m, N, ...) and (N, ...) -> (m, N) distances of the examples."""
    return np.asarray(np.linalg.norm((x - y).reshape(*x.shape[:2], -1), axis=-1))
