"""Work whose failure must not stop training, such as drawing a picture or copying the records to another format."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Iterator

from saddlepoint.errors import SaddlepointError
from saddlepoint.experiment.listener import Listener


class BestEffort:
    """A context manager that reports an exception to the listener instead of raising it.

    Each kind of work is reported once, even if it fails several times. An exception that is not caused by the disk, the memory
    or a damaged file is a bug in this package; it is also issued as a RuntimeWarning, which fails our tests.
    """

    def __init__(self, listener: Listener) -> None:
        """Report to `listener`."""
        self._listener = listener
        self._reported: set[str] = set()

    @contextlib.contextmanager
    def __call__(self, what: str, action: str = "drawn") -> Iterator[None]:
        """Catch and report an exception of the block.

        Args:
            what: the result of the work, with which the message begins.
            action: the participle in the message "{what} could not be {action}".
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
