"""The pictures of a run: samples during training, and at its end all pictures that suit the model and its data."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

import numpy.typing as npt
import torch
from torch import Tensor

from saddlepoint.data.alphabet import drawable
from saddlepoint.data.dataset import Dataset
from saddlepoint.experiment import snapshots
from saddlepoint.experiment.code_pictures import draw_named_codes
from saddlepoint.experiment.latent_pictures import SCATTER, LatentPictures
from saddlepoint.experiment.listening import write_examples
from saddlepoint.experiment.sample_plots import draw_points
from saddlepoint.figures import curves, grids, latent, style, video
from saddlepoint.figures.pixels import to_pixels
from saddlepoint.figures.samples import show_samples
from saddlepoint.models.base import Model
from saddlepoint.models.capabilities import (
    Encodes,
    HasCodes,
    HasLatentPosterior,
    HasNamedCodes,
    SamplesClasses,
    has,
    require,
)
from saddlepoint.models.class_samples import with_classes_in_turn
from saddlepoint.records import RunFolder, replaced, series_of

Numbers = npt.NDArray[Any]

_KEPT_SAMPLES, _KEPT_CODES = 10, 500  # kept at every step with samples, for the pictures over time

Attempt = Callable[[str], AbstractContextManager[object]]
"""A context for one picture by its file's name; an exception that it suppresses costs that picture alone."""
if TYPE_CHECKING:
    Wanted = tuple[str, str, Callable[[], style.Picture]]
    """File name, caption, and what draws a picture."""


class Pictures:
    """Draws the pictures of one run. All of them use the same noise and the same held-out examples."""

    def __init__(self, folder: RunFolder, dataset: Dataset, model: Model, seed: int = 0, samples: int = 64) -> None:
        """Prepare the pictures of a run.

        Args:
            folder: of the run, into which they are written.
            dataset: examples with their held-out part.
            model: its samples are drawn.
            seed: of the noise and of the choice of examples.
            samples: number of samples in a grid.
        """
        self.folder, self.dataset, self.model = folder, dataset, model
        self.seed, self.samples = seed, samples
        self.latent = LatentPictures(folder, dataset, model, seed)

    def sample_grid(self, step: int) -> None:
        """Write samples/step-NNNNNNNN.png, always from the same noise, and the data for the pictures over time.

        Args:
            step: steps done.
        """
        # A cloud of points needs more samples than a grid of images.
        n = max(self.samples, SCATTER) if self.dataset.event.kind == "vector" else self.samples
        samples, labels = self._draw(n)
        style.write_png(self._show(samples, labels, f"Samples at step {step:,}"), self.folder.sample_grid(step))
        arrays = {name.replace("heads/", ""): values[:_KEPT_CODES].numpy() for name, values in self.heads().items()}
        if self.dataset.event.kind == "image":
            arrays["samples"] = self._pixels(samples[:_KEPT_SAMPLES])
        if arrays:
            snapshots.write_snapshot(self.folder, step, arrays)

    def _draw(self, n: int) -> tuple[Tensor, Tensor | None]:
        """Samples (n, *event), always from the same noise, and their classes (n,) where they are shown by class."""
        # The noise is drawn again from the same seed: codes of a fitted prior change as it is fitted again, and a resumed run
        # draws what the uninterrupted one would.
        generator = torch.Generator(self.model.device).manual_seed(self.seed)
        if has(self.model, HasCodes):
            z, labels = self._codes(n, generator)
            return self.model.decode(z).cpu(), labels
        labels = self._labels(n)
        given = None if labels is None else labels.to(generator.device)
        return self.model.sample(n, labels=given, generator=generator).cpu(), labels

    def _codes(self, n: int, generator: torch.Generator) -> tuple[Tensor, Tensor | None]:
        """Codes (n, latent), and their classes (n,): of images all classes in turn, of other data those that the model draws."""
        model = require(self.model, HasCodes)
        z = model.fixed_noise(n, generator)
        if self.dataset.event.kind != "image":
            return z, None
        return with_classes_in_turn(model, z, grids.MOST_CLASSES)

    def _labels(self, n: int) -> Tensor | None:
        """All classes in turn (n,), for images of a model that samples classes; None for others."""
        model = self.model
        if self.dataset.event.kind != "image" or not has(model, SamplesClasses) or not model.classes:
            return None
        return torch.arange(n) % min(grids.MOST_CLASSES, model.classes)

    def heads(self) -> dict[str, Tensor]:
        """Return the outputs of the encoder's heads (see `LatentPictures.heads`)."""
        return self.latent.heads()

    def final(self, attempt: Attempt = contextlib.nullcontext, *, trained: bool = True) -> None:
        """Write figures/*.png with captions.json, sounds or texts, and the codes for the interactive report.

        Args:
            attempt: a context for each picture.
            trained: whether the model's weights can be used; otherwise only recorded data are drawn.
        """
        captions = {}
        for name, caption, draw in self._wanted(trained, attempt):
            with attempt(name):
                style.write_png(draw(), self.folder.figures / name)
                captions[name] = caption
        if trained and self.dataset.event.kind in ("sound", "text"):
            with attempt("sounds and texts"):
                write_examples(self._draw(self.samples)[0], self.dataset, self.folder, self.seed)
        with attempt("captions.json"), replaced(self.folder.figures / "captions.json") as file:
            json.dump(captions, file, indent=2)

    def _wanted(self, trained: bool, attempt: Attempt) -> Iterator[Wanted]:
        yield (
            "curves.png",
            "What training recorded.",
            lambda: curves.training_curves(series_of(self.folder.read_records())),
        )
        last = max((record.step for record in self.folder.read_records()), default=0)
        over_time = snapshots.read_snapshots(self.folder, last, attempt)
        imaged = self.dataset.event.kind == "image"
        if imaged and len(over_time) > 1:
            yield (
                "samples-over-time.png",
                "Samples as training went on: one row for each step, the same noise in every row"
                + (", and one class in each column." if self._class_names() else "."),
                lambda: grids.grid_over_time(
                    [(step, arrays["samples"]) for step, arrays in over_time],
                    column_names=self._class_names()[:_KEPT_SAMPLES],
                ),
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
            yield (
                "reconstructions.png",
                "Held-out examples and their reconstructions.",
                self.latent.draw_reconstructions,
            )
            if imaged and self.latent.count_pairs(1):  # one code alone has no spread to move by
                yield (
                    "traversals.png",
                    "One latent dimension changed at a time, by standard deviations of the held-out codes; of many dimensions the ten "
                    "that vary most over held-out examples.",
                    self.latent.draw_traversals,
                )
            yield "latent.png", "Where the encoder puts held-out examples.", self.latent.draw_codes
        if has(self.model, HasLatentPosterior):
            yield "heads.png", "The encoder's mean and log-variance on held-out examples.", self.latent.draw_heads

    def _between_codes(self) -> Iterator[Wanted]:
        if self.dataset.event.kind == "image":
            yield (
                "interpolation.png",
                "From one code (left) to another (right) along the sphere on which codes lie.",
                self.latent.draw_interpolations,
            )
            if has(self.model, HasNamedCodes):
                yield from draw_named_codes(self.model, self.dataset.event, self.seed)
        elif self.dataset.event.kind == "sound":
            yield (
                "interpolation.png",
                "From one code (first) to another (last) along the sphere on which codes lie.",
                self.latent.draw_sounds_between,
            )
        elif self.dataset.event.shape == (2,):
            yield (
                "interpolation.png",
                "Decoded codes along arcs from one code to another, over the data.",
                self.latent.draw_paths,
            )

    def _class_names(self) -> tuple[str, ...]:
        """The classes of the first samples of a picture, one of each in turn; empty for a model without labels."""
        names = self.dataset.event.class_names or ()
        return names * _KEPT_SAMPLES if has(self.model, SamplesClasses) else ()

    def _show(self, x: Tensor, labels: Tensor | None, title: str) -> style.Picture:
        event = self.dataset.event
        if labels is not None:
            names, low, high = event.class_names or (), event.low, event.high
            # Classes come in turn; every row gets as many samples.
            equal = len(labels) - len(labels) % len(torch.unique(labels))
            x, labels = x[:equal], labels[:equal]
            # No step in the title, so that the frames of the time-lapse differ in the samples alone.
            return grids.class_grid(x.numpy(), labels.numpy(), names, low=low, high=high, title=_by_class(names))
        if event.kind != "vector":
            low, high = event.low, event.high
            return show_samples(drawable(x, event), event.kind, low=low, high=high, rate=event.rate, title=title)
        return draw_points(self.model, x, self.latent.held_out(SCATTER).x, self.dataset.truth, title)

    def _pixels(self, images: Tensor) -> Numbers:
        """Convert images (N, C, H, W) to the bytes that will be drawn, a quarter of the size of floats."""
        pixels = to_pixels(images.numpy(), low=self.dataset.event.low, high=self.dataset.event.high)
        return pixels.transpose(0, 3, 1, 2)


def _by_class(names: Sequence[str]) -> str:
    most = grids.MOST_CLASSES
    return "Samples by class" if len(names) <= most else f"Samples by class (the first {most} of {len(names)})"


def time_lapse(folder: RunFolder) -> None:
    """Write figures/training.mp4, or .gif without PyAV, from the sample pictures, if there are at least two.

    Args:
        folder: the run's.
    """
    # Only regular files: opening a named pipe would wait forever.
    frames = [path for path in sorted(folder.samples.glob("step-*.png")) if path.is_file()]
    if len(frames) > 1:
        video.time_lapse(frames, folder.figures / "training")
