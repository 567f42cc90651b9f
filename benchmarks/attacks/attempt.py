"""What an attempt is: files to prepare, commands to run, and the laws that every command must obey.

The laws hold for every attempt and need not be repeated (`laws.py`):

- the exit code is 0, 2, 3 or 130, and 130 only after an interrupt;
- no traceback, and an exit with code 2 says why in one line on standard error that begins with "saddlepoint: ";
- time and memory stay within their limits;
- nothing is half-written: no `*.part` and no other leftovers, no temporary files, and a refused command (code 2) adds,
  changes and removes nothing in the working folder;
- files outside of the working folder stay as they are, and injected code does not run;
- what is printed holds no control characters.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

SECONDS = 60.0
MEMORY = 2_000_000_000


@dataclass(frozen=True)
class Box:
    """The folders of one attempt.

    Attributes:
        work: where the commands run.
        outside: a folder beside it that no command may change; links point there.
        shared: what the kind's `setup` made, for all its attempts: read it or copy from it, never change it.
        canary: a file that injected code creates (its path is also in the environment variable CAMPAIGN_CANARY).
    """

    work: Path
    outside: Path
    shared: Path
    canary: Path


@dataclass(frozen=True)
class Outcome:
    """What one command did.

    Attributes:
        code: its exit code, or minus the signal that ended it.
        memory: the peak in bytes, above the program's own at its start.
    """

    code: int
    stdout: str
    stderr: str
    cpu_seconds: float
    seconds: float
    memory: int
    timed_out: bool
    was_killed: bool


@dataclass(frozen=True)
class Command:
    """One call of the command line.

    Attributes:
        arguments: without the program's name.
        before: called in the command's process just before it begins, for example to make the third `os.replace` fail.
        signals: (seconds after the start, signal) in order; a command that ends earlier is left alone.
        may_die: whether the attempt itself kills the command (SIGKILL), so that its exit code and leftovers mean nothing.
        together: start the next command at once, and wait for both.
    """

    arguments: tuple[str, ...]
    before: Callable[[], None] | None = None
    signals: tuple[tuple[float, int], ...] = ()
    may_die: bool = False
    together: bool = False


@dataclass(frozen=True)
class Attempt:
    """One attempt.

    Attributes:
        name: unique within its kind, such as "summary.json/truncated/report".
        prepare: makes the files, in a process of its own without limits.
        commands: run one after the other in `box.work`.
        check: a law of this attempt alone: what is wrong with the outcome, or None.
        seconds: CPU time of one command at most.
        memory: bytes at most, above what the program takes at its start.
        writes_when_refused: whether a command may leave files although its exit code is 2.
    """

    name: str
    prepare: Callable[[Box], None]
    commands: tuple[Command, ...]
    check: Callable[[Box, Sequence[Outcome]], str | None] | None = None
    seconds: float = SECONDS
    memory: int = MEMORY
    writes_when_refused: bool = False


@dataclass(frozen=True)
class Kind:
    """One kind of attempts.

    Attributes:
        attempts: (shared folder, generator) -> all attempts, always in the same order; random numbers come from the generator alone.
        setup: fills the shared folder once, in a process of its own, for example by training a run.
        review: examines the boxes of all attempts that obeyed the laws, at the end: {name of the attempt: what is wrong}.
    """

    name: str
    attempts: Callable[[Path, random.Random], Iterable[Attempt]]
    setup: Callable[[Path], None] | None = None
    review: Callable[[Mapping[str, Box]], Mapping[str, str]] | None = None


def saddlepoint(*arguments: str) -> Command:
    """A command without hooks: `saddlepoint("data", "images/")`."""
    return Command(arguments)


def nothing(box: Box) -> None:
    """Prepare nothing."""
