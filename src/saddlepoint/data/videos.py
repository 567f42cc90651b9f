"""Videos: a folder of video files, or of folders with the frames of one sequence each, cut into examples of equal length.

A folder with the parts `train` and `test` is split so. Otherwise whole sequences are held out; of a single sequence its end is, so that
held-out examples share no frame with training examples. Held-out examples share no frames with each other either, whatever `stride` is: overlapping
ones would be measured as if they were more data.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from saddlepoint.data.capacity import require_memory
from saddlepoint.data.contents import VIDEOS
from saddlepoint.data.dataset import Dataset
from saddlepoint.data.decoding import COUNTS, SUFFIXES
from saddlepoint.data.event import Event
from saddlepoint.data.folder import Wanted, list_files
from saddlepoint.data.frame_files import FrameFolder, FrameSource, UnreadableVideoError, VideoFile
from saddlepoint.data.settings import DataSettings
from saddlepoint.data.split import Part, describe_parts, shuffled_order, training_count
from saddlepoint.data.windows import count_windows
from saddlepoint.errors import DataError
from saddlepoint.progress import task

FRAMES = 20  # of an example where the settings do not say how many
FILES = Wanted("videos", frozenset(VIDEOS))
PICTURES = Wanted("frames", SUFFIXES)


def load(settings: DataSettings) -> Dataset:
    """(N, C, T, H, W) uint8 with values 0 to 255; `length` sets T, `stride` the distance between examples of one sequence.

    Raises:
        DataError: there are no videos or frames; one cannot be read; sizes differ; or a sequence is too short.
        MissingExtraError: there are video files, and PyAV is not installed.
    """
    root = Path(settings.source).expanduser()
    parts, notes = _sequences(root)
    length = settings.length or FRAMES
    stride = settings.stride or length
    usable, skipped = _usable(root, parts, length, settings)
    notes += skipped
    size, grey = _form(root, [one for part in usable for one in part], settings)
    channels = COUNTS[settings.channels] if settings.channels != "auto" else 1 if grey else 3
    shape = (channels, length, *size)
    _check_memory(root, usable, length, stride, shape)
    decoded = [_decode(root, part, size, channels, settings) for part in usable]
    if len(decoded) == 1:
        train, test = _split(decoded[0], length, settings)
        notes += _split_note(decoded[0], test)
    else:
        train, test = decoded[0], decoded[1]
    x, sequences = _windows(train, length, stride, shape)
    held_out, test_sequences = _windows(test, length, max(stride, length), shape)
    if settings.limit is not None:
        chosen = shuffled_order(len(x), settings.split_seed)[: settings.limit]
        x, sequences = x[chosen], sequences[chosen]
    event = Event(shape, "video", "uint8", 0.0, 255.0)
    found = describe_parts(root.name or str(root), event, Part(x), Part(held_out) if len(held_out) else None)
    rest = found.held_out and replace(found.held_out, sequences=test_sequences)
    return replace(found, held_out=rest, sequences=sequences, notes=tuple(notes))


def read_sequences(root: Path, size: tuple[int, int], channels: int, *, least: int) -> Iterator[tuple[str, Tensor]]:
    """Yield the name and the frames (C, T, H, W) uint8 of each sequence.

    Args:
        root: a video file, a folder of videos, or of folders with the frames of one sequence each.
        size: height and width to which frames are brought; what overhangs is cut off.
        channels: 1, 3 or 4.
        least: frames that each sequence must have.

    Raises:
        DataError: there are no sequences, one cannot be read, or is too short.
        MissingExtraError: there are video files, and PyAV is not installed.
    """
    if not root.exists():
        raise DataError(
            f"{root}: there is no such file or folder; give a video, or a folder of videos or frame sequences."
        )
    settings = DataSettings(source=str(root), size=size)
    parts, _ = _sequences(root)
    usable, _ = _usable(root, parts, least, settings)
    for part in usable:
        for one in part:
            (frames,) = _decode(root, [one], size, channels, settings)
            yield one.name, frames


def _sequences(root: Path) -> tuple[Sequence[Sequence[FrameSource]], list[str]]:
    """The sequences of each part, training first, and notes about what was left aside."""
    if root.is_file():
        return [[VideoFile(root, root.name)]], []
    endings = {path.suffix.lower() for path in root.rglob("*")}
    if endings & FILES.suffixes:
        listing = list_files(root, FILES)
        return [[VideoFile(root / name, name) for name, _ in part.files()] for part in listing.parts], listing.notes
    if not endings & PICTURES.suffixes:
        raise DataError(
            f"{root}: holds no videos ({', '.join(VIDEOS)}) and no frames ({', '.join(sorted(SUFFIXES))}); give a folder of videos, or of "
            "folders with the frames of one sequence each."
        )
    listing = list_files(root, PICTURES)
    return [
        [
            FrameFolder(
                tuple(root / one.path / name for name, *_ in one.examples), one.path or (root.name or str(root))
            )
            for one in part.directories
        ]
        for part in listing.parts
    ], listing.notes


def _usable(
    root: Path, parts: Sequence[Sequence[FrameSource]], length: int, settings: DataSettings
) -> tuple[list[list[FrameSource]], list[str]]:
    """The sequences that can be read and are long enough; the others raise DataError, or are left out with `on_bad: skip`."""
    usable: list[list[FrameSource]] = []
    bad = []
    for part in parts:
        kept: list[FrameSource] = []
        for one in part:
            try:
                count = one.measure()
            except UnreadableVideoError as error:
                bad.append(f"{one.name} {error}")
                continue
            if count >= length:
                kept.append(one)
            else:
                bad.append(f"{one.name} has {count:,} frame{'s' if count != 1 else ''}, and {length:,} are needed")
        usable.append(kept)
    if bad and (settings.on_bad == "fail" or not usable[0]):
        more = f" (and {len(bad) - 1:,} more cannot be used)" if len(bad) > 1 else ""
        raise DataError(
            f"{root}: {bad[0]}{more}; remove it, take shorter examples (data.length; predict: --frames-in, --frames-out), or leave "
            "such sequences out (data.on_bad skip)."
        )
    return usable, [f"{len(bad):,} sequences were left out, such as this: {bad[0]}."] if bad else []


def _form(root: Path, sequences: Sequence[FrameSource], settings: DataSettings) -> tuple[tuple[int, int], bool]:
    """Height and width of all frames, and whether all sequences are grey."""
    sizes: dict[tuple[int, int], str] = {}
    for one in sequences:
        for size, name in one.sizes.items():
            sizes.setdefault(size, name)
    grey = all(one.grey for one in sequences)
    if settings.size is not None:
        return (settings.size[0], settings.size[1]), grey
    if len(sizes) > 1:
        (first, a), (second, b) = list(sizes.items())[:2]
        raise DataError(
            f"{root}: frames have different sizes ({a} {first[0]}x{first[1]}, {b} {second[0]}x{second[1]}, height by width); say to which "
            "size they are to be brought (data.size; predict: --size 64)."
        )
    return next(iter(sizes)), grey


def _check_memory(
    root: Path, parts: Sequence[Sequence[FrameSource]], length: int, stride: int, shape: tuple[int, ...]
) -> None:
    """Raise DataError where the frames, or the examples cut from them, do not fit into memory."""
    frames = sum(one.measure() for part in parts for one in part)
    examples = sum(count_windows(one.measure(), length, stride) for part in parts for one in part)
    needed = (frames + 2 * examples * length) * shape[0] * shape[2] * shape[3]
    require_memory(needed, f"{root}: {examples:,} examples of {length} frames", "lower data.size, or raise data.stride")


def _decode(
    root: Path, part: Sequence[FrameSource], size: tuple[int, int], channels: int, settings: DataSettings
) -> list[Tensor]:
    """The frames (C, T, H, W) uint8 of each sequence."""
    decoded = []
    with task(f"Reading {root.name}", len(part)) as advance:
        for one in part:
            try:
                frames = one.decode(size, settings.fit, channels)
            except UnreadableVideoError as error:
                raise DataError(
                    f"{root}: {one.name} {error}; repair or remove it, or leave such files out (data.on_bad skip)."
                ) from None
            decoded.append(torch.from_numpy(np.ascontiguousarray(frames.transpose(1, 0, 2, 3))))
            advance(1)
    return decoded


def _split(sequences: list[Tensor], length: int, settings: DataSettings) -> tuple[list[Tensor], list[Tensor]]:
    """Sequences to train on and held-out ones; the end of a single one is held out where both parts hold an example.

    Of a single one at least two examples are held out if two remain, since a measurement needs two.
    """
    if settings.held_out == 0:
        return sequences, []
    if len(sequences) > 1:
        order = shuffled_order(len(sequences), settings.split_seed).tolist()
        count = min(training_count(len(sequences), settings), len(sequences) - 1)
        return [sequences[n] for n in order[:count]], [sequences[n] for n in order[count:]]
    (only,) = sequences
    frames = only.shape[1]
    least = 2 * length if frames >= 4 * length else length
    cut = min(round(frames * (1 - settings.held_out)), frames - least)
    return ([only[:, :cut]], [only[:, cut:]]) if cut >= length else (sequences, [])


def _split_note(sequences: list[Tensor], test: list[Tensor]) -> list[str]:
    if len(sequences) > 1:
        return []
    return (
        ["There is one sequence, and its end is held out."]
        if test
        else ["There is one sequence, and none is held out."]
    )


def _windows(sequences: list[Tensor], length: int, stride: int, shape: tuple[int, ...]) -> tuple[Tensor, Tensor]:
    """Examples (N, C, T, H, W) of sequences (C, frames, H, W), and the number (N,) of the sequence of each."""
    counts = [count_windows(frames.shape[1], length, stride) for frames in sequences]
    cut = [
        frames[:, n * stride : n * stride + length]
        for frames, count in zip(sequences, counts, strict=True)
        for n in range(count)
    ]
    numbers = torch.arange(len(counts)).repeat_interleave(torch.tensor(counts, dtype=torch.int64))
    return torch.stack(cut) if cut else torch.empty(0, *shape, dtype=torch.uint8), numbers
