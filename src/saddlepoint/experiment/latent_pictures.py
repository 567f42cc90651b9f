"""Pictures of a model's codes: reconstructions, interpolation, traversals, and the codes of held-out examples."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from saddlepoint.data.alphabet import drawable
from saddlepoint.data.dataset import Dataset
from saddlepoint.data.missing_labels import MISSING
from saddlepoint.experiment.interpolation import spherical
from saddlepoint.figures import agreement, density, grids, latent, lines, style
from saddlepoint.figures.frames import frame_strips
from saddlepoint.figures.sounds import sound_panels
from saddlepoint.figures.texts import text_lines
from saddlepoint.models.base import Model
from saddlepoint.models.capabilities import (
    Conditional,
    Encodes,
    HasCodes,
    HasLatentPosterior,
    HasNamedCodes,
    has,
    require,
)
from saddlepoint.records import RunFolder, replaced

SCATTER = 2_000  # points in a scatter plot: more hide one another and make the page heavy
_TRAVERSED = 10  # latent dimensions shown in a traversal, those that vary most
_VALUES = np.linspace(-2.5, 2.5, 9)  # a traversal's positions, in standard deviations of the codes


@dataclass
class LatentPictures:
    """Draws pictures that need codes. All of them use the same held-out examples.

    Attributes:
        folder: of the run, into which the codes are written.
        dataset: its held-out part is encoded, or its training examples if nothing is held out.
        model: encodes and decodes.
        seed: of the choice of examples and of the noise.
    """

    folder: RunFolder
    dataset: Dataset
    model: Model
    seed: int = 0

    def held_out(self, most: int) -> Dataset:
        """Return at most `most` held-out examples, always the same; training examples if none are held out."""
        source = (
            self.dataset.held_out if self.dataset.held_out is not None and len(self.dataset.held_out) else self.dataset
        )
        generator = torch.Generator().manual_seed(self.seed)
        return source.subset(torch.randperm(len(source), generator=generator)[:most])

    def count_pairs(self, most: int) -> int:
        """Return the number of pairs of held-out examples, at most `most`."""
        return len(self.held_out(2 * most)) // 2

    def codes(self, most: int) -> Tensor:
        """Return the codes (N, latent) of at most `most` held-out examples."""
        return require(self.model, Encodes).encode(self.held_out(most).x.to(self.model.device)).cpu()

    def draw_reconstructions(self) -> style.Picture:
        """Draw held-out examples beside their reconstructions."""
        model, event = require(self.model, Encodes), self.dataset.event
        shown = {"image": 20, "volume": 4, "video": 4, "sound": 6, "series": 4, "vector": SCATTER, "text": 8}[
            event.kind
        ]
        x = self.held_out(shown).x
        back = model.decode(model.encode(x.to(self.model.device))).cpu()
        if event.kind == "image":
            return grids.reconstruction_grid(x.numpy(), back.numpy(), low=event.low, high=event.high)
        if event.kind == "vector":
            return agreement.reconstruction_scatter(x.numpy(), back.numpy())
        if event.kind == "series":
            pair, title = ("reconstruction", "original"), "Held-out examples and their reconstructions"
            return lines.series_lines(back.numpy(), x.numpy(), names=pair, title=title)
        # Each example beside, or above, its reconstruction.
        pairs = drawable(torch.stack([x.to(back.dtype), back], 1).flatten(0, 1), event)
        names = [f"{number + 1}, {what}" for number in range(len(x)) for what in ("original", "reconstruction")]
        title = "Held-out examples and their reconstructions"
        if event.kind == "text":
            return text_lines(pairs.tolist(), names=names, title=title)
        if event.kind == "video":
            return frame_strips(pairs, low=event.low, high=event.high, names=names, title=title)
        if event.kind == "volume":
            return grids.volume_grid(pairs, low=event.low, high=event.high, names=names, title=title)
        return sound_panels(pairs, rate=event.rate, low=event.low, high=event.high, names=names, title=title)

    def class_names_of_arcs(self, arcs: int) -> list[str]:
        """Return the class of each arc of `decode_between`; empty for a model without labels."""
        names = self.dataset.event.class_names or ()
        return [names[arc % len(names)] for arc in range(arcs)] if has(self.model, Conditional) else []

    def decode_between(self, arcs: int, points: int) -> Tensor:
        """Decode codes along arcs, each between two codes, with one class and one value of each categorical code.

        Args:
            arcs: number of arcs; fewer if there are fewer pairs of held-out examples.
            points: number of codes on each arc.

        Returns:
            (arcs, points, *event).
        """
        model, pairs = require(self.model, HasCodes), self.count_pairs(arcs)
        if has(self.model, Encodes) and pairs:
            ends = self.codes(2 * pairs).to(self.model.device)
        else:
            ends = model.fixed_noise(2 * arcs, torch.Generator(self.model.device).manual_seed(self.seed + 1))
            if has(model, Conditional) and model.classes:
                labels = (torch.arange(arcs) % model.classes).repeat(2)
                ends = model.with_labels(ends, labels.to(ends.device))
        moved = _count_interpolated(model)
        codes = torch.stack([_arc(a, b, points, moved) for a, b in zip(*ends.chunk(2), strict=True)])
        return model.decode(codes.flatten(0, 1)).cpu().view(*codes.shape[:2], *self.dataset.event.shape)

    def draw_interpolations(self) -> style.Picture:
        """Draw images along arcs between codes."""
        event = self.dataset.event
        paths = self.decode_between(6, 10).numpy()
        names = self.class_names_of_arcs(len(paths))
        return grids.interpolation_grid(paths, low=event.low, high=event.high, row_names=names)

    def draw_sounds_between(self) -> style.Picture:
        """Draw sounds along an arc between two codes."""
        event, points = self.dataset.event, 8
        names = [f"{number / (points - 1):.0%} of the way" for number in range(points)]
        sounds = self.decode_between(1, points)[0].numpy()
        title = "From one code to another"
        return sound_panels(sounds, rate=event.rate, low=event.low, high=event.high, names=names, title=title)

    def draw_paths(self) -> style.Picture:
        """Draw points in the plane along arcs between codes, over the data."""
        paths = self.decode_between(10, 100).flatten(0, 1)
        return density.compare(
            paths.numpy(), self.held_out(SCATTER).x.numpy(), title="Decoded from arcs between pairs of codes"
        )

    def draw_traversals(self) -> style.Picture:
        """Draw images along one latent dimension at a time, starting from the mean code."""
        codes = self.codes(500)
        centre, spread = codes.mean(0), codes.std(0)
        dimensions = spread.argsort(descending=True)[:_TRAVERSED].sort().values
        steps = torch.as_tensor(_VALUES, dtype=codes.dtype)
        grid = centre.repeat(len(dimensions), len(steps), 1)
        for row, dimension in enumerate(dimensions):
            grid[row, :, dimension] += steps * spread[dimension]
        event = self.dataset.event
        which = (
            "each dimension" if len(dimensions) == len(spread) else f"the {len(dimensions)} dimensions that vary most"
        )
        images = require(self.model, Encodes).decode(grid.flatten(0, 1).to(self.model.device))
        images = images.cpu().view(*grid.shape[:2], *event.shape)
        return grids.traversal_grid(
            images.numpy(),
            list(_VALUES),
            low=event.low,
            high=event.high,
            dimensions=[f"z{int(d) + 1}" for d in dimensions],
            title=f"Latent traversals: {which}, moved by standard deviations (above) from the mean code",
        )

    def draw_codes(self) -> style.Picture:
        """Draw the codes of held-out examples, and write them to figures/latent.npz for the interactive report."""
        held_out = self.held_out(SCATTER)
        codes = self.codes(SCATTER).numpy()
        labels = held_out.y.numpy() if held_out.y is not None else None
        names = self.dataset.event.class_names
        if labels is not None and names is not None and (labels == MISSING).any():
            labels, names = np.where(labels == MISSING, len(names), labels), (*names, "no label")
        with replaced(self.folder.figures / "latent.npz", "wb") as file:
            arrays: dict[str, Any] = {"codes": codes}
            if labels is not None:
                arrays |= {"labels": labels, "class_names": np.array(names)}
            np.savez(file, **arrays)
        return latent.latent_scatter(codes, labels, names, title="Codes of held-out examples")

    def heads(self) -> dict[str, Tensor]:
        """Return the encoder's mean and log-variance of held-out examples, (N, latent) each; empty for models without heads."""
        if not has(self.model, HasLatentPosterior):
            return {}
        means, log_variances = self.model.heads(self.held_out(SCATTER).x.to(self.model.device))
        return {"heads/mean": means.cpu(), "heads/log_variance": log_variances.cpu()}

    def draw_heads(self) -> style.Picture:
        """Draw histograms of the outputs of the encoder's heads."""
        return latent.head_histograms(*(values.numpy() for values in self.heads().values()))


def _count_interpolated(model: HasCodes) -> int:
    """The numbers at the beginning of a code that are noise; classes and codes with a meaning of their own follow them."""
    if has(model, HasNamedCodes) and model.named_codes is not None:
        return model.named_codes.first
    return model.latent - ((model.classes or 0) if has(model, Conditional) else 0)


def _arc(start: Tensor, end: Tensor, points: int, moved: int) -> Tensor:
    """Codes (points, latent) along an arc; only the first `moved` numbers change, the others are those of the start."""
    path = spherical(start[:moved], end[:moved], points)
    return torch.cat([path, start[moved:].expand(points, -1)], 1) if moved < len(start) else path
