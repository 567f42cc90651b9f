"""Write samples to the destination the user chose, completely or not at all; nothing is replaced without `--overwrite`."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Self

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from saddlepoint.cli.destination import check_file, check_place
from saddlepoint.cli.gallery import check_gallery, write_gallery
from saddlepoint.data.alphabet import drawable
from saddlepoint.data.classes import numeric_labels
from saddlepoint.data.event import Event
from saddlepoint.data.wav import UNKNOWN_RATE, wav_bytes
from saddlepoint.errors import SettingError
from saddlepoint.figures.pixels import to_image, to_pixels
from saddlepoint.figures.samples import show_samples
from saddlepoint.figures.style import write_png
from saddlepoint.records import replaced

if TYPE_CHECKING:
    from PIL.Image import Image

    from saddlepoint.figures.style import Picture

COLUMNS = 16  # images in a row of a picture by class
FORMS: dict[str, Literal["picture", "arrays", "lines"]] = {".png": "picture", ".npz": "arrays", ".txt": "lines"}
BETWEEN = f"{'-' * 20}\n"  # a line between texts, which may have lines of their own
MANY = 1_024  # images from which on a picture shows them pixel for pixel instead of enlarged


@dataclass(frozen=True)
class Destination:
    """Where samples are written, and in which form."""

    path: Path
    form: Literal["picture", "arrays", "lines", "folder"]
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
        form = FORMS.get(path.suffix)
        if form is None and default.suffix == ".npz":
            raise SettingError(
                f"--out {path}: end it with .npz (arrays); for sounds, series and volumes also with / (a folder, one file a sample)."
            )
        if form is None:
            raise SettingError(
                f"--out {path}: end it with .png (one picture), .npz (arrays), .txt (texts), or / (a folder, one file a sample)."
            )
        if out is not None:
            check_file("sample", path, overwrite=overwrite)
        return cls(path, form)

    def check(self, event: Event) -> None:
        """Check that samples of `event` can take this form.

        Raises:
            SettingError: they cannot.
        """
        if self.form == "folder" and event.kind == "vector":
            raise SettingError(f"--out {self.path}: {event.plural} have no files of their own; use --out FILE.npz.")
        if self.form == "lines" and event.kind != "text":
            raise SettingError(f"--out {self.path}: {event.plural} are no texts; use --out FILE.npz.")


def write(samples: Tensor, labels: Tensor | None, event: Event, destination: Destination) -> None:
    """samples (N, *event) in the data's units, and their labels (N,), to the destination."""
    if destination.form != "folder":
        destination.path.parent.mkdir(parents=True, exist_ok=True)
    if destination.form == "arrays":
        arrays = {"x": samples.numpy()} | ({} if labels is None else {"y": _own_labels(labels, event)})
        with replaced(destination.path, "wb") as file:
            # Uncompressed: compressing noisy pixels would take longer than drawing them.
            np.savez(file, **arrays)  # type: ignore[arg-type]
    elif destination.form == "lines":
        with replaced(destination.path) as file:
            file.write(BETWEEN.join(f"{text}\n" for text in drawable(samples, event)))
    elif destination.form == "picture":
        write_png(_picture(samples, labels, event), destination.path)
    else:
        write_gallery(_named_files(samples, labels, event), destination.path, overwrite=destination.overwrite)


def _own_labels(labels: Tensor, event: Event) -> npt.NDArray[np.int64]:
    """Classes (N,) by the labels of the data where these are numbers, else by their positions among the names."""
    of_classes = numeric_labels(event.class_names)
    return labels.numpy() if of_classes is None else np.array(of_classes)[labels.numpy()]


def _picture(samples: Tensor, labels: Tensor | None, event: Event) -> Picture:
    if event.kind == "image" and labels is not None and len(samples) <= MANY:
        from saddlepoint.figures.grids import MOST_CLASSES, class_grid

        # Rows of different lengths would look as if samples were missing.
        counts = torch.unique(labels, return_counts=True)[1]
        if len(counts) <= MOST_CLASSES and bool((counts == counts[0]).all()):
            names, low, high = event.class_names or (), event.low, event.high
            return class_grid(samples.numpy(), labels.numpy(), names, low=low, high=high, columns=COLUMNS, wrapped=True)
    if event.kind == "image" and len(samples) > MANY:
        from saddlepoint.figures.grids import sample_grid

        return sample_grid(samples.numpy(), low=event.low, high=event.high, scale=1)
    return show_samples(drawable(samples, event), event.kind, low=event.low, high=event.high, rate=event.rate)


def _named_files(samples: Tensor, labels: Tensor | None, event: Event) -> Iterator[tuple[str, Image | bytes]]:
    """sample-00000.png, ...: in a subfolder a class where there are labels, as `--data.source` reads them back."""
    for number, (suffix, file) in enumerate(_files(samples, event)):
        folder = "" if labels is None else f"{_folder_name(event, int(labels[number]))}/"
        yield f"{folder}sample-{number:05d}{suffix}", file


def _files(samples: Tensor, event: Event) -> Iterator[tuple[str, Image | bytes]]:
    """Ending and content of a file for each sample: a picture, a sound, an array, a table or a text."""
    if event.kind == "image":
        for image in to_pixels(samples.numpy(), low=event.low, high=event.high):
            yield ".png", to_image(image)
        return
    for sample in drawable(samples, event):
        if event.kind == "sound":
            yield ".wav", wav_bytes(sample, event.rate or UNKNOWN_RATE)
        elif event.kind == "text":
            yield ".txt", sample.encode("utf-8", "replace")
        else:
            file = io.BytesIO()
            if event.kind == "series":
                names = ",".join(f"channel {channel + 1}" for channel in range(event.shape[1]))
                np.savetxt(file, sample, delimiter=",", header=names, comments="", fmt="%.9g")  # as exact as float32
            else:
                np.save(file, sample[0] if len(sample) == 1 else sample)
            yield f".{'csv' if event.kind == 'series' else 'npy'}", file.getvalue()


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
