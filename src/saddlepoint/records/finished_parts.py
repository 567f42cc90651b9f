"""Finished parts of a long computation, kept in a folder until the whole is done, so that a killed one goes on where it was.

The folder belongs to one request, whose fingerprint it holds: the data and all arguments. Another request starts again.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import zipfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from saddlepoint.errors import DataError, RunError, SettingError
from saddlepoint.records.files import replaced
from saddlepoint.records.leftovers import remove_tree
from saddlepoint.records.lock import LOCK, locked

if TYPE_CHECKING:
    import numpy.typing as npt

REQUEST = "request.json"
FORMAT = 2  # changes when parts of an earlier version must not be used


class Keep:
    """A folder of finished parts, which `finished_parts` opens.

    Args:
        folder: of one request.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def read(self, name: str) -> npt.NDArray[Any] | None:
        """The numbers of a finished part; None if there is none, or its file is damaged."""
        import numpy as np

        try:
            found: npt.NDArray[Any] = np.load(self.folder / f"{name}.npy", allow_pickle=False)
        except (OSError, ValueError, EOFError, zipfile.BadZipFile):
            return None
        return found

    def write(self, name: str, values: npt.NDArray[Any]) -> None:
        """Keep the numbers of a finished part, completely or not at all."""
        import numpy as np

        with replaced(self.folder / f"{name}.npy", "wb") as file:
            np.save(file, values, allow_pickle=False)


@contextlib.contextmanager
def finished_parts(folder: str | Path | None, command: str, request: Callable[[], str]) -> Iterator[Keep | None]:
    """Open the folder of finished parts for one call, which no other call may use meanwhile.

    The folder is removed when the block ends, also with an error of the user, which the same request would meet again. After an interruption
    it stays.

    Args:
        folder: new, or one that an earlier call left; None keeps nothing.
        command: begins error messages.
        request: returns the fingerprint of what is computed.

    Raises:
        RunError: something else is in that place, or another process works there.
    """
    if folder is None:
        yield None
        return
    folder = Path(folder)
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        raise RunError(f"{command}: {folder} is not a folder; finished parts cannot be kept there.")
    if folder.is_dir() and _contents(folder) and not (folder / REQUEST).is_file():
        raise RunError(f"{command}: {folder} holds other files; finished parts cannot be kept there.")
    wanted = request()
    folder.mkdir(parents=True, exist_ok=True)
    with locked(folder):
        if _request(folder) != wanted:
            _clear(folder)
            with replaced(folder / REQUEST) as file:
                json.dump({"request": wanted}, file)
        try:
            yield Keep(folder)
        except (DataError, SettingError):
            _remove(folder)
            raise
        _remove(folder)


def _request(folder: Path) -> Any:
    try:
        return json.loads((folder / REQUEST).read_text("utf-8")).get("request")
    except (OSError, ValueError, AttributeError):
        return None


def _contents(folder: Path) -> list[Path]:
    return [path for path in folder.iterdir() if path.name != LOCK]


def _clear(folder: Path) -> None:
    for path in _contents(folder):
        remove_tree(path)


def _remove(folder: Path) -> None:
    _clear(folder)  # before the lock file, because without it another call may begin here
    with contextlib.suppress(OSError):
        remove_tree(folder)


def fingerprint(arrays: Sequence[npt.NDArray[Any]], *arguments: Any) -> str:
    """Return a hash of arrays and of the arguments of a request.

    Args:
        arrays: the data, and what else has many numbers.
        *arguments: what else determines the result.
    """
    import numpy as np

    described = [(array.shape, str(array.dtype)) for array in arrays]
    digest = hashlib.blake2b(json.dumps([FORMAT, described, *arguments], default=str).encode(), digest_size=16)
    for array in arrays:
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()
