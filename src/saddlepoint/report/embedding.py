"""Pictures, plots and scripts as text inside one page, within a budget of bytes.

A picture that fits its budget is embedded byte for byte; a larger one is reduced and re-encoded as JPEG until it fits.
"""

from __future__ import annotations

import base64
import functools
import gzip
import hashlib
import io
import json
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from saddlepoint.markup import Markup
from saddlepoint.records.files import read_bytes

if TYPE_CHECKING:
    from PIL.Image import Image

LONGEST_SIDE = 1_600


@dataclass(frozen=True)
class Embedded:
    """A picture as a data address, its size in pixels as shown, and whether it was reduced."""

    address: str
    width: int
    height: int
    reduced: bool

    @property
    def crisp(self) -> bool:
        """Whether a browser should enlarge the picture without blur, as small ones."""
        return not self.reduced and max(self.width, self.height) <= 400


def embedded_picture(source: Path | bytes, share: int) -> Embedded:
    """The PNG as a data address of about `share` bytes at most.

    Raises:
        OSError, ValueError: it is damaged.
        RunError: it is no regular file, or far larger than a picture.
    """
    from PIL import Image

    raw = source if isinstance(source, bytes) else read_bytes(source)
    with warnings.catch_warnings():
        # A run's own picture may be huge. It is reduced below, so Pillow's warning does not help the user.
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        with Image.open(io.BytesIO(raw)) as opened:
            opened.load()
            picture = opened.copy()
    if len(raw) * 4 // 3 <= share and max(picture.size) <= LONGEST_SIDE:
        return Embedded(_address("png", raw), *picture.size, reduced=False)
    factor = min(1.0, LONGEST_SIDE / max(picture.size))
    encoded = _png(_resized(picture, factor))
    kind = "png"
    while len(encoded) * 4 // 3 > share:
        smaller = _resized(picture, factor)
        kind, encoded = "jpeg", _jpeg(smaller)
        factor *= 0.8
        if max(smaller.size) <= 64:
            break
    with Image.open(io.BytesIO(encoded)) as final:
        return Embedded(_address(kind, encoded), *final.size, reduced=True)


def embedded_gif(raw: bytes) -> Embedded:
    """An animated GIF as a data address, byte for byte."""
    from PIL import Image

    with Image.open(io.BytesIO(raw)) as opened:
        return Embedded(_address("gif", raw), *opened.size, reduced=False)


def embedded_json(value: Any) -> Markup:
    """JSON for a script element: nothing in it can close the element or open a comment."""
    return Markup(json.dumps(value, separators=(",", ":"), allow_nan=False).replace("<", "\\u003c"))


@functools.cache
def plotly_source() -> Script:
    """plotly.js, compressed and in base64 (about 2 MB instead of 5); the page unpacks it when it opens."""
    from plotly.offline import get_plotlyjs

    source = get_plotlyjs()
    packed = base64.b64encode(gzip.compress(source.encode(), compresslevel=9, mtime=0)).decode()
    return Script(packed, script_hash(source))


@dataclass(frozen=True)
class Script:
    """A script as embedded in the page, and its hash for the page's content policy."""

    text: str
    hash: str


def script_hash(source: str) -> str:
    """The name of a script in a content policy: `'sha256-...'`."""
    digest = hashlib.sha256(source.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


def _address(kind: str, raw: bytes) -> str:
    return f"data:image/{kind};base64,{base64.b64encode(raw).decode()}"


def _resized(picture: Image, factor: float) -> Image:
    from PIL import Image

    size = (max(1, round(picture.width * factor)), max(1, round(picture.height * factor)))
    if size == picture.size:
        return picture
    # Palette and one-bit pictures cannot be averaged as they are.
    smooth = picture if picture.mode in ("L", "RGB", "RGBA") else picture.convert("RGBA")
    return smooth.resize(size, Image.Resampling.LANCZOS)


def _png(picture: Image) -> bytes:
    file = io.BytesIO()
    picture.save(file, format="PNG", optimize=True)
    return file.getvalue()


def _jpeg(picture: Image) -> bytes:
    from PIL import Image

    if picture.mode not in ("L", "RGB"):
        paper = Image.new("RGB", picture.size, "white")
        layer = picture.convert("RGBA")
        paper.paste(layer, mask=layer)
        picture = paper
    file = io.BytesIO()
    picture.save(file, format="JPEG", quality=85, optimize=True)
    return file.getvalue()
