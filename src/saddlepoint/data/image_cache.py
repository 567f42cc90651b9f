"""Brings all images of a folder to one size and decodes them, in parallel, into files that can be mapped into memory.

CACHE/meta.json                  shape, classes, SHA-256 of the parts, files that could not be read, notes
CACHE/train/pixels.npy           (N, C, H, W) uint8; test/ likewise, where the folder has such a part
CACHE/train/labels.npy           (N,) int64
CACHE/train/sums.npy             (N, 2): the sum of each image's values, and of their squares
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import math
import os
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from saddlepoint.data.cache import temporary_folder
from saddlepoint.data.capacity import require_disk
from saddlepoint.data.decoding import (
    COUNTS,
    Channels,
    Header,
    UnreadableImageError,
    decode,
    header,
    largest_value,
    quiet,
)
from saddlepoint.data.folder import Listing, Part
from saddlepoint.data.settings import DataSettings
from saddlepoint.data.split import shuffled_order
from saddlepoint.errors import DataError
from saddlepoint.progress import task

CHUNK = 32  # files one thread takes at a time
NAMED = 5  # files named in a message


@dataclass
class _Plan:
    """The common size, channels and depth of all images."""

    size: tuple[int, int]
    channels: Channels
    notes: list[str]
    bits: int = 16


def build(root: Path, listing: Listing, settings: DataSettings, folder: Path) -> None:
    """Decode everything into a temporary folder, and rename it to `folder` when it is complete."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with temporary_folder(folder) as inside:
        temporary = inside / "decoded"
        temporary.mkdir()
        with quiet():
            headers, bad = _survey(root, listing)
            if settings.on_bad == "fail":
                refuse(root, bad)
            plan = _planned(root, headers, bad, settings)
            _measure_depth(root, headers, plan)
            digests = {}
            for part in listing.parts:
                (temporary / part.name).mkdir()
                digests[part.name], failed = _decode_part(root, part, plan, settings, temporary / part.name, bad)
                bad += failed
        if settings.on_bad == "fail":
            refuse(root, bad)
        if any(head.deep_colour for head in headers.values()):
            _note_lost_levels(temporary, plan)
        meta = {
            "shape": [COUNTS[plan.channels], *plan.size],
            "class_names": listing.class_names,
            "digests": digests,
            "bad": bad,
            "notes": [*listing.notes, *plan.notes],
        }
        (temporary / "meta.json").write_text(json.dumps(meta))
        try:
            temporary.rename(folder)
        except OSError:
            # Another process was first; its result is the same.
            if not (folder / "meta.json").is_file():
                raise


class DamagedCacheError(Exception):
    """A cache that cannot be read and is built again."""


Arrays = tuple[torch.Tensor, torch.Tensor | None, npt.NDArray[np.float64]]


def read(folder: Path) -> tuple[dict[str, Any], dict[str, Arrays]]:
    """(what meta.json says, {part: (pixels (N, *shape), labels (N,) or None, sums (N, 2))}) of a finished cache.

    Pixels are mapped into memory. Raises DamagedCacheError where something is missing, cut short or of another shape.
    """
    try:
        meta = json.loads((folder / "meta.json").read_text("utf-8"))
        shape, classes = tuple(meta["shape"]), meta["class_names"]
        if len(shape) != 3 or not {"train"} <= set(meta["digests"]) <= {"train", "test"}:
            raise ValueError("meta.json")
        _check_texts(meta["notes"])
        for entry in meta["bad"]:
            _check_texts(entry)
        _check_texts(classes or [])
        arrays = {name: _arrays(folder / name, shape, len(classes or [])) for name in meta["digests"]}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, EOFError, RecursionError, SyntaxError) as error:
        raise DamagedCacheError(str(error)) from error
    return meta, arrays


def discard(folder: Path) -> None:
    """Remove a damaged cache, which another process may have open, under a name that nobody asks for."""
    with temporary_folder(folder) as aside:
        folder.rename(aside / "damaged")


def _check_texts(entries: Any) -> None:
    if not isinstance(entries, list) or not all(isinstance(entry, str) for entry in entries):
        raise ValueError(f"a list of texts is needed, got {entries!r}")


def _arrays(folder: Path, shape: tuple[int, ...], classes: int) -> Arrays:
    """The files of one part. Raises ValueError where they do not belong together."""
    # Mode "c" maps the file copy-on-write: writable for torch, which wants that, while the file stays as it is.
    pixels = np.load(folder / "pixels.npy", mmap_mode="c")
    labels, sums = np.load(folder / "labels.npy"), np.load(folder / "sums.npy")
    n = len(pixels)
    if pixels.shape[1:] != shape or pixels.dtype != np.uint8 or sums.shape != (n, 2) or sums.dtype != np.float64:
        raise ValueError("pixels or sums of another shape or type")
    if (
        labels.shape != (n,)
        or labels.dtype != np.int64
        or (n and not 0 <= labels.min() <= labels.max() < max(classes, 1))
    ):
        raise ValueError("labels of another shape or type")
    return torch.from_numpy(pixels), torch.from_numpy(labels) if classes else None, sums


def refuse(root: Path, bad: Sequence[Sequence[str]]) -> None:
    """Raise DataError over files (name, reason) that cannot be read, where there are any."""
    if bad:
        named = "; ".join(f"{root / name} {reason}" for name, reason in bad[:NAMED])
        more = f"; and {len(bad) - NAMED:,} more" if len(bad) > NAMED else ""
        raise DataError(f"{named}{more}. Repair or remove what cannot be read, or set --data.on_bad skip.")


def _survey(root: Path, listing: Listing) -> tuple[dict[str, Header], list[tuple[str, str]]]:
    """The header of every readable file by name, and (name, reason) of every other."""
    headers: dict[str, Header] = {}
    bad: list[tuple[str, str]] = []
    names = [name for part in listing.parts for name, _ in part.files()]

    def look(name: str) -> None:
        try:
            headers[name] = header(root / name)
        except UnreadableImageError as error:
            bad.append((name, str(error)))

    _in_parallel(look, names, f"Reading {len(names):,} headers")
    return headers, sorted(bad)


def _planned(root: Path, headers: dict[str, Header], bad: Sequence[tuple[str, str]], settings: DataSettings) -> _Plan:
    """The size and channels for all; raises DataError where the files differ in size and none is wanted."""
    if not headers:
        raise DataError(f"{root}: none of its {len(bad):,} image files can be read; {root / bad[0][0]} {bad[0][1]}.")
    notes = []
    sizes = Counter((h.height, h.width) for h in headers.values())
    if settings.size is not None:
        height, width = settings.size
        if len(sizes) > 1:
            notes.append(f"Images of {len(sizes):,} sizes were brought to {height}x{width} by {settings.fit}.")
    elif len(sizes) > 1:
        (first, second) = (next(n for n in sorted(headers) if _size(headers[n]) == s) for s in sorted(sizes)[:2])
        raise DataError(
            f"{root}: images differ in size, {first} is {_text(headers[first])} and {second} {_text(headers[second])} "
            f"(height x width); set one for all, for example --data.size {min(min(size) for size in sizes)}."
        )
    else:
        height, width = next(iter(sizes))
    channels: Channels
    if settings.channels != "auto":
        channels = settings.channels
    elif all(h.alpha for h in headers.values()):
        channels = "rgba"
    else:
        channels = "rgb" if any(h.colour for h in headers.values()) else "grey"
    flattened = 0 if channels == "rgba" else sum(h.alpha for h in headers.values())
    if flattened:
        notes.append(f"{flattened:,} images with transparency were laid on white.")
    return _Plan((height, width), channels, notes)


def _measure_depth(root: Path, headers: dict[str, Header], plan: _Plan) -> None:
    """Find how many bits the grey levels of deep images use, and note where these are not all that the files have."""
    deep = [name for name, head in sorted(headers.items()) if head.deep]
    largest: list[int] = []

    def look(name: str) -> None:
        with contextlib.suppress(UnreadableImageError):  # which decoding reports
            largest.append(largest_value(root / name))

    _in_parallel(look, deep, f"Reading the grey levels of {len(deep):,} images")
    if largest and max(largest) < 2**15:
        plan.bits = max(8, max(largest).bit_length())
        top = 2**plan.bits - 1
        plan.notes.append(
            f"{len(deep):,} images of 16 bits have grey levels up to {max(largest):,}, so they were read as {plan.bits} bits: "
            f"0 to {top:,} became 0 to 255. To keep all levels, give the images as an array (.npy)."
        )


def _note_lost_levels(folder: Path, plan: _Plan) -> None:
    """Note where images of 16 bits a colour use so few of them that the 8 upper ones hold hardly anything."""
    largest = max(int(np.load(path, mmap_mode="r").max(initial=0)) for path in folder.glob("*/pixels.npy"))
    if largest < 2**7:
        plan.notes.append(
            f"Images of 16 bits a colour reach only {largest} of 255, because only the upper 8 bits can be read: "
            f"{largest + 1} levels are left. To keep all levels, give the images as an array (.npy)."
        )


def _size(head: Header) -> tuple[int, int]:
    return head.height, head.width


def _text(head: Header) -> str:
    return f"{head.height}x{head.width}"


def _decode_part(
    root: Path,
    part: Part,
    plan: _Plan,
    settings: DataSettings,
    folder: Path,
    known_bad: Sequence[tuple[str, str]],
) -> tuple[str, list[tuple[str, str]]]:
    """Write pixels, labels and sums of one part; gives the SHA-256 of its content, and the files that failed."""
    skipped = {name for name, _ in known_bad}
    files = [(name, label) for name, label in part.files() if name not in skipped]
    files = [files[i] for i in shuffled_order(len(files), settings.split_seed).tolist()]
    sums, failed = _decode_files(root, files, plan, settings, folder / "pixels.npy")
    if failed:
        _leave_out(folder / "pixels.npy", sorted(failed))
        sums = np.delete(sums, sorted(failed), axis=0)
    pixels = np.load(folder / "pixels.npy", mmap_mode="r")
    labels = np.array([label for i, (_, label) in enumerate(files) if i not in failed], dtype=np.int64)
    np.save(folder / "sums.npy", sums)
    np.save(folder / "labels.npy", labels)
    digest = hashlib.sha256(f"{pixels.shape}".encode())
    for start in range(0, len(pixels), 1024):
        digest.update(pixels[start : start + 1024].data)
    digest.update(labels.data)
    return digest.hexdigest(), sorted(failed.values())


def _decode_files(
    root: Path, files: Sequence[tuple[str, int]], plan: _Plan, settings: DataSettings, path: Path
) -> tuple[npt.NDArray[np.float64], dict[int, tuple[str, str]]]:
    """Decode `files` (name, label) into the array at `path`; gives their sums, and (name, reason) by row of those that
    failed. At the end nothing maps the file: Windows would not rename it."""
    shape = (len(files), COUNTS[plan.channels], *plan.size)
    require_disk(
        math.prod(shape),
        path.parent,
        f"{root}: the cache of its {len(files):,} decoded images",
        "lower data.size, or name another folder with data.cache",
    )
    pixels = np.lib.format.open_memmap(path, mode="w+", dtype=np.uint8, shape=shape)
    sums = np.zeros((len(files), 2))
    failed: dict[int, tuple[str, str]] = {}

    def work(i: int) -> None:
        try:
            image = decode(root / files[i][0], plan.size, settings.fit, plan.channels, plan.bits)
        except UnreadableImageError as error:
            failed[i] = (files[i][0], str(error))
            return
        pixels[i] = image
        sums[i] = image.sum(dtype=np.int64), np.square(image, dtype=np.int64).sum()

    _in_parallel(work, range(len(files)), f"Decoding {len(files):,} images")
    return sums, failed


def _leave_out(path: Path, rows: Sequence[int]) -> None:
    """Write the array at `path` once more, without the rows of files that could not be decoded."""
    whole = np.load(path, mmap_mode="r")
    kept = np.delete(np.arange(len(whole)), rows)
    part = path.with_name("kept.npy")
    rest = np.lib.format.open_memmap(part, mode="w+", dtype=whole.dtype, shape=(len(kept), *whole.shape[1:]))
    for start in range(0, len(kept), 1024):
        rest[start : start + 1024] = whole[kept[start : start + 1024]]
    del whole, rest
    part.replace(path)


def _in_parallel(work: Callable[[Any], None], items: Sequence[Any], what: str) -> None:
    """`work` on every item, in threads: decoders release the interpreter's lock, and threads share the file that is
    being written and start at once, where new processes would import the caller's script again."""
    chunks = [items[start : start + CHUNK] for start in range(0, len(items), CHUNK)]

    def run(chunk: Sequence[Any]) -> int:
        for item in chunk:
            work(item)
        return len(chunk)

    pool = ThreadPoolExecutor(os.cpu_count())
    try:
        with task(what, len(items)) as advance:
            for done in pool.map(run, chunks):
                advance(done)
    finally:
        pool.shutdown(cancel_futures=True)
