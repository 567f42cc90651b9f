"""Read numpy's files, `.npy` and `.npz`, with limits, because a header may promise far more than the file holds.

Nothing is unpickled. A damaged or encrypted file, or one that unpacks to too much, raises a DataError that names it.
"""

from __future__ import annotations

import ast
import lzma
import math
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from saddlepoint.data.capacity import require_memory, size
from saddlepoint.errors import DataError

MAGIC = b"\x93NUMPY"
LONGEST_HEADER = 10_000  # bytes, as numpy has it
# A packed file that is larger than this, and so many times its packed size, is taken for a decompression bomb. Images of
# handwriting pack to a fifth, images without any content to a thousandth.
LARGE, RATIO = 100_000_000, 200
# What zipfile, its decompressors and numpy raise for damaged content.
DAMAGED = (
    ValueError, KeyError, TypeError, EOFError, OSError, SyntaxError, RuntimeError, NotImplementedError, OverflowError,
    MemoryError, RecursionError, struct.error, zlib.error, lzma.LZMAError, zipfile.BadZipFile,
)  # fmt: skip

Array = npt.NDArray[Any]


def read_npy(path: Path) -> Array:
    """The array in a `.npy` file. Raises DataError where it is damaged, or holds Python objects."""
    with _explained(path), path.open("rb") as file:
        return _array(file, path.stat().st_size, str(path))


class Archive:
    """A `.npz` file: arrays by name, read one at a time."""

    def __init__(self, path: Path) -> None:
        """Open the archive.

        Raises:
            DataError: the file is no archive, or it is damaged.
        """
        self.path = path
        with _explained(path), zipfile.ZipFile(path) as archive:
            self.keys = [name.removesuffix(".npy") for name in archive.namelist()]

    def read(self, key: str) -> Array:
        """The array of this name. Raises DataError where it is damaged, encrypted, or would unpack to a bomb."""
        where = f"{self.path}: the array {key!r}"
        with _explained(self.path), zipfile.ZipFile(self.path) as archive:
            entry = archive.getinfo(f"{key}.npy" if f"{key}.npy" in archive.namelist() else key)
            if entry.flag_bits & 1:
                raise DataError(f"{where} is encrypted; unpack the archive and give the array itself.")
            # An archive may say of a member that it is packed to more than there is.
            check_ratio(entry.file_size, min(entry.compress_size, self.path.stat().st_size), where)
            with archive.open(entry) as file:
                return _array(file, entry.file_size, where, again=lambda: archive.open(entry))


def check_ratio(unpacked: int, packed: int, where: str) -> None:
    """Check that a file does not unpack to an implausible multiple of its size.

    Args:
        unpacked: bytes that the archive's header promises.
        packed: bytes of the file.
        where: names the file in the message.

    Raises:
        DataError: it would unpack to an implausible multiple of its size (a decompression bomb).
    """
    if unpacked > LARGE and unpacked > RATIO * packed:
        raise DataError(
            f"{where} would unpack from {size(packed)} to {size(unpacked)} (a decompression bomb?); if it is what you want, "
            "unpack it yourself."
        )


def _array(file: IO[bytes], available: int, where: str, again: Any = None) -> Array:
    """The array in an open file of `available` bytes. `again` reopens it; a plain file is rewound."""
    shape, dtype, start = _header(file)
    if dtype.hasobject:
        raise DataError(
            f"{where}: holds Python objects (dtype object), which are never loaded because they could run code; "
            "save numbers instead: numpy.save(path, numpy.stack(list_of_arrays))."
        )
    needed = math.prod(shape) * dtype.itemsize
    if start + needed > available:
        raise ValueError(f"its header promises {needed:,} bytes, but {max(0, available - start):,} follow")
    if dtype.itemsize == 0:
        raise ValueError(f"it is of dtype {dtype}, which holds nothing")
    require_memory(2 * needed, where, "give fewer or smaller examples")
    if again is None:
        file.seek(0)
        return np.asarray(np.lib.format.read_array(file, allow_pickle=False))
    with again() as reopened:
        return np.asarray(np.lib.format.read_array(reopened, allow_pickle=False))


def _header(file: IO[bytes]) -> tuple[tuple[int, ...], np.dtype[Any], int]:
    """(shape, dtype, where the numbers begin) of a `.npy` file at its beginning."""
    start = file.read(8)
    if start[:6] != MAGIC or len(start) < 8:
        raise ValueError("it does not begin as numpy's files do")
    width = 2 if start[6] == 1 else 4
    length = int.from_bytes(file.read(width), "little")
    if length > LONGEST_HEADER:
        raise ValueError(f"its header has {length:,} bytes, more than any array needs")
    header = ast.literal_eval(file.read(length).decode("latin1" if start[6] < 3 else "utf-8").strip())
    shape, dtype = header["shape"], np.lib.format.descr_to_dtype(header["descr"])
    if not isinstance(shape, tuple) or not all(type(axis) is int and 0 <= axis < 1 << 62 for axis in shape):
        raise ValueError(f"its shape is {shape!r}")
    return shape, dtype, 8 + width + length


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    """Whatever damaged content raises within the block is a DataError."""
    try:
        yield
    except DAMAGED as error:
        if isinstance(error, FileNotFoundError | PermissionError | IsADirectoryError):
            raise DataError(f"{path}: cannot be read ({error.strerror}).") from error
        reason = str(error) or type(error).__name__
        raise DataError(f"{path}: cannot be read as an array ({reason}); write it again with numpy.save.") from error
