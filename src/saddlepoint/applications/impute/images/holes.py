"""Examples with missing numbers: images with transparent pixels or with a mask, and arrays with NaN.

In a mask, white pixels are filled in and black ones are kept, as in image editors.
"""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from saddlepoint.data.decoding import Channels, UnreadableImageError, decode, header
from saddlepoint.data.folder import list_images
from saddlepoint.errors import DataError, shortened

if TYPE_CHECKING:
    from saddlepoint.data.event import Event

Array = npt.NDArray[Any]
OPAQUE = 255  # a pixel that is even slightly transparent is missing: its colour is not the image's
WHITE = 128  # of a mask, from here on
CHANNELS: Mapping[int, Channels] = {1: "grey", 3: "rgb", 4: "rgba"}


@dataclass(frozen=True)
class Holes:
    """N examples with missing numbers.

    Attributes:
        x: (N, *event) in the data's units; missing numbers have any value.
        known: (N, *event) bool.
        names: of the image files, relative to their folder; None for arrays.
        pixels: (N, C, H, W) bytes of the image files; None for arrays.
    """

    x: Array
    known: npt.NDArray[np.bool_]
    names: tuple[str, ...] | None = None
    pixels: npt.NDArray[np.uint8] | None = None

    @property
    def missing(self) -> int:
        """Number of missing numbers."""
        return int((~self.known).sum())


def read_holes(source: Any, event: Event, mask: Any = None) -> Holes:
    """Read examples with missing numbers.

    Args:
        source: a folder of images or one image; an .npz or .npy file; or an array (N, *event), for images also (N, H, W).
        event: what the model was trained on.
        mask: one image, a folder with an image for each of the source's, or an array of booleans: white or True where numbers
            are missing. None takes transparent pixels of images, and NaN of arrays or the array `mask` or `known` of a file.

    Raises:
        DataError: it cannot be read, does not fit the model, or nothing is missing.
    """
    if isinstance(source, str | Path) and Path(source).suffix not in (".npz", ".npy"):
        found = _read_images(Path(source).expanduser(), event, mask)
    else:
        found = _read_arrays(source, event, mask)
    if not found.missing:
        raise DataError(
            "impute: nothing is missing: give images with transparent pixels, arrays with NaN, or a mask that is white where the "
            "holes are."
        )
    return found


def read_complete(source: Any, holes: Holes, event: Event) -> Array:
    """Read the complete examples of which `holes` are a part: (N, *event) in the data's units.

    Args:
        source: as of `read_holes`, without missing numbers; images have the names of those with holes.
        holes: the examples with missing numbers.
        event: what one example is.

    Raises:
        DataError: it cannot be read, or has other examples.
    """
    if isinstance(source, str | Path) and Path(source).suffix not in (".npz", ".npy"):
        root = Path(source).expanduser()
        names = _image_names(root)
        wanted = holes.names or names
        return _to_units(np.stack([_pixels(_beside(root, names, name), event)[0] for name in wanted]), event)
    x = _read_arrays(source, event, None).x
    if x.shape != holes.x.shape:
        raise DataError(f"impute: the truth has the shape {x.shape}, and the images with holes {holes.x.shape}.")
    return x


def _read_images(root: Path, event: Event, mask: Any) -> Holes:
    if event.kind != "image" or event.shape[0] not in CHANNELS:
        raise DataError(
            f"impute: {root}: the model was trained on {event.plural} of {'x'.join(map(str, event.shape))}; give them as an array with "
            "NaN where numbers are missing (.npz)."
        )
    names = _image_names(root)
    read = [_pixels(root if root.is_file() else root / name, event) for name in names]
    pixels = np.stack([colours for colours, _ in read])
    known = np.stack([alpha >= OPAQUE for _, alpha in read])[:, None]
    if mask is not None:
        known = known & ~_read_mask(mask, names, event)
    return Holes(_to_units(pixels, event), np.broadcast_to(known, pixels.shape).copy(), tuple(names), pixels)


def _read_mask(mask: Any, names: Sequence[str], event: Event) -> npt.NDArray[np.bool_]:
    """(N or 1, 1, H, W), True where numbers are missing."""
    if not isinstance(mask, str | Path):
        return _fit_mask(np.asarray(mask), (len(names), *event.shape))
    root = Path(mask).expanduser()
    paths = [root] if root.is_file() else [_beside(root, _image_names(root), name) for name in names]
    return np.stack([_decoded(path, event.shape[1:], "grey")[0] >= WHITE for path in paths])[:, None]


def _read_arrays(source: Any, event: Event, mask: Any) -> Holes:
    named: dict[str, Array] = {}
    if isinstance(source, str | Path):
        path = Path(source).expanduser()
        try:
            with path.open("rb") as file:
                loaded = np.load(file, allow_pickle=False)
                named = (
                    {"x": loaded} if isinstance(loaded, np.ndarray) else {name: loaded[name] for name in loaded.files}
                )
        except (OSError, EOFError, ValueError, zipfile.BadZipFile, zlib.error) as error:
            raise DataError(f"impute: {path} cannot be read as arrays: {shortened(str(error))}.") from None
        if "x" not in named:
            raise DataError(f"impute: {path} holds {shortened(', '.join(named)) or 'nothing'}, and no array x.")
    else:
        named = {"x": source.detach().cpu().numpy() if hasattr(source, "detach") else np.asarray(source)}
    x = named["x"]
    if x.ndim == len(event.shape) and event.shape[0] == 1:
        x = x[:, None]
    if x.shape[1:] != event.shape or not np.issubdtype(x.dtype, np.number):
        raise DataError(
            f"impute: the array x has the shape {x.shape} and the type {x.dtype}; the model needs numbers of the shape "
            f"(N, {', '.join(map(str, event.shape))})."
        )
    missing = np.isnan(x) if np.issubdtype(x.dtype, np.floating) else np.zeros(x.shape, dtype=bool)
    if mask is not None:
        missing = missing | _fit_mask(_mask_array(mask, event), x.shape)
    elif "mask" in named:
        missing = missing | _fit_mask(named["mask"], x.shape)
    elif "known" in named:
        missing = missing | ~_fit_mask(named["known"], x.shape)
    _check_range(x[~missing], event)
    return Holes(np.where(missing, 0, x).astype(x.dtype), ~missing)


def _check_range(known: Array, event: Event) -> None:
    """Refuse known numbers (M,) that cannot be the data's: infinity, and those of images in other units."""
    if np.issubdtype(known.dtype, np.floating) and np.isinf(known).any():
        raise DataError("impute: the array x holds infinity; put NaN where numbers are missing.")
    if event.kind != "image" or event.low is None or event.high is None or not known.size:
        return
    low, high, slack = float(known.min()), float(known.max()), (event.high - event.low) / 255
    if low < event.low - slack or high > event.high + slack:
        raise DataError(
            f"impute: the array x has numbers from {low:g} to {high:g}, and the model's {event.plural} have {event.low:g} to "
            f"{event.high:g}; scale them as the data that it was trained on."
        )


def _mask_array(mask: Any, event: Event) -> Array:
    if not isinstance(mask, str | Path):
        return np.asarray(mask.detach().cpu().numpy() if hasattr(mask, "detach") else mask)
    white: npt.NDArray[np.bool_] = _decoded(Path(mask).expanduser(), event.shape[1:], "grey")[0] >= WHITE
    return white


def _fit_mask(mask: Array, shape: tuple[int, ...]) -> npt.NDArray[np.bool_]:
    """A mask of one example or of all, with or without the axis of channels, as booleans of this shape."""
    wanted = (shape, shape[1:], (shape[0], 1, *shape[2:]), (1, *shape[2:]))
    for form in (*wanted, (shape[0], *shape[2:]), shape[2:]):
        if mask.shape == form:
            mask = mask[:, None] if len(form) == len(shape) - 1 and form == (shape[0], *shape[2:]) else mask
            fitted: npt.NDArray[np.bool_] = np.broadcast_to(mask.astype(bool), shape)
            return fitted
    raise DataError(f"impute: the mask has the shape {mask.shape}, which does not fit {shape}.")


def _image_names(root: Path) -> list[str]:
    if root.is_file():
        return [root.name]
    if not root.exists():
        raise DataError(f"impute: there is no file or folder {root}.")
    listing = list_images(root)
    return [name for part in listing.parts for name, _ in part.files()]


def _beside(root: Path, names: Sequence[str], name: str) -> Path:
    """The image in another folder with the same name, whatever its ending."""
    if root.is_file():
        return root
    found = [one for one in names if Path(one).with_suffix("") == Path(name).with_suffix("")]
    if not found:
        raise DataError(f"impute: {root} has no image {Path(name).with_suffix('')}, as the images with holes have.")
    return root / found[0]


def _pixels(path: Path, event: Event) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8]]:
    """Bytes (C, H, W) and their opacity (H, W)."""
    channels = event.shape[0]
    colours = _decoded(path, event.shape[1:], "rgba")
    if channels == 4:
        return colours, np.full(event.shape[1:], OPAQUE, np.uint8)
    if channels == 1 and not (colours[:3] == colours[0]).all():  # the bytes of a grey image stay as they are
        return _decoded(path, event.shape[1:], "grey"), colours[3]
    return colours[:channels], colours[3]


def _decoded(path: Path, size: tuple[int, ...], channels: Channels) -> npt.NDArray[np.uint8]:
    try:
        found = header(path)
        if (found.height, found.width) != size:
            raise DataError(
                f"impute: {path} is {found.height}x{found.width} pixels (height x width), and the model was trained on "
                f"{size[0]}x{size[1]}; resize it."
            )
        return decode(path, (size[0], size[1]), "stretch", channels)
    except UnreadableImageError as error:
        raise DataError(f"impute: {path} {error}.") from None


def _to_units(pixels: npt.NDArray[np.uint8], event: Event) -> Array:
    """Bytes as numbers in the data's units."""
    low, high = (0.0 if event.low is None else event.low), (255.0 if event.high is None else event.high)
    values = low + pixels.astype(np.float64) / 255 * (high - low)
    return np.rint(values).astype(np.uint8) if event.dtype == "uint8" else values.astype(np.float32)
