"""Write samples to the destination the user chose, completely or not at all; nothing is replaced without `--overwrite`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Self

import numpy as np
import torch
from torch import Tensor

from saddlepoint.cli.destination import check_file, check_place
from saddlepoint.cli.gallery import check_gallery, write_gallery
from saddlepoint.data.alphabet import drawable
from saddlepoint.data.dataset import Event
from saddlepoint.errors import SettingError
from saddlepoint.figures.pixels import to_image, to_pixels
from saddlepoint.figures.samples import show_samples
from saddlepoint.figures.style import write_png
from saddlepoint.records import replaced

if TYPE_CHECKING:
    from PIL.Image import Image

    from saddlepoint.figures.style import Picture

COLUMNS = 16  # images in a row of a picture by class
MANY = 1_024  # images from which on a picture shows them pixel for pixel instead of enlarged


@dataclass(frozen=True)
class Destination:
    """Where samples are written, and in which form."""

    path: Path
    form: Literal["picture", "arrays", "folder"]
    overwrite: bool = False

    @classmethod
    def of(cls, out: str | None, default: Path, *, overwrite: bool) -> Self:
        """The destination that `--out` names; without it the default file, which may always be replaced.

        Raises:
            SettingError: the ending says neither picture, arrays nor folder, or nothing can be written there.
            RunError: there is something that would be replaced, and `overwrite` was not asked for.
        """
        path = Path(out) if out is not None else default
        if out is not None and (out.endswith(("/", "\\")) or path.is_dir() or not path.suffix):
            if path.exists() and not path.is_dir():
                raise SettingError(f"--out {path} is a file, not a folder: end its name with .png or .npz.")
            check_gallery(path, overwrite=overwrite)
            check_place("sample", path)
            return cls(path, "folder", overwrite)
        if path.suffix not in (".png", ".npz"):
            if default.suffix == ".npz":
                raise SettingError(f"--out {path}: end it with .npz (arrays).")
            raise SettingError(f"--out {path}: end it with .png (one picture), .npz (arrays), or / (a folder of PNGs).")
        if out is not None:
            check_file("sample", path, overwrite=overwrite)
        return cls(path, "picture" if path.suffix == ".png" else "arrays")

    def check(self, event: Event) -> None:
        """Check that samples of `event` can take this form.

        Raises:
            SettingError: they cannot.
        """
        if self.form == "folder" and event.kind != "image":
            raise SettingError(f"--out {self.path}: {event.plural} cannot be written as PNG files; use --out FILE.npz.")


def write(samples: Tensor, labels: Tensor | None, event: Event, destination: Destination) -> None:
    """samples (N, *event) in the data's units, and their labels (N,), to the destination."""
    if destination.form != "folder":
        destination.path.parent.mkdir(parents=True, exist_ok=True)
    if destination.form == "arrays":
        arrays = {"x": samples.numpy()} | ({} if labels is None else {"y": labels.numpy()})
        with replaced(destination.path, "wb") as file:
            # Uncompressed: compressing noisy pixels would take longer than drawing them.
            np.savez(file, **arrays)  # type: ignore[arg-type]
    elif destination.form == "picture":
        write_png(_picture(samples, labels, event), destination.path)
    else:
        pictures = _named_pictures(samples, labels, event)
        write_gallery(pictures, destination.path, overwrite=destination.overwrite)


def _picture(samples: Tensor, labels: Tensor | None, event: Event) -> Picture:
    if event.kind == "image" and labels is not None and len(samples) <= MANY:
        from saddlepoint.figures.grids import MOST_CLASSES, class_grid

        if len(torch.unique(labels)) <= MOST_CLASSES:
            names, low, high = event.class_names or (), event.low, event.high
            return class_grid(samples.numpy(), labels.numpy(), names, low=low, high=high, columns=COLUMNS, wrapped=True)
    if event.kind == "image" and len(samples) > MANY:
        from saddlepoint.figures.grids import sample_grid

        return sample_grid(samples.numpy(), low=event.low, high=event.high, scale=1)
    return show_samples(drawable(samples, event), event.kind, low=event.low, high=event.high, rate=event.rate)


def _named_pictures(samples: Tensor, labels: Tensor | None, event: Event) -> Iterator[tuple[str, Image]]:
    """sample-00000.png, ...: in a subfolder a class where there are labels, as `--data.source` reads them back."""
    pixels = to_pixels(samples.numpy(), low=event.low, high=event.high)
    for number, image in enumerate(pixels):
        folder = "" if labels is None else f"{_folder_name(event, int(labels[number]))}/"
        yield f"{folder}sample-{number:05d}.png", to_image(image)


def _folder_name(event: Event, label: int) -> str:
    """The class's name if a folder can have it, else its number."""
    name = event.class_names[label] if event.class_names else str(label)
    plain = (
        Path(name).name == name
        and name != ".."
        and not name.startswith(".")
        and name.isprintable()
        and "\\" not in name
    )
    return name if plain and len(name.encode("utf-8", "replace")) <= 200 else str(label)
