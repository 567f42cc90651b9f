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
SHOWN_ON_A_PAGE = 8  # which a phone shows as well


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

    @property
    def headline(self) -> str:
        """What was done, in at most twelve words."""
        count = len(self.holes.x)
        kind, whose = (self.event.kind, "its") if count == 1 else (self.event.plural, "their")
        share = self.holes.missing / self.holes.known.size
        return f"{count:,} {kind} completed, {share:.1%} of {whose} numbers were missing"

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
        truth = self.truth.astype(np.float64) / self._span
        drawn = np.where(self.holes.known, truth, self.draws.astype(np.float64) / self._span)
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

    def write_page(self, path: str | Path) -> Path:
        """Write a page: the completions, where numbers were missing, and how far the completions differ.

        Args:
            path: of an HTML file, which is replaced if it exists.

        Returns:
            The path.
        """
        from saddlepoint.report.inpainting import write_inpainting_page

        path = Path(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        grid = self.grid(SHOWN_ON_A_PAGE) if self.event.kind == "image" else None
        return write_inpainting_page(self.to_json(), self.maps(), grid, path)

    def maps(self) -> dict[str, Array]:
        """Pictures (H, W) in numbers: where examples lack pixels, and how completions differ there; none for other examples.

        Returns:
            By name: `missing`, the share of examples that lack a pixel; of several draws `spread`, their standard deviation; with the
            truth `error`, the root mean squared error. Spread and error are means over the examples that lack the pixel and over
            channels, in shares of the data's range where it has one, NaN where no example lacks it.
        """
        if self.event.kind != "image":
            return {}
        missing = ~self.holes.known
        count = missing.sum((0, 1))
        found = {"missing": missing.mean((0, 1))}
        drawn = self.draws.astype(np.float64) / self._span

        def over_missing(squares: Array) -> Array:
            total = np.where(missing, squares, 0.0).sum((0, 1))
            return np.asarray(np.sqrt(np.divide(total, count, out=np.full(count.shape, np.nan), where=count > 0)))

        if len(drawn) > 1:
            found["spread"] = over_missing(drawn.var(0, ddof=1))
        if self.truth is not None:
            found["error"] = over_missing(((drawn - self.truth.astype(np.float64) / self._span) ** 2).mean(0))
        return found

    @property
    def _span(self) -> float:
        """The range of the data, in whose shares errors are; 1 where it has none."""
        return 1.0 if self.event.low is None or self.event.high is None else self.event.high - self.event.low

    def to_json(self) -> dict[str, Any]:
        """What was done, as JSON values, without the images."""
        return {
            "headline": self.headline,
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
