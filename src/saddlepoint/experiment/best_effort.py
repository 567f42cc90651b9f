"""Work whose failure must not stop training: a picture, a copy of the records in another format."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Iterator

from saddlepoint.errors import SaddlepointError
from saddlepoint.experiment.listener import Listener


class BestEffort:
    """A context manager that reports an exception to the listener instead of raising it.

    The same kind of work is reported once, however often it fails. An exception that neither the disk, the memory nor a
    damaged file explains is a mistake in this package: it is also issued as a RuntimeWarning, which fails our tests.
    """

    def __init__(self, listener: Listener) -> None:
        """Report to `listener`."""
        self._listener = listener
        self._reported: set[str] = set()

    @contextlib.contextmanager
    def __call__(self, what: str, action: str = "drawn") -> Iterator[None]:
        """Do the work in the block.

        Args:
            what: the result of the work; the message begins with it.
            action: the participle for the message "{what} could not be {action}".
        """
        try:
            yield
        except Exception as error:
            message = f"{what} could not be {action} ({type(error).__name__}: {error}). Training continues."
            if what not in self._reported:
                self._reported.add(what)
                self._listener.note(message)
            if not isinstance(error, OSError | MemoryError | SaddlepointError):
                warnings.warn(message, RuntimeWarning, stacklevel=3)
