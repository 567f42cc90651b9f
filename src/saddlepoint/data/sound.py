"""Sounds: a folder of WAV files, whose subfolders are classes, or one long recording.

A file is one example, cut or padded with silence to `data.length` samples (that of the longest file by default). With
`data.stride`, and of one recording always, examples are windows instead.
"""

from __future__ import annotations

import math
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from saddlepoint.data.capacity import require_memory
from saddlepoint.data.dataset import Dataset
from saddlepoint.data.event import Event
from saddlepoint.data.folder import Wanted, list_files
from saddlepoint.data.settings import DataSettings
from saddlepoint.data.split import Part, assemble
from saddlepoint.data.streams import Streams, cut_files, whole_files
from saddlepoint.data.wav import read_wav
from saddlepoint.errors import DataError

SOUNDS = Wanted("sounds", frozenset({".wav", ".wave"}))

Array = npt.NDArray[Any]


def load(settings: DataSettings) -> Dataset:
    """(N, C, length) float32, within [-1, 1] unless the files hold larger floats; labels where there are class folders.

    Raises:
        DataError: no sounds, a damaged file, or files of several rates (without `data.rate`) or numbers of channels.
    """
    path = Path(settings.source).expanduser()
    streams, rate = _read_folder(path, settings) if path.is_dir() else _read_file(path, settings)
    single = sum(map(len, streams.parts.values())) == 1
    if single and settings.length is None:
        raise DataError(
            f"{streams.name}: is a single sound of {streams.lengths[0]:,} samples; set the length of an example (--data.length 8192) "
            "to cut it, or give a folder of sounds."
        )
    length = settings.length or max(streams.lengths)
    part: Part
    test: Part | None
    if single or settings.stride is not None:
        part, test, notes = cut_files(streams, length, settings.stride or length, settings)
    else:
        part, test, notes = whole_files(streams, length)
    largest = max(1.0, *(float(np.abs(stream).max()) for own in streams.parts.values() for stream, _ in own))
    channels = part.x.shape[2]
    event = Event(
        (channels, length), "sound", low=-largest, high=largest, class_names=streams.class_names, rate=float(rate)
    )
    part, test = _channels_first(part), None if test is None else _channels_first(test)
    return assemble(streams.name, event, part, settings, test=test, notes=(*streams.notes, *notes))


def resample(sound: Array, rate: int, wanted: int) -> Array:
    """A sound (C, T) at another rate, filtered so that no frequency folds over."""
    from scipy.signal import resample_poly

    factor = Fraction(wanted, rate)
    steps = math.ceil(sound.shape[1] * factor)
    need = 16 * sound.shape[0] * steps + 400 * max(factor.numerator, factor.denominator)
    require_memory(need, f"resampling to {wanted:,} samples a second", "take a smaller data.rate")
    made: Array = resample_poly(sound, factor.numerator, factor.denominator, axis=1)
    return made.astype(np.float32)


def _read_file(path: Path, settings: DataSettings) -> tuple[Streams, int]:
    sound, rate = _read(path, settings)
    return Streams(path.name, {"train": [(sound.T, 0)]}, None, SOUNDS.noun), rate


def _read_folder(path: Path, settings: DataSettings) -> tuple[Streams, int]:
    """All sounds of a folder, and their rate."""
    listing = list_files(path, SOUNDS)
    parts: dict[str, list[tuple[Array, int]]] = {}
    skipped: list[str] = []
    first: tuple[str, int, int] | None = None
    for part in listing.parts:
        parts[part.name] = []
        for name, label in part.files():
            try:
                sound, rate = _read(path / name, settings)
            except DataError as error:
                if settings.on_bad == "fail":
                    raise
                skipped.append(str(error))
                continue
            first = first or (name, rate, len(sound))
            _check_alike(path, first, (name, rate, len(sound)))
            parts[part.name].append((sound.T, label))
    if first is None or not parts["train"]:
        raise DataError(f"{path}: none of its sounds can be read; the first: {skipped[0] if skipped else 'none'}")
    notes = list(listing.notes)
    if skipped:
        notes.append(f"{len(skipped):,} files were skipped, such as {skipped[0]}")
    names = tuple(listing.class_names) if listing.class_names else None
    return Streams(path.name or str(path), parts, names, SOUNDS.noun, tuple(notes)), first[1]


def _read(path: Path, settings: DataSettings) -> tuple[Array, int]:
    sound, rate = read_wav(path)
    if settings.rate is None or settings.rate == rate:
        return sound, rate
    return resample(sound, rate, settings.rate), settings.rate


def _check_alike(root: Path, first: tuple[str, int, int], other: tuple[str, int, int]) -> None:
    if other[1] != first[1]:
        raise DataError(
            f"{root}: {first[0]} has {first[1]:,} samples a second and {other[0]} has {other[1]:,}; set the rate to resample to "
            f"(--data.rate {min(first[1], other[1])})."
        )
    if other[2] != first[2]:
        raise DataError(f"{root}: {first[0]} has {first[2]} channels and {other[0]} has {other[2]}; make them alike.")


def _channels_first(part: Part) -> Part:
    """(N, T, C) -> (N, C, T)."""
    return Part(part.x.mT.contiguous() if part.x.ndim == 3 else part.x, part.y)
