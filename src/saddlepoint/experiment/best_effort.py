"""What training goes on without: a picture of it, a log beside its records."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Iterator

from saddlepoint.errors import SaddlepointError
from saddlepoint.experiment.listener import Listener


class Sparing:
    """A context for such work: where it fails, the listener is told, once for each kind of work, and training goes on.

    What is neither the disk's or the memory's fault nor a damaged file's is ours: it is warned of as well, and warnings fail our tests.
    """

    def __init__(self, listener: Listener) -> None:
        self._listener = listener
        self._told: set[str] = set()

    @contextlib.contextmanager
    def __call__(self, what: str, done: str = "drawn") -> Iterator[None]:
        """what: the work's result, which begins the sentence; done: what could not be done to it."""
        try:
            yield
        except Exception as error:
            sentence = f"{what} could not be {done} ({type(error).__name__}: {error}). Training goes on."
            if what not in self._told:
                self._told.add(what)
                self._listener.note(sentence)
            if not isinstance(error, OSError | MemoryError | SaddlepointError):
                warnings.warn(sentence, RuntimeWarning, stacklevel=3)
