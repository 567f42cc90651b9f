"""Finished parts of a long computation, kept in a folder until the whole is done, so that a killed one goes on where it was.

The folder belongs to one request, whose fingerprint it holds: the data and all arguments. Another request begins anew.
"""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from saddlepoint.errors import RunError
from saddlepoint.records import replaced
from saddlepoint.records.leftovers import remove_tree

REQUEST = "request.json"
FORMAT = 2  # changes when parts of an earlier version must not be used


class Keep:
    """A folder of finished parts.

    Args:
        folder: new, or one that an earlier call left.
        request: fingerprint of what is computed.
        command: begins error messages.

    Raises:
        RunError: something else is in that place.
    """

    def __init__(self, folder: Path, request: str, command: str) -> None:
        self.folder = folder
        if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
            raise RunError(f"{command}: {folder} is not a folder; finished parts cannot be kept there.")
        if folder.is_dir() and any(folder.iterdir()) and not (folder / REQUEST).is_file():
            raise RunError(f"{command}: {folder} holds other files; finished parts cannot be kept there.")
        if folder.is_dir() and self._request() != request:
            remove_tree(folder)
        folder.mkdir(parents=True, exist_ok=True)
        with replaced(folder / REQUEST) as file:
            json.dump({"request": request}, file)

    def _request(self) -> Any:
        try:
            return json.loads((self.folder / REQUEST).read_text("utf-8")).get("request")
        except (OSError, ValueError, AttributeError):
            return None

    def read(self, name: str) -> npt.NDArray[Any] | None:
        """The numbers of a finished part; None if there is none, or its file is damaged."""
        try:
            found: npt.NDArray[Any] = np.load(self.folder / f"{name}.npy", allow_pickle=False)
        except (OSError, ValueError, EOFError, zipfile.BadZipFile):
            return None
        return found

    def write(self, name: str, values: npt.NDArray[Any]) -> None:
        """Keep the numbers of a finished part, completely or not at all."""
        with replaced(self.folder / f"{name}.npy", "wb") as file:
            np.save(file, values, allow_pickle=False)

    def remove(self) -> None:
        """Remove the folder, since the whole is done."""
        remove_tree(self.folder)


def fingerprint(arrays: Sequence[npt.NDArray[Any]], *arguments: Any) -> str:
    """Return a hash of arrays and of the arguments of a request.

    Args:
        arrays: the data, and what else has many numbers.
        *arguments: what else determines the result.
    """
    described = [(array.shape, str(array.dtype)) for array in arrays]
    digest = hashlib.blake2b(json.dumps([FORMAT, described, *arguments], default=str).encode(), digest_size=16)
    for array in arrays:
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()
