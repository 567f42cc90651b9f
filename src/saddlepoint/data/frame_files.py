"""Sequences of frames on disk: a video file (by PyAV, extra `video`), or a folder with one picture for each frame.

A sequence that cannot be read raises `UnreadableVideoError` with the reason, so that the caller can name it or leave it out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from saddlepoint.data.decoding import COUNTS, Channels, Fit, UnreadableImageError, decode, fit_picture, header, quiet
from saddlepoint.errors import MissingExtraError, printable, shortened

Size = tuple[int, int]
NAMES: dict[int, Channels] = {count: name for name, count in COUNTS.items()}


class UnreadableVideoError(Exception):
    """The reason why a sequence cannot be used, as the end of a sentence that begins with its name."""


class FrameSource(Protocol):
    """One sequence of frames."""

    @property
    def name(self) -> str:
        """The name in messages."""

    @property
    def sizes(self) -> dict[Size, str]:
        """The sizes (height, width) of its frames, each with the name of a file that has it."""

    @property
    def grey(self) -> bool:
        """Whether no frame has colours."""

    def measure(self) -> int:
        """The number of frames."""

    def decode(self, size: Size, fit: Fit, channels: int) -> npt.NDArray[np.uint8]:
        """The frames (T, C, H, W) at a size."""


class FrameFolder:
    """A folder with one picture for each frame, in the order of the numbers in their names.

    Args:
        paths: of the pictures, in any order.
        name: of the sequence, in messages.
    """

    def __init__(self, paths: tuple[Path, ...], name: str) -> None:
        self.paths, self.name = sorted(paths, key=lambda path: _natural(path.name)), printable(name)

    @cached_property
    def _headers(self) -> list[tuple[Size, bool]]:
        found = []
        with quiet():
            for path in self.paths:
                try:
                    head = header(path)
                except UnreadableImageError as error:
                    raise UnreadableVideoError(f"has a frame {printable(path.name)} that {error}") from None
                found.append(((head.height, head.width), not head.colour))
        return found

    @property
    def sizes(self) -> dict[Size, str]:
        """The sizes of its frames, each with the name of a file that has it."""
        pairs = zip(self._headers, self.paths, strict=True)
        return {size: f"{self.name}/{printable(path.name)}" for (size, _), path in reversed(list(pairs))}

    @property
    def grey(self) -> bool:
        """Whether no frame has colours."""
        return all(grey for _, grey in self._headers)

    def measure(self) -> int:
        """The number of frames."""
        return len(self._headers)

    def decode(self, size: Size, fit: Fit, channels: int) -> npt.NDArray[np.uint8]:
        """The frames (T, C, H, W) at a size."""
        try:
            with quiet():
                return np.stack([decode(path, size, fit, NAMES[channels]) for path in self.paths])
        except UnreadableImageError as error:
            raise UnreadableVideoError(f"has a frame that {error}") from None


class VideoFile:
    """A video file.

    Args:
        path: of the file.
        name: in messages.

    Raises:
        MissingExtraError: PyAV is not installed.
    """

    def __init__(self, path: Path, name: str) -> None:
        self.path, self.name = path, printable(name)

    @cached_property
    def _facts(self) -> tuple[int, Size, bool]:
        """Frames, size, and whether the format has no colours; frames are counted, because many files do not say how many there are."""
        count, size, grey = 0, (0, 0), True
        for frame in self._frames():
            count += 1
            if count == 1:
                size, grey = (frame.height, frame.width), frame.format.name.startswith("gray")
        if not count:
            raise UnreadableVideoError("has no frames")
        return count, size, grey

    @property
    def sizes(self) -> dict[Size, str]:
        """The size of its frames, with its name."""
        return {self._facts[1]: self.name}

    @property
    def grey(self) -> bool:
        """Whether its format has no colours."""
        return self._facts[2]

    def measure(self) -> int:
        """The number of frames."""
        return self._facts[0]

    def decode(self, size: Size, fit: Fit, channels: int) -> npt.NDArray[np.uint8]:
        """The frames (T, C, H, W) at a size."""
        return np.stack([fit_picture(frame.to_image(), size, fit, NAMES[channels]) for frame in self._frames()])

    def _frames(self) -> Iterator[Any]:
        try:
            import av
        except ImportError:
            raise MissingExtraError("av", "video", f"Reading the video {self.name}") from None
        try:
            with av.open(str(self.path)) as container:
                if not container.streams.video:
                    raise UnreadableVideoError("holds no pictures, such as a sound")
                yield from container.decode(video=0)
        except (av.FFmpegError, OSError) as error:
            said = shortened(printable(str(getattr(error, "strerror", None) or error)))
            raise UnreadableVideoError(f"cannot be read ({said})") from None


def _natural(name: str) -> list[tuple[int, int, str]]:
    """A key by which frame-9 comes before frame-10."""
    return [(0, int(part), "") if part.isdecimal() else (1, 0, part) for part in re.split(r"(\d+)", name) if part]
