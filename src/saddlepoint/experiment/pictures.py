"""The pictures of a run: which ones a model and its data allow, drawn from the trained model into the run's folder."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from saddlepoint.data.dataset import Dataset
from saddlepoint.experiment import snapshots
from saddlepoint.experiment.interpolation import spherical
from saddlepoint.experiment.sample_plots import draw_points
from saddlepoint.figures import agreement, curves, density, grids, latent, lines, style, video
from saddlepoint.figures.pixels import to_pixels
from saddlepoint.figures.samples import show_samples, waveforms
from saddlepoint.models.base import Model
from saddlepoint.models.capabilities import Encodes, HasCodes, HasLatentPosterior, has, require
from saddlepoint.records import RunFolder, replaced, series_of

Numbers = npt.NDArray[Any]

_SCATTER = 2_000  # points in a latent scatter: more hide one another and make the page heavy
_KEPT_SAMPLES, _KEPT_CODES = 10, 500  # of every moment, for the pictures over time
_TRAVERSED = 10  # latent dimensions shown in a traversal, those that vary most
_VALUES = np.linspace(-2.5, 2.5, 9)  # a traversal's positions, in standard deviations of the codes


@dataclass
class Pictures:
    """Draws into one run folder. All pictures of a run use the same noise and the same held-out examples."""

    folder: RunFolder
    dataset: Dataset
    model: Model
    seed: int = 0
    samples: int = 64

    def sample_grid(self, step: int) -> None:
        """samples/step-NNNNNNNN.png: the same noise every time, so that frames show one sample change."""
        generator = torch.Generator(self.model.device).manual_seed(self.seed)
        # Drawn anew each time, from the same seed: codes of a fitted prior follow the prior as it is fitted again, and a
        # resumed run draws what the uninterrupted one would.
        # A cloud of points needs more of them than a grid of images.
        n = max(self.samples, _SCATTER) if self.dataset.event.kind == "vector" else self.samples
        if has(self.model, HasCodes):
            samples = self.model.decode(self.model.fixed_noise(n, generator)).cpu()
        else:
            samples = self.model.sample(n, generator=generator).cpu()
        style.write_png(self._show(samples, f"Samples at step {step:,}"), self.folder.sample_grid(step))
        arrays = {name.replace("heads/", ""): values[:_KEPT_CODES].numpy() for name, values in self.heads().items()}
        if self.dataset.event.kind == "image":
            arrays["samples"] = self._pixels(samples[:_KEPT_SAMPLES])
        if arrays:
            snapshots.write_moment(self.folder, step, arrays)

    def final(
        self, attempt: Callable[[str], AbstractContextManager[object]] = contextlib.nullcontext, *, trained: bool = True
    ) -> None:
        """figures/*.png with captions.json, and the points of the latent scatter for the interactive report.

        attempt: a context for each picture by its file's name; what it swallows costs that picture alone.
        trained: whether the model's weights can be used; without, the curves alone are drawn.
        """
        captions = {}
        for name, caption, draw in self._wanted(trained, attempt):
            with attempt(name):
                style.write_png(draw(), self.folder.figures / name)
                captions[name] = caption
        with attempt("captions.json"), replaced(self.folder.figures / "captions.json") as file:
            json.dump(captions, file, indent=2)

    def _wanted(
        self, trained: bool, attempt: Callable[[str], AbstractContextManager[object]]
    ) -> Iterator[tuple[str, str, Callable[[], style.Picture]]]:
        yield (
            "curves.png",
            "What training recorded.",
            lambda: curves.training_curves(series_of(self.folder.read_records())),
        )
        last = max((record.step for record in self.folder.read_records()), default=0)
        over_time = snapshots.read_moments(self.folder, last, attempt)
        imaged = self.dataset.event.kind == "image"
        if imaged and len(over_time) > 1:
            yield (
                "samples-over-time.png",
                "A row a moment of training, the same noise in every row.",
                lambda: grids.grid_over_time([(step, arrays["samples"]) for step, arrays in over_time]),
            )
        if len(over_time) > 1 and "mean" in over_time[0][1]:
            yield (
                "heads-over-time.png",
                "The encoder's mean and log-variance of held-out examples, all units together, as training went on.",
                lambda: latent.heads_over_time([(step, a["mean"], a["log_variance"]) for step, a in over_time]),
            )
        if not trained:
            return
        if has(self.model, HasCodes):
            yield from self._between_codes()
        if has(self.model, Encodes):
            yield "reconstructions.png", "Held-out examples and their reconstructions.", self._reconstructions
            if imaged and self._pairs(1):  # one code alone has no spread to move by
                yield (
                    "traversals.png",
                    "One latent dimension changed at a time, by standard deviations of the held-out codes.",
                    self._traversals,
                )
            yield "latent.png", "Where the encoder puts held-out examples.", self._latent
        if has(self.model, HasLatentPosterior):
            yield "heads.png", "The encoder's mean and log-variance on held-out examples.", self._heads

    def _between_codes(self) -> Iterator[tuple[str, str, Callable[[], style.Picture]]]:
        if self.dataset.event.kind == "image":
            yield (
                "interpolation.png",
                "From one code (left) to another (right) along the sphere on which codes lie.",
                self._interpolations,
            )
        elif self.dataset.event.kind == "sound":
            yield (
                "interpolation.png",
                "From one code (first) to another (last) along the sphere on which codes lie.",
                self._sounds_between,
            )
        elif self.dataset.event.shape == (2,):
            yield (
                "interpolation.png",
                "What the model makes of codes along arcs from one code to another, over the data.",
                self._paths,
            )

    def _held_out(self, most: int) -> Dataset:
        source = (
            self.dataset.held_out if self.dataset.held_out is not None and len(self.dataset.held_out) else self.dataset
        )
        generator = torch.Generator().manual_seed(self.seed)
        return source.subset(torch.randperm(len(source), generator=generator)[:most])

    def _pairs(self, most: int) -> int:
        """How many pairs of held-out examples there are, `most` at most."""
        return len(self._held_out(2 * most)) // 2

    def _show(self, x: Tensor, title: str) -> style.Picture:
        event = self.dataset.event
        if event.kind != "vector":
            return show_samples(x.numpy(), event.kind, low=event.low, high=event.high, title=title)
        return draw_points(self.model, x, self._held_out(_SCATTER).x, self.dataset.truth, title)

    def _codes(self, most: int) -> Tensor:
        return require(self.model, Encodes).encode(self._held_out(most).x.to(self.model.device)).cpu()

    def _reconstructions(self) -> style.Picture:
        model, event = require(self.model, Encodes), self.dataset.event
        shown = {"image": 20, "volume": 4, "sound": 6, "series": 4, "vector": _SCATTER}[event.kind]
        x = self._held_out(shown).x
        back = model.decode(model.encode(x.to(self.model.device))).cpu()
        if event.kind == "image":
            return grids.reconstruction_grid(x.numpy(), back.numpy(), low=event.low, high=event.high)
        if event.kind == "vector":
            return agreement.reconstruction_scatter(x.numpy(), back.numpy())
        if event.kind == "series":
            pair, title = ("reconstruction", "original"), "Held-out examples and their reconstructions"
            return lines.series_lines(back.numpy(), x.numpy(), names=pair, title=title)
        # Each beside, or above, what became of it.
        pairs = torch.stack([x.to(back.dtype), back], 1).flatten(0, 1).numpy()
        names = [f"{number + 1}, {what}" for number in range(len(x)) for what in ("original", "reconstruction")]
        draw = grids.volume_grid if event.kind == "volume" else waveforms
        title = "Held-out examples and their reconstructions"
        return draw(pairs, low=event.low, high=event.high, names=names, title=title)

    def _pixels(self, images: Tensor) -> Numbers:
        """(N, C, H, W) as they will be drawn: bytes, a quarter of what floats would take."""
        pixels = to_pixels(images.numpy(), low=self.dataset.event.low, high=self.dataset.event.high)
        return pixels.transpose(0, 3, 1, 2)

    def _between(self, arcs: int, points: int) -> Tensor:
        """What the model makes of codes on arcs between two codes each: (arcs, points, *event), or as many arcs as there
        are pairs of held-out examples."""
        model, pairs = require(self.model, HasCodes), self._pairs(arcs)
        if has(self.model, Encodes) and pairs:
            ends = self._codes(2 * pairs).to(self.model.device)
        else:
            ends = model.fixed_noise(2 * arcs, torch.Generator(self.model.device).manual_seed(self.seed + 1))
        codes = torch.stack([spherical(a, b, points) for a, b in zip(*ends.chunk(2), strict=True)])
        return model.decode(codes.flatten(0, 1)).cpu().view(*codes.shape[:2], *self.dataset.event.shape)

    def _interpolations(self) -> style.Picture:
        event = self.dataset.event
        return grids.interpolation_grid(self._between(6, 10).numpy(), low=event.low, high=event.high)

    def _sounds_between(self) -> style.Picture:
        event, points = self.dataset.event, 8
        names = [f"{number / (points - 1):.0%} of the way" for number in range(points)]
        sounds = self._between(1, points)[0].numpy()
        return waveforms(sounds, low=event.low, high=event.high, names=names, title="From one code to another")

    def _paths(self) -> style.Picture:
        paths = self._between(10, 100).flatten(0, 1)
        return density.compare(
            paths.numpy(), self._held_out(_SCATTER).x.numpy(), title="Decoded from arcs between pairs of codes"
        )

    def _traversals(self) -> style.Picture:
        codes = self._codes(500)
        centre, spread = codes.mean(0), codes.std(0)
        dimensions = spread.argsort(descending=True)[:_TRAVERSED].sort().values
        steps = torch.as_tensor(_VALUES, dtype=codes.dtype)
        grid = centre.repeat(len(dimensions), len(steps), 1)
        for row, dimension in enumerate(dimensions):
            grid[row, :, dimension] += steps * spread[dimension]
        event = self.dataset.event
        images = require(self.model, HasCodes).decode(grid.flatten(0, 1).to(self.model.device))
        images = images.cpu().view(*grid.shape[:2], *event.shape)
        return grids.traversal_grid(
            images.numpy(),
            list(_VALUES),
            low=event.low,
            high=event.high,
            dimensions=[f"z{int(d) + 1}" for d in dimensions],
            title="Latent traversals: one dimension a row, moved by standard deviations (above) from the mean code",
        )

    def _latent(self) -> style.Picture:
        held_out = self._held_out(_SCATTER)
        codes = self._codes(_SCATTER).numpy()
        labels = held_out.y.numpy() if held_out.y is not None else None
        names = self.dataset.event.class_names
        with replaced(self.folder.figures / "latent.npz", "wb") as file:
            arrays: dict[str, Any] = {"codes": codes}
            if labels is not None:
                arrays |= {"labels": labels, "class_names": np.array(names)}
            np.savez(file, **arrays)
        return latent.latent_scatter(codes, labels, names, title="Codes of held-out examples")

    def heads(self) -> dict[str, Tensor]:
        """The encoder's mean and log-variance of held-out examples, (N, latent) each; empty for models without heads."""
        if not has(self.model, HasLatentPosterior):
            return {}
        means, log_variances = self.model.heads(self._held_out(_SCATTER).x.to(self.model.device))
        return {"heads/mean": means.cpu(), "heads/log_variance": log_variances.cpu()}

    def _heads(self) -> style.Picture:
        return latent.head_histograms(*(values.numpy() for values in self.heads().values()))


def time_lapse(folder: RunFolder) -> None:
    """figures/training.mp4, or .gif without PyAV, from the sample pictures; nothing where there are fewer than two."""
    # Regular files alone: opening a named pipe waits for ever.
    frames = [path for path in sorted(folder.samples.glob("step-*.png")) if path.is_file()]
    if len(frames) > 1:
        video.time_lapse(frames, folder.figures / "training")
