"""The IDX format of MNIST: a magic number, the lengths of the axes, and the numbers.

"The MNIST database of handwritten digits", Y. LeCun, C. Cortes, C. J. C. Burges, 1998,
http://yann.lecun.com/exdb/mnist/ describes it. Files may be packed with gzip.
"""

from __future__ import annotations

import gzip
import math
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from saddlepoint.data.array_checks import check_range
from saddlepoint.data.array_event import float_range
from saddlepoint.data.capacity import require_memory
from saddlepoint.data.classes import number_classes
from saddlepoint.data.dataset import Dataset
from saddlepoint.data.event import Event
from saddlepoint.data.npy import check_ratio
from saddlepoint.data.settings import DataSettings
from saddlepoint.data.split import Part, assemble
from saddlepoint.errors import DataError

TYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
GZIP_MAGIC = b"\x1f\x8b"
MOST_AXES = 8
BLOCK = 1 << 20  # bytes read at a time


def load(settings: DataSettings) -> Dataset:
    """An IDX file of images with its labels beside it, or a folder that holds such files.

    The labels of `train-images-idx3-ubyte` are searched in `train-labels-idx1-ubyte`, its test part in
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
    notes: tuple[str, ...] = ()
    if part.y is None:
        notes = (f"No labels: there is no labels file beside {images.name}.",)
    elif class_names is None:
        part, test, class_names, notes = _numbered(part, test)
    event = Event(
        shape=tuple(part.x.shape[1:]),
        kind="image" if part.x.ndim == 4 else "volume",
        dtype="uint8" if part.x.dtype == torch.uint8 else "float32",
        low=low,
        high=high,
        class_names=class_names if part.y is not None else None,
    )
    return assemble(name, event, part, settings, test=test, notes=notes)


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
                f"{images}: label {int(part.y.max())} is in the file beside it, but the number of classes is {len(class_names)}."
            )


def _numbered(part: Part, test: Part | None) -> tuple[Part, Part | None, tuple[str, ...], tuple[str, ...]]:
    """Both parts with the classes that either has numbered from 0, the names of the classes, and notes."""
    assert part.y is not None
    labels = part.y if test is None or test.y is None else torch.cat([part.y, test.y])
    numbers, names, notes = number_classes(labels.numpy())
    first, rest = numbers[: len(part.x)], numbers[len(part.x) :]
    if test is not None and test.y is not None:
        test = Part(test.x, rest)
    return Part(part.x, first), test, names, notes


def read_part(images: Path) -> Part:
    """The images (N, 1, H, W) or volumes (N, 1, D, H, W) of a file, with the labels of the file beside it."""
    x = read(images)
    if x.ndim not in (3, 4):
        raise DataError(
            f"{images}: its magic number says {x.ndim} axes, but images have 3 (number, height, width) and volumes 4; "
            + ("is this the file of labels? Give the file of images." if x.ndim == 1 else "give a file of images.")
        )
    if 0 in x.shape:
        what = "holds no examples" if len(x) == 0 else "its images have no pixels"
        raise DataError(f"{images}: {what} (shape {x.shape}); write the file again.")
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
    """The array of one IDX file, in the machine's byte order.

    No more is unpacked than the header promises. Raises DataError where it is not one, is cut short or too long, or would
    unpack to a bomb.
    """
    with _open_unpacked(path) as file:
        start = file.read(4)
        if len(start) < 4 or start[:2] != b"\x00\x00" or start[2] not in TYPES or start[3] == 0:
            raise DataError(
                f"{path}: not an IDX file: its magic number is 0x{start.hex() or '(empty)'}, where two zero bytes, a "
                "type (08 to 0e) and the number of axes belong; was it saved as something else, such as a web page?"
            )
        kind, axes = np.dtype(TYPES[start[2]]), start[3]
        if axes > MOST_AXES:
            raise DataError(
                f"{path}: its magic number says {axes} axes, but images have 3 and volumes 4; is it damaged?"
            )
        header = file.read(4 * axes)
        if len(header) < 4 * axes:
            raise DataError(
                f"{path}: ends within its header of {4 + 4 * axes} bytes ({4 + len(header)} are there); download or copy it again."
            )
        shape = tuple(int(length) for length in np.frombuffer(header, ">u4"))
        return _content(file, path, shape, kind)


def _content(file: IO[bytes], path: Path, shape: tuple[int, ...], kind: np.dtype[Any]) -> npt.NDArray[Any]:
    """The numbers that follow the header: all that it promises, and nothing more."""
    needed, start = math.prod(shape) * kind.itemsize, 4 + 4 * len(shape)
    packed = path.stat().st_size
    if _is_packed(path):
        check_ratio(needed, packed, str(path))
    elif packed != start + needed:
        raise DataError(_another_length(path, shape, start + needed, f"{packed:,}"))
    require_memory(2 * needed, str(path), "use a part of it")
    content = bytearray()
    while len(content) <= needed and (block := file.read(min(BLOCK, needed + 1 - len(content)))):
        content += block
    if len(content) != needed:
        found = "more" if len(content) > needed else f"{start + len(content):,}"
        raise DataError(_another_length(path, shape, start + needed, found))
    x = np.frombuffer(content, kind).reshape(shape)
    return x if kind.isnative or kind.itemsize == 1 else x.byteswap(inplace=True).view(kind.newbyteorder("="))


def _another_length(path: Path, shape: tuple[int, ...], expected: int, found: str) -> str:
    return (
        f"{path}: its header promises {shape} numbers, {expected:,} bytes in all, but it has {found}; "
        "the file is cut short or damaged, download or copy it again."
    )


def unpacked(path: Path, most: int) -> bytes:
    """The first bytes, at most `most`, of a file, unpacked where it is a gzip file. Raises DataError where it is damaged."""
    with _open_unpacked(path) as file:
        return file.read(most)


@contextmanager
def _open_unpacked(path: Path) -> Iterator[IO[bytes]]:
    """The file, unpacked as it is read; what is wrong with it, also while it is read, is a DataError."""
    if not path.is_file():
        raise DataError(f"{path}: there is no such file; give the path of an IDX file.")
    try:
        opened: Any = gzip.open if _is_packed(path) else open
        with opened(path, "rb") as file:
            yield file
    except EOFError as error:
        raise DataError(
            f"{path}: this gzip file is truncated: it ends in the middle after {path.stat().st_size:,} bytes; download or copy it again."
        ) from error
    except (gzip.BadGzipFile, zlib.error) as error:
        raise DataError(f"{path}: this gzip file is damaged ({error}); download or copy it again.") from error
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror}).") from error


def _is_packed(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(len(GZIP_MAGIC)) == GZIP_MAGIC


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
