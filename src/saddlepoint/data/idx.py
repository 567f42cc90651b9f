"""The IDX format of MNIST and its relatives: a magic number, the lengths of the axes, and then the plain numbers.

"The MNIST database of handwritten digits", Y. LeCun, C. Cortes, C. J. C. Burges, 1998,
http://yann.lecun.com/exdb/mnist/ describes it. Files may be packed with gzip.
"""

from __future__ import annotations

import gzip
import math
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from saddlepoint.data.arrays import check_range, float_range
from saddlepoint.data.dataset import Dataset, Event
from saddlepoint.data.settings import DataSettings
from saddlepoint.data.split import Part, assembled
from saddlepoint.errors import DataError

TYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
GZIP_MAGIC = b"\x1f\x8b"


def load(settings: DataSettings) -> Dataset:
    """An IDX file of images with its labels beside it, or a folder that holds such files.

    The labels of `train-images-idx3-ubyte` are looked for in `train-labels-idx1-ubyte`, its test part in
    `t10k-images-idx3-ubyte`; each may end in `.gz`.
    """
    path = Path(settings.source).expanduser()
    if path.is_dir():
        path = images_in(path)[0]
    return pair(path.name.removesuffix(".gz"), path, settings)


def images_in(folder: Path) -> list[Path]:
    """The files of images in `folder` by their usual names, the training part first."""
    found = [p for p in sorted(folder.glob("*images*idx[34]*")) if p.is_file()]
    return sorted(found, key=lambda path: "train" not in path.name)


def pair(name: str, images: Path, settings: DataSettings, class_names: tuple[str, ...] | None = None) -> Dataset:
    """The dataset of one file of images: labels and test part from the files beside it, where there are any."""
    part = read_part(images)
    test_path = sibling(images, "train", "t10k") or sibling(images, "train", "test")
    test = read_part(test_path) if test_path is not None else None
    if test is not None and (test.x.shape[1:] != part.x.shape[1:] or test.x.dtype != part.x.dtype):
        raise DataError(
            f"{test_path}: its images are {tuple(test.x.shape[1:])} {test.x.dtype}, those of {images} "
            f"{tuple(part.x.shape[1:])} {part.x.dtype}; the two parts must be alike."
        )
    _check_names(images, (part, test), class_names)
    low, high = (0.0, 255.0) if part.x.dtype == torch.uint8 else float_range(part.x)
    if part.y is not None and class_names is None:
        labels = part.y if test is None or test.y is None else torch.cat([part.y, test.y])
        class_names = tuple(map(str, range(int(labels.max()) + 1)))
    event = Event(
        shape=tuple(part.x.shape[1:]),
        kind="image" if part.x.ndim == 4 else "volume",
        dtype="uint8" if part.x.dtype == torch.uint8 else "float32",
        low=low,
        high=high,
        class_names=class_names if part.y is not None else None,
    )
    notes = () if part.y is not None else (f"No labels: there is no labels file beside {images.name}.",)
    return assembled(name, event, part, settings, test=test, notes=notes)


def _check_names(images: Path, parts: tuple[Part | None, ...], class_names: tuple[str, ...] | None) -> None:
    """Raise DataError for a label without a name."""
    for part in parts:
        if (
            class_names is not None
            and part is not None
            and part.y is not None
            and int(part.y.max()) >= len(class_names)
        ):
            raise DataError(
                f"{images}: label {int(part.y.max())} stands beside it, but there are only {len(class_names)} classes."
            )


def read_part(images: Path) -> Part:
    """The images (N, 1, H, W) or volumes (N, 1, D, H, W) of a file, with the labels of the file beside it."""
    x = read(images)
    if x.ndim not in (3, 4):
        raise DataError(
            f"{images}: its magic number says {x.ndim} axes, but images have 3 (number, height, width) and volumes 4; "
            + ("is this the file of labels? Give the file of images." if x.ndim == 1 else "give a file of images.")
        )
    if 0 in x.shape[1:]:
        raise DataError(f"{images}: its images have no pixels (shape {x.shape[1:]}); write the file anew.")
    labels = sibling(images, "images", "labels")
    return Part(_tensor(x, images).unsqueeze(1), None if labels is None else _labels(labels, images, len(x)))


def sibling(path: Path, word: str, other: str) -> Path | None:
    """The file beside `path` whose name has `other` for `word`, whatever its digit after idx, packed or not."""
    if word not in path.name:
        return None
    name = path.name.removesuffix(".gz").replace(word, other, 1)
    if other == "labels":
        name = name.replace("idx3", "idx1").replace("idx4", "idx1")
    return next((path.with_name(n) for n in (name, f"{name}.gz") if path.with_name(n).is_file()), None)


def read(path: Path) -> npt.NDArray[Any]:
    """The array of one IDX file, in the machine's byte order. Raises DataError where it is not one, or is cut short."""
    content = unpacked(path)
    if len(content) < 4 or content[:2] != b"\x00\x00" or content[2] not in TYPES or content[3] == 0:
        raise DataError(
            f"{path}: not an IDX file: its magic number is 0x{content[:4].hex() or '(empty)'}, where two zero bytes, a "
            "type (08 to 0e) and the number of axes belong; was it saved as something else, such as a web page?"
        )
    kind, axes = np.dtype(TYPES[content[2]]), content[3]
    start = 4 + 4 * axes
    if len(content) < start:
        raise DataError(f"{path}: ends within its header of {start} bytes ({len(content)} are there); get it anew.")
    shape = tuple(int(length) for length in np.frombuffer(content, ">u4", axes, offset=4))
    expected = start + math.prod(shape) * kind.itemsize
    if len(content) != expected:
        raise DataError(
            f"{path}: its header promises {shape} numbers, {expected:,} bytes in all, but it has {len(content):,}; "
            "the file is cut short or damaged, get it anew."
        )
    return np.frombuffer(content, kind, offset=start).reshape(shape).astype(kind.newbyteorder("="))


def unpacked(path: Path) -> bytes:
    """The bytes of a file, unpacked where it is a gzip file. Raises DataError where that is cut short or damaged."""
    if not path.is_file():
        raise DataError(f"{path}: there is no such file; give the path of an IDX file.")
    content = path.read_bytes()
    if content[:2] != GZIP_MAGIC:
        return content
    try:
        return gzip.decompress(content)
    except EOFError as error:
        raise DataError(
            f"{path}: this gzip file is truncated: it ends in the middle after {len(content):,} bytes; get it anew."
        ) from error
    except (gzip.BadGzipFile, zlib.error) as error:
        raise DataError(f"{path}: this gzip file is damaged ({error}); get it anew.") from error


def _tensor(x: npt.NDArray[Any], path: Path) -> Tensor:
    if x.dtype == np.uint8:
        return torch.from_numpy(x)
    if not np.isfinite(x).all():
        raise DataError(f"{path}: holds NaN or infinite values; clean the data first.")
    with np.errstate(over="ignore"):  # what becomes too large is named below
        tensor = torch.from_numpy(x.astype(np.float32))
    check_range(x, tensor, str(path))
    return tensor


def _labels(path: Path, images: Path, count: int) -> Tensor:
    y = read(path)
    if y.ndim != 1 or not np.issubdtype(y.dtype, np.integer) or (y.size and y.min() < 0):
        raise DataError(f"{path}: labels are one axis of whole numbers from 0; got shape {y.shape} of {y.dtype}.")
    if len(y) != count:
        raise DataError(
            f"{path}: {len(y):,} labels, but {images} has {count:,} images: the labels do not match the images; "
            "give the two files of one set."
        )
    return torch.from_numpy(y.astype(np.int64))
