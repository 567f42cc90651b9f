"""Decode one image file of any format, mode, depth and rotation to 8 bits a channel and a given size.

A file that cannot be read raises `UnreadableImageError` with the reason, so that the caller can name it or leave it out.
"""

from __future__ import annotations

import contextlib
import errno
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from saddlepoint.errors import printable, shortened

if TYPE_CHECKING:
    from PIL.Image import Image as Picture

Channels = Literal["grey", "rgb", "rgba"]
Fit = Literal["crop", "pad", "stretch"]

SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif"})
MODES: dict[Channels, str] = {"grey": "L", "rgb": "RGB", "rgba": "RGBA"}
COUNTS: dict[Channels, int] = {"grey": 1, "rgb": 3, "rgba": 4}
ORIENTATION = 0x0112  # EXIF tag; 5 to 8 lie on their side
# JPEG's own limit. Resizing computes a weight for each pixel of a side and each pixel of the target: of one side of 80
# million pixels those would take gigabytes.
LONGEST_SIDE = 65_535
MOST_PIXELS = 89_478_485  # a file that unpacks to more (Pillow's own limit, 256 MiB of RGB) is taken for a bomb


class UnreadableImageError(Exception):
    """The reason why a file cannot be used as an image, as the end of a sentence that begins with its name."""


@dataclass(frozen=True)
class Header:
    """The header of an image file, for the upright image: its size, and whether it has colours and transparency.

    Attributes:
        deep: grey levels of more than 8 bits.
        deep_colour: colours of 16 bits, of which only the upper 8 can be read.
    """

    height: int
    width: int
    colour: bool
    alpha: bool
    deep: bool = False
    deep_colour: bool = False


def header(path: Path) -> Header:
    """Size and colours of an image, without decoding its pixels."""
    with _open_image(path) as picture:
        width, height = picture.size
        stored = [
            str(tile[3]) for tile in getattr(picture, "tile", ())
        ]  # how it will be unpacked, such as "RGB;16B"; gone once it was
        if picture.getexif().get(ORIENTATION, 1) in (5, 6, 7, 8):
            width, height = height, width
        return Header(
            height,
            width,
            _has_colour(picture),
            picture.has_transparency_data,
            deep=picture.mode.startswith("I"),
            deep_colour=picture.mode in ("RGB", "RGBA") and any(";16" in mode for mode in stored),
        )


def largest_value(path: Path) -> int:
    """The largest grey level of an image of more than 8 bits."""
    with _open_image(path) as picture:
        return int(np.asarray(picture).max())


def decode(path: Path, size: tuple[int, int], fit: Fit, channels: Channels, bits: int = 16) -> npt.NDArray[np.uint8]:
    """(C, height, width) uint8 of the first frame, upright, at `size` = (height, width).

    Transparency that the channels cannot hold is laid on white; more than 8 bits are rounded to 8.

    Args:
        fit: "crop" cuts what overhangs evenly on both sides, "pad" adds black (transparent) borders, "stretch" changes
            the proportions.
        bits: that the grey levels of deep images use: those of microscopes and scanners often use 10 or 12 of a file's
            16.
    """
    from PIL import ImageOps

    with _open_image(path) as picture:
        if picture.format == "JPEG":
            # Decoding to a reduced size is cheaper; twice the target keeps the resampling below as good as it was.
            longest = 2 * max(size)
            picture.draft(None, (longest, longest))
        return fit_picture(ImageOps.exif_transpose(picture), size, fit, channels, bits)


def fit_picture(
    picture: Picture, size: tuple[int, int], fit: Fit, channels: Channels, bits: int = 16
) -> npt.NDArray[np.uint8]:
    """(C, height, width) uint8 of a picture at `size` = (height, width); see `decode`."""
    fitted, (height, width) = _converted(picture, channels, bits), size
    if fitted.size != (width, height):
        fitted = _resized(fitted, (width, height), fit)
    pixels = np.asarray(fitted)
    return pixels[None] if pixels.ndim == 2 else np.ascontiguousarray(pixels.transpose(2, 0, 1))


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Suppress the decoder's warnings; real problems are raised, and sizes are checked here."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module=r"PIL\..*")
        from PIL.Image import DecompressionBombWarning

        warnings.simplefilter("ignore", DecompressionBombWarning)
        yield


@contextlib.contextmanager
def _open_image(path: Path) -> Iterator[Picture]:
    """The opened image; whatever goes wrong inside is an `UnreadableImageError`."""
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(path) as picture:
            width, height = picture.size
            if width * height > MOST_PIXELS:
                raise UnreadableImageError(_bomb(f"{width}x{height}"))
            if max(width, height) > LONGEST_SIDE:
                raise UnreadableImageError(
                    f"is {width}x{height} pixels, and a side may have at most {LONGEST_SIDE:,}; cut it into parts"
                )
            if width < 1 or height < 1:
                raise UnreadableImageError("has no pixels")
            yield picture
    except UnreadableImageError:
        raise
    except UnidentifiedImageError as error:
        empty = path.stat().st_size == 0
        raise UnreadableImageError("is empty (0 bytes)" if empty else "is not an image that can be read") from error
    except Image.DecompressionBombError as error:
        raise UnreadableImageError(_bomb("very many")) from error
    except PermissionError as error:
        raise UnreadableImageError("may not be read (permission denied)") from error
    except MemoryError as error:
        raise UnreadableImageError("needs more memory than there is") from error
    except Exception as error:  # decoders raise any kind of error for damaged bytes
        if isinstance(error, OSError) and error.errno is not None:  # of the file, not of what is in it
            what = "is a link that leads nowhere" if error.errno in (errno.ENOENT, errno.ELOOP) else error.strerror
            raise UnreadableImageError(what or "cannot be read") from error
        text = printable(shortened(str(error)))
        cut = "truncated" in text or "unexpected end" in text or isinstance(error, EOFError)
        raise UnreadableImageError("is truncated" if cut else f"is damaged ({text or type(error).__name__})") from error


def _bomb(size: str) -> str:
    return f"would unpack to {size} pixels, over the limit of {MOST_PIXELS / 1e6:.0f} million (a decompression bomb?)"


def _has_colour(picture: Picture) -> bool:
    if picture.mode in ("P", "PA"):
        palette = np.array(picture.getpalette("RGB") or [0, 0, 0]).reshape(-1, 3)
        return bool((palette != palette[:, :1]).any())
    return picture.mode not in ("1", "L", "LA", "La", "F") and not picture.mode.startswith("I")


def _converted(picture: Picture, channels: Channels, bits: int) -> Picture:
    """The picture in the mode of `channels`."""
    from PIL import Image

    if picture.mode.startswith("I"):
        values: npt.NDArray[Any] = np.asarray(picture).astype(np.int64)
        top = 2**bits - 1
        picture = Image.fromarray(((values * 510 + top) // (2 * top)).clip(0, 255).astype(np.uint8))
    if channels == "rgba" or not picture.has_transparency_data:
        return picture if picture.mode == MODES[channels] else picture.convert(MODES[channels])
    picture = picture.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture).convert(MODES[channels])


def _resized(picture: Picture, size: tuple[int, int], fit: Fit) -> Picture:
    from PIL import ImageOps
    from PIL.Image import Resampling

    if fit == "stretch":
        return picture.resize(size, Resampling.BICUBIC)
    return (ImageOps.fit if fit == "crop" else ImageOps.pad)(picture, size, Resampling.BICUBIC)
