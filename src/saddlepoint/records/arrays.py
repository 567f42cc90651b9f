"""Reads the .npz files of a run: never unpickled, and never unpacked to more than a limit.

An archive of a few kilobytes may unpack to gigabytes, be encrypted, or hold anything under the name of an array.
"""

from __future__ import annotations

import math
import tokenize
import zipfile
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from saddlepoint.errors import RunError
from saddlepoint.records.files import open_regular

if TYPE_CHECKING:
    import numpy.typing as npt

MOST_UNPACKED = 512 * 2**20


def read_arrays(path: Path, *, most: int = MOST_UNPACKED) -> dict[str, npt.NDArray[Any]]:
    """The arrays of an .npz file by name.

    Args:
        path: the file.
        most: bytes that all arrays together may take.

    Raises:
        RunError: it cannot be read, is no .npz file, holds Python objects, or unpacks to more than `most` bytes.
    """
    import numpy as np

    try:
        with open_regular(path, most=None) as file, zipfile.ZipFile(file) as archive:
            total = sum(entry.file_size for entry in archive.infolist())
            if total > most:
                raise RunError(f"{path} unpacks to {total:,} bytes, and at most {most:,} are read: remove the file.")
            return {
                entry.filename.removesuffix(".npy"): _array(archive, entry, np)
                for entry in archive.infolist()
                if entry.filename.endswith(".npy")
            }
    # numpy parses a header's text as Python literals, which may raise SyntaxError or be nested too deeply.
    except (
        zipfile.BadZipFile, zlib.error, ValueError, KeyError, TypeError, RuntimeError, NotImplementedError, EOFError,
        OSError, SyntaxError, tokenize.TokenError, RecursionError, OverflowError, MemoryError,
    ) as error:  # fmt: skip
        if isinstance(error, RunError):
            raise
        raise RunError(
            f"{path} holds no arrays that can be read ({error or type(error).__name__}): remove it."
        ) from None


def _array(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, np: Any) -> npt.NDArray[Any]:
    # The header alone decides how much is allocated: it must not claim more than there is.
    with archive.open(entry) as file:
        version = np.lib.format.read_magic(file)
        read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        shape, _, dtype = read(file)
    if dtype.hasobject or math.prod(shape) * dtype.itemsize > entry.file_size:
        raise ValueError("an array is of Python objects, or larger than its file")
    with archive.open(entry) as file:
        array: npt.NDArray[Any] = np.lib.format.read_array(file, allow_pickle=False)
    return array
