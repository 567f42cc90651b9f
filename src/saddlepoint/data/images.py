"""A folder of images as a dataset: decoded once, in parallel, into a file that later starts map into memory.

The layout of the folder says what is in it: `FOLDER/CLASS/...` labels images by the folder they lie in, classes sorted
by name; images right in FOLDER have no labels; `FOLDER/train` with `FOLDER/test` (or `val`) are the two parts of a
split, each with either layout inside.

The cache is found by a hash of the folder's path, of the name, size and times (in nanoseconds) of every file, and of the
settings that shape the pixels. Hashing all bytes instead would mean to read all images at every start, which for 100,000
of them takes longer than a second. An edit that puts size and time of modification back, as copying tools do, still moves
the file's time of change; on Windows that is the time of creation, and such an edit goes unseen. The fingerprint of the
dataset, in contrast, is a hash of the decoded pixels: a moved or copied folder is decoded anew and has the same one.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from saddlepoint.data.cache import cache_folder
from saddlepoint.data.dataset import Dataset, Event
from saddlepoint.data.decoding import COUNTS, Channels, Header, UnreadableImageError, decode, header, quiet
from saddlepoint.data.folder import Listing, Part, list_images
from saddlepoint.data.progress import progress
from saddlepoint.data.settings import DataSettings
from saddlepoint.data.split import check_counts, shuffled_order, training_count
from saddlepoint.errors import DataError

LAYOUT = 2  # of the cache; a new number leaves old caches aside
CHUNK = 32  # files one thread takes at a time
NAMED = 5  # files named in a message


def load(settings: DataSettings) -> Dataset:
    """(N, C, H, W) uint8 with values 0 to 255, memory-mapped; labels where there are class folders.

    Examples lie in the fixed random order of `split_seed`, so that the parts of the split, and a `limit`, are
    stretches of the file that cost no copy.

    Raises DataError for a folder without images, for images of several sizes when no size is wanted, for a class with
    one image, and, unless `on_bad` is "skip", for files that cannot be read.
    """
    root = Path(settings.source).expanduser()
    listing = list_images(root)
    folder = cache_folder(settings) / "images" / _key(root, listing, settings)
    if not (folder / "meta.json").is_file():
        _build(root, listing, settings, folder)
    return _opened(root, folder, settings)


def _key(root: Path, listing: Listing, settings: DataSettings) -> str:
    shaping = (str(root.resolve()), LAYOUT, settings.size, settings.fit, settings.channels, settings.split_seed)
    digest = hashlib.blake2b(json.dumps(shaping).encode(), digest_size=16)
    for part in listing.parts:
        for directory in part.directories:
            digest.update(repr((part.name, directory.path, directory.images)).encode())
    return digest.hexdigest()


def _opened(root: Path, folder: Path, settings: DataSettings) -> Dataset:
    """The dataset of a finished cache."""
    meta = json.loads((folder / "meta.json").read_text())
    if settings.on_bad == "fail":
        _refuse(root, meta["bad"])
    event = Event(
        shape=tuple(meta["shape"]),
        kind="image",
        dtype="uint8",
        low=0.0,
        high=255.0,
        class_names=tuple(meta["class_names"]) if meta["class_names"] else None,
    )
    arrays = {name: _arrays(folder / name, labelled=event.class_names is not None) for name in meta["digests"]}
    x, y, sums = arrays["train"]
    check_counts(str(root), event, len(x), y)
    count = len(x) if "test" in arrays else training_count(len(x), settings)
    used = min(count, settings.limit or count)
    total, squares = sums[:used].sum(0) / (used * event.size)
    event = replace(event, mean=(float(total),), std=(float(np.sqrt(max(squares - total**2, 0.0))),))
    digest = hashlib.sha256(json.dumps([meta["digests"], meta["class_names"], count, used]).encode()).hexdigest()
    name, held_out = root.name or str(root), None
    if "test" in arrays:
        held_x, held_y, _ = arrays["test"]
    else:
        held_x, held_y = x[count:], None if y is None else y[count:]
    if len(held_x):
        held_digest = hashlib.sha256(f"{digest} held out".encode()).hexdigest()
        held_out = Dataset(f"{name} (held out)", held_x, event, held_y, fingerprint=held_digest)
    return Dataset(name, x[:used], event, None if y is None else y[:used], held_out, None, digest, _notes(root, meta))


def _arrays(folder: Path, *, labelled: bool) -> tuple[torch.Tensor, torch.Tensor | None, npt.NDArray[np.float64]]:
    # Mode "c" maps the file copy-on-write: writable for torch, which wants that, while the file stays as it is.
    x = torch.from_numpy(np.load(folder / "pixels.npy", mmap_mode="c"))
    y = torch.from_numpy(np.load(folder / "labels.npy")) if labelled else None
    return x, y, np.load(folder / "sums.npy")


def _notes(root: Path, meta: dict[str, Any]) -> tuple[str, ...]:
    notes = list(meta["notes"])
    if meta["bad"]:
        named = "; ".join(f"{name} {reason}" for name, reason in meta["bad"][:NAMED])
        more = f"; and {len(meta['bad']) - NAMED:,} more" if len(meta["bad"]) > NAMED else ""
        notes.append(f"{len(meta['bad']):,} files were skipped: {named}{more}.")
    return tuple(notes)


def _refuse(root: Path, bad: Sequence[Sequence[str]]) -> None:
    if bad:
        named = "; ".join(f"{root / name} {reason}" for name, reason in bad[:NAMED])
        more = f"; and {len(bad) - NAMED:,} more" if len(bad) > NAMED else ""
        raise DataError(f"{named}{more}. Repair or remove what cannot be read, or set --data.on_bad skip.")


@dataclass
class _Plan:
    """What all images are brought to."""

    size: tuple[int, int]
    channels: Channels
    notes: list[str]


def _build(root: Path, listing: Listing, settings: DataSettings, folder: Path) -> None:
    """Decode everything into a folder beside `folder`, and rename it to that when it is whole."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}."))
    try:
        with quiet():
            headers, bad = _survey(root, listing)
            if settings.on_bad == "fail":
                _refuse(root, bad)
            plan = _planned(root, headers, bad, settings)
            digests = {}
            for part in listing.parts:
                (temporary / part.name).mkdir()
                digests[part.name], failed = _decode_part(root, part, plan, settings, temporary / part.name, bad)
                bad += failed
        if settings.on_bad == "fail":
            _refuse(root, bad)
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
            # Another process was first; what it made is the same.
            if not (folder / "meta.json").is_file():
                raise
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


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
    shape = (len(files), COUNTS[plan.channels], *plan.size)
    pixels = np.lib.format.open_memmap(folder / "pixels.npy", mode="w+", dtype=np.uint8, shape=shape)
    sums = np.zeros((len(files), 2))
    failed: dict[int, tuple[str, str]] = {}

    def work(i: int) -> None:
        try:
            image = decode(root / files[i][0], plan.size, settings.fit, plan.channels)
        except UnreadableImageError as error:
            failed[i] = (files[i][0], str(error))
            return
        pixels[i] = image
        sums[i] = image.sum(dtype=np.int64), np.square(image, dtype=np.int64).sum()

    _in_parallel(work, range(len(files)), f"Decoding {len(files):,} images")
    if failed:
        pixels = _without(folder, pixels, sorted(failed))
        sums = np.delete(sums, sorted(failed), axis=0)
    pixels.flush()
    labels = np.array([label for i, (_, label) in enumerate(files) if i not in failed], dtype=np.int64)
    np.save(folder / "sums.npy", sums)
    np.save(folder / "labels.npy", labels)
    digest = hashlib.sha256(f"{pixels.shape}".encode())
    for start in range(0, len(pixels), 1024):
        digest.update(pixels[start : start + 1024].data)
    digest.update(labels.data)
    return digest.hexdigest(), sorted(failed.values())


def _without(folder: Path, pixels: npt.NDArray[np.uint8], failed: Sequence[int]) -> np.memmap[Any, Any]:
    """The pixels once more, without the rows of files that could not be decoded."""
    kept = np.delete(np.arange(len(pixels)), failed)
    shape = (len(kept), *pixels.shape[1:])
    whole = np.lib.format.open_memmap(folder / "kept.npy", mode="w+", dtype=np.uint8, shape=shape)
    for start in range(0, len(kept), 1024):
        whole[start : start + 1024] = pixels[kept[start : start + 1024]]
    (folder / "kept.npy").replace(folder / "pixels.npy")
    return whole


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
        with progress(what, len(items)) as advance:
            for done in pool.map(run, chunks):
                advance(done)
    finally:
        pool.shutdown(cancel_futures=True)
