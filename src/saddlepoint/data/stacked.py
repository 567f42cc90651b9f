"""Stacked MNIST: three digits in the three colour channels, which gives 1,000 countable modes.

Every image is three MNIST images drawn at random with replacement; its label reads them as one number from 0 to 999, the
first channel being the hundreds. The digits of MNIST are not quite equally frequent, so neither are the modes: their
KL divergence to equal shares is 0.004 nats, which real data reach too.

Unrolled Generative Adversarial Networks (Luke Metz, Ben Poole, David Pfau, Jascha Sohl-Dickstein, 2017),
https://arxiv.org/abs/1611.02163; sizes as in PacGAN: The power of two samples in generative adversarial networks (Zinan
Lin, Ashish Khetan, Giulia Fanti, Sewoong Oh, 2018), https://arxiv.org/abs/1712.04086
"""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from saddlepoint.data import mnist
from saddlepoint.data.cache import cache_folder, temporary_folder
from saddlepoint.data.capacity import require_disk, require_memory
from saddlepoint.data.dataset import Dataset
from saddlepoint.data.event import Event
from saddlepoint.data.settings import DataSettings
from saddlepoint.data.split import Part, assemble

CHANNELS, DIGITS = 3, 10
MODES = DIGITS**CHANNELS
POINTS = 128_000  # 301 MB: they are stacked once, into a file of the cache, and mapped into memory from there
CHUNK = 4_096  # images stacked together


def load(settings: DataSettings) -> Dataset:
    """(N, 3, 28, 28) uint8 with values 0 to 255, labels 0 to 999: `points` (128,000) stacks of MNIST's training part.

    `held_out` times as many are stacks of its test part. Both are fixed by `split_seed`.
    """
    source = mnist.load(settings.model_copy(update={"source": "mnist", "limit": None}))
    count = settings.points or POINTS
    require_memory(16 * CHANNELS * count, f"stacked-mnist: drawing {count:,} images", "lower data.points")
    parts = []
    for number, (digits, points) in enumerate(
        ((source, count), (source.held_out, round(count * settings.held_out))),
    ):
        assert digits is not None, "MNIST has a test part"
        assert digits.y is not None, "and labels"
        which = draw_digits(len(digits), points, settings.split_seed, number)
        path = cache_folder(settings) / "stacked-mnist" / f"{_key(digits, points, settings.split_seed, number)}.npy"
        parts.append(Part(_stacked(digits.x, which, path), labels(digits.y[which])))
    event = Event(shape=(CHANNELS, *source.event.shape[1:]), kind="image", dtype="uint8", low=0.0, high=255.0)
    # Named only now: of few points many modes have a single image or none, which is no mistake in the data here.
    found = assemble("stacked-mnist", event, parts[0], settings, test=parts[1])
    return _named(found)


def draw_digits(n: int, points: int, seed: int, part: int) -> Tensor:
    """(points, 3) int64: the digits, of n, in the channels; the same for the same `seed` and `part`."""
    digest = hashlib.blake2b(f"stacked mnist {seed} {part}".encode(), digest_size=8).digest()
    generator = torch.Generator().manual_seed(int.from_bytes(digest, "big") >> 1)
    return torch.randint(n, (points, CHANNELS), generator=generator)


def labels(digits: Tensor) -> Tensor:
    """(N, 3) digits -> (N,) numbers from 0 to 999, the first being the hundreds."""
    weights = DIGITS ** torch.arange(CHANNELS - 1, -1, -1)
    return (digits * weights).sum(1)


def _named(dataset: Dataset) -> Dataset:
    event = replace(dataset.event, class_names=tuple(f"{mode:0{CHANNELS}d}" for mode in range(MODES)))
    held_out = dataset.held_out and replace(dataset.held_out, event=event)
    return replace(dataset, event=event, held_out=held_out)


def _key(digits: Dataset, points: int, seed: int, part: int) -> str:
    made_of = json.dumps([digits.fingerprint, points, seed, part, 1])
    return hashlib.blake2b(made_of.encode(), digest_size=16).hexdigest()


def _stacked(x: Tensor, which: Tensor, path: Path) -> Tensor:
    """Images x (n, 1, H, W) at `which` (N, 3) -> (N, 3, H, W) uint8, mapped from the file at `path`, made if need be."""
    if len(which) == 0:
        return x.new_empty(0, CHANNELS, *x.shape[2:])
    shape = (len(which), CHANNELS, *x.shape[2:])
    if (kept := _read_cached(path, shape)) is not None:
        return kept
    require_disk(math.prod(shape), _existing(path), f"stacked-mnist: its {len(which):,} images", "lower data.points")
    path.parent.mkdir(parents=True, exist_ok=True)
    with temporary_folder(path) as folder:
        whole = np.lib.format.open_memmap(folder / path.name, mode="w+", dtype=np.uint8, shape=shape)
        for start in range(0, len(which), CHUNK):
            whole[start : start + CHUNK] = x[which[start : start + CHUNK], 0].numpy()
        del whole  # which writes it all; Windows renames no file that is mapped
        # Another process may have been first; its result is the same.
        (folder / path.name).replace(path)
    made = _read_cached(path, shape)
    assert made is not None, path
    return made


def _read_cached(path: Path, shape: tuple[int, ...]) -> Tensor | None:
    """What an earlier call left at `path`, mapped into memory; None where there is nothing, or something damaged."""
    try:
        # Mode "c" maps the file copy-on-write: writable for torch, which wants that, while the file stays as it is.
        kept = np.load(path, mmap_mode="c")
    except (OSError, ValueError, EOFError, SyntaxError, TypeError):
        return None
    return torch.from_numpy(kept) if kept.shape == shape and kept.dtype == np.uint8 else None


def _existing(path: Path) -> Path:
    """The nearest folder above that exists."""
    return next(folder for folder in path.absolute().parents if folder.is_dir())
