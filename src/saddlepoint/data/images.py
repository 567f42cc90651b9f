"""A folder of images as a dataset: decoded once, in parallel, into a file that later starts map into memory.

The layout of the folder says what is in it: `FOLDER/CLASS/...` labels images by the folder they lie in, classes sorted
by name; images right in FOLDER have no labels; `FOLDER/train` with `FOLDER/test` (or `val`) are the two parts of a
split, each with either layout inside.

The cache is found by a hash of the folder's path, of the name, size and times (in nanoseconds) of every file, and of the
settings that shape the pixels. Hashing all bytes instead would mean to read all images at every start, which for 100,000
of them takes longer than a second. An edit that puts size and time of modification back, as copying tools do, still moves
the file's time of change; on Windows that is the time of creation, and such an edit goes unseen. The fingerprint of the
dataset, in contrast, is a hash of the decoded pixels: a moved or copied folder is decoded again and has the same one.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from saddlepoint.data.cache import cache_folder
from saddlepoint.data.dataset import Dataset
from saddlepoint.data.event import Event
from saddlepoint.data.folder import Listing, list_images
from saddlepoint.data.image_cache import NAMED, DamagedCacheError, build, discard, read, refuse
from saddlepoint.data.settings import DataSettings
from saddlepoint.data.split import check_counts, training_count

LAYOUT = 3  # of the cache; a new number leaves old caches aside


def load(settings: DataSettings) -> Dataset:
    """(N, C, H, W) uint8 with values 0 to 255, memory-mapped; labels where there are class folders.

    Examples lie in the fixed random order of `split_seed`, so that the parts of the split, and a `limit`, are
    stretches of the file that cost no copy.

    Raises:
        DataError: no images, images of several sizes without a wanted size, a class with one image, or files that cannot
            be read unless `on_bad` is "skip".
    """
    root = Path(settings.source).expanduser()
    listing = list_images(root)
    folder = cache_folder(settings) / "images" / _key(root, listing, settings)
    if folder.exists() or folder.is_symlink():
        try:
            return _dataset_of_cache(root, folder, settings)
        except DamagedCacheError:
            discard(folder)
    build(root, listing, settings, folder)
    return _dataset_of_cache(root, folder, settings)


def _key(root: Path, listing: Listing, settings: DataSettings) -> str:
    shaping = (str(root.resolve()), LAYOUT, settings.size, settings.fit, settings.channels, settings.split_seed)
    digest = hashlib.blake2b(json.dumps(shaping).encode(), digest_size=16)
    for part in listing.parts:
        for directory in part.directories:
            digest.update(repr((part.name, directory.path, directory.examples)).encode())
    return digest.hexdigest()


def _dataset_of_cache(root: Path, folder: Path, settings: DataSettings) -> Dataset:
    """The dataset of a finished cache."""
    meta, arrays = read(folder)
    if settings.on_bad == "fail":
        refuse(root, meta["bad"])
    event = Event(
        shape=tuple(meta["shape"]),
        kind="image",
        dtype="uint8",
        low=0.0,
        high=255.0,
        class_names=tuple(meta["class_names"]) if meta["class_names"] else None,
    )
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


def _notes(root: Path, meta: dict[str, Any]) -> tuple[str, ...]:
    notes = list(meta["notes"])
    if meta["bad"]:
        named = "; ".join(f"{name} {reason}" for name, reason in meta["bad"][:NAMED])
        more = f"; and {len(meta['bad']) - NAMED:,} more" if len(meta["bad"]) > NAMED else ""
        notes.append(f"{len(meta['bad']):,} files were skipped: {named}{more}.")
    return tuple(notes)
