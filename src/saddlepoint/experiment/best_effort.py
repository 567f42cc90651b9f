"""Work whose failure must not stop training, such as drawing a picture or copying the records to another format."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Iterator

from saddlepoint.errors import SaddlepointError
from saddlepoint.experiment.listener import Listener
from saddlepoint.experiment.own_parts import OwnPart, find_part


class BestEffort:
    """A context manager that reports an exception to the listener instead of raising it.

    Each kind of work is reported once, even if it fails several times. An exception that is not caused by the disk, the memory,
    a damaged file or the user's own code is a bug in this package; it is also issued as a RuntimeWarning, which fails our tests.
    """

    def __init__(self, listener: Listener, parts: tuple[OwnPart, ...] = ()) -> None:
        """Report to a listener.

        Args:
            listener: gets a note for each kind of work that fails.
            parts: of the model that are the user's own code, whose errors are not bugs in this package.
        """
        self._listener, self._parts = listener, parts
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
            is_expected = isinstance(error, OSError | MemoryError | SaddlepointError) or find_part(error, self._parts)
            if not is_expected:
                warnings.warn(message, RuntimeWarning, stacklevel=3)
