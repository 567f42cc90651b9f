"""Completed examples: several draws, their pictures, and their errors where the truth is known."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from saddlepoint.applications.impute.images.holes import Array, Holes
from saddlepoint.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from PIL.Image import Image

    from saddlepoint.data.dataset import Event

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
            `energy`, the mean energy score of an example, over the root of its number of missing numbers: it is lowest on average
            for draws from the true distribution.

        Raises:
            DataError: the truth is not known.

        References:
            Strictly Proper Scoring Rules, Prediction, and Estimation (Gneiting, Raftery, 2007),
            https://doi.org/10.1198/016214506000001437.
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
            found["energy"] = float(energy_scores(drawn, truth, missing).mean())
        return found

    def files(self) -> Iterator[tuple[str, Image]]:
        """Name and picture of each completed image; several draws of NAME.png are NAME-1.png, NAME-2.png, ..."""
        from pathlib import Path

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


def energy_scores(
    drawn: npt.NDArray[np.float64], truth: npt.NDArray[np.float64], missing: npt.NDArray[np.bool_]
) -> npt.NDArray[np.float64]:
    """E|x - y| - E|x - x'| / 2 of each example with missing numbers, over the root of how many it has.

    Args:
        drawn: (m, N, ...) draws, at least 2, equal to the truth where nothing is missing.
        truth: (N, ...).
        missing: (N, ...).
    """
    counts = missing.reshape(len(missing), -1).sum(1)
    rows = counts > 0
    points = drawn[:, rows].reshape(len(drawn), int(rows.sum()), -1)
    error = np.linalg.norm(points - truth[rows].reshape(1, int(rows.sum()), -1), axis=-1).mean(0)
    m = len(points)
    apart = sum(np.linalg.norm(points - one, axis=-1).sum(0) for one in points) / (m * (m - 1))
    scores: npt.NDArray[np.float64] = (error - apart / 2) / np.sqrt(counts[rows])
    return scores
