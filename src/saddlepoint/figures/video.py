"""Films of pictures, such as a time-lapse of training: the sample pictures in order, with the step above each.

All pictures of a run use the same noise, so that each sample can be followed.
"""

from __future__ import annotations

import importlib.util
import io
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from saddlepoint.errors import MissingExtraError
from saddlepoint.figures.style import INK, PAPER, picture_font, replace_file

if TYPE_CHECKING:
    from PIL.Image import Image

LONGEST_SIDE = 1_280
BANNER = 26


def time_lapse(frames: Sequence[Path], target: Path, *, frames_per_second: float = 8.0) -> Path:
    """Write the pictures as a film, completely or not at all, and return its path.

    Args:
        frames: PNG files named `step-00000120.png`, in order; the last one stays for two seconds. Pictures of different
            sizes are centred on the largest.
        target: ends in .mp4 (H.264, needs the extra `video`) or .gif; without an ending, the better one that is possible is
            appended.

    Raises:
        MissingExtraError: .mp4 without PyAV.
        ValueError: no frames, or another ending.
    """
    if not frames:
        raise ValueError("a time-lapse needs at least one frame")
    return film(titled_frames(frames), target, frames_per_second=frames_per_second)


def film(pictures: Iterable[Image], target: Path, *, frames_per_second: float = 8.0) -> Path:
    """Write RGB pictures of one even width and height as a film, completely or not at all, and return its path.

    Args:
        pictures: at least one; the last one stays for two seconds.
        target: as for `time_lapse`.

    Raises:
        MissingExtraError: .mp4 without PyAV.
        ValueError: another ending.
    """
    if target.suffix == "":
        target = target.with_suffix(".mp4" if importlib.util.find_spec("av") else ".gif")
    if target.suffix not in (".mp4", ".gif"):
        raise ValueError(f"a time-lapse ends in .mp4 or .gif, got {target.name}")
    with replace_file(target) as temporary:
        if target.suffix == ".mp4":
            _write_mp4(pictures, temporary, frames_per_second)
        else:
            temporary.write_bytes(gif_bytes(pictures, frames_per_second))
    return target


def gif_bytes(pictures: Iterable[Image], frames_per_second: float = 8.0) -> bytes:
    """The pictures as an animated GIF; the last one stays for two seconds."""
    drawn = list(pictures)
    durations = [round(1000 / frames_per_second)] * (len(drawn) - 1) + [2000]
    file = io.BytesIO()
    # Equal frames are kept, because each is a step of its own.
    drawn[0].save(
        file, format="GIF", save_all=True, append_images=drawn[1:], duration=durations, loop=0, optimize=False
    )
    return file.getvalue()


def frame_step(frame: Path) -> int | None:
    """The step in a name such as `step-00000120.png`; None without one."""
    digits = frame.stem.rpartition("-")[2]
    return int(digits) if digits.isdecimal() else None


def titled_frames(frames: Sequence[Path]) -> Iterator[Image]:
    """The pictures as RGB, all of one even width and height (at most about 1,280), each with its step above."""
    from PIL import Image, ImageDraw

    sizes = []
    for path in frames:
        sizes.append(_open_picture(path).size)
    factor = min(1.0, LONGEST_SIDE / max(max(size) for size in sizes))
    # H.264 halves the colour planes, so both sides must be even.
    width = _even(max(round(w * factor) for w, _ in sizes))
    height = _even(max(round(h * factor) for _, h in sizes) + BANNER)
    width = max(width, 120)
    font = picture_font(14)
    for path in frames:
        picture = _open_picture(path)
        size = (max(1, round(picture.width * factor)), max(1, round(picture.height * factor)))
        if size != picture.size:
            picture = picture.resize(size, Image.Resampling.LANCZOS)
        canvas = Image.new("RGB", (width, height), PAPER)
        canvas.paste(picture, ((width - size[0]) // 2, BANNER + (height - BANNER - size[1]) // 2), picture)
        step = frame_step(path)
        if step is not None:
            ImageDraw.Draw(canvas).text((6, 5), f"step {step:,}", fill=INK, font=font)
        yield canvas


def _open_picture(path: Path) -> Image:
    from PIL import Image

    with Image.open(path) as file:
        return file.convert("RGBA")


def _write_mp4(pictures: Iterable[Image], target: Path, frames_per_second: float) -> None:
    try:
        import av
    except ImportError:
        raise MissingExtraError("av", "video", "An .mp4 time-lapse") from None
    rate = Fraction(frames_per_second).limit_denominator(1000)
    with av.open(str(target), "w", format="mp4") as container:
        stream: Any = None
        last: Image | None = None
        for picture in pictures:
            if stream is None:
                stream = container.add_stream("libx264", rate=rate, options={"crf": "18", "threads": "1"})
                stream.width, stream.height, stream.pix_fmt = *picture.size, "yuv420p"
            container.mux(stream.encode(av.VideoFrame.from_ndarray(np.asarray(picture), format="rgb24")))
            last = picture
        for _ in range(round(2 * rate)):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(np.asarray(last), format="rgb24")))
        container.mux(stream.encode())


def _even(n: int) -> int:
    return n + n % 2
