"""The laws that every attempt must obey, whatever its kind; each returns a sentence on what is wrong, or None."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from .attempt import Attempt, Box, Outcome

CODES = (0, 2, 3)
INTERRUPTED = 130
LONGEST_SENTENCE = 4_000
TRACEBACK = "Traceback (most recent call last)"
# Line ends, tabs, and the carriage returns of progress lines may be printed; escape sequences may not.
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\x80-\x9f]")
LONGEST_PATH = 4_096  # bytes, of Linux
HUGE = 256 << 20  # bytes of a file that is not read to its end
LEFTOVER = re.compile(r"(\.part$|^\.part-|^\.removed-|^\..*\.[0-9a-z_]{8}$)")

Snapshot = Mapping[str, str]


def snapshot(folder: Path) -> Snapshot:
    """Every file, link and folder below `folder` by its path, with a digest of its content."""
    return {str(path.relative_to(folder)): what for path, what in _walk(folder)}


def broken(
    attempt: Attempt, box: Box, outcomes: Sequence[Outcome], work: Sequence[Snapshot], outside: Snapshot
) -> str | None:
    """The first law that the attempt broke, or None. Paths in the sentence are relative to the working folder.

    Args:
        work: snapshots of the working folder before the first command and after each.
        outside: the snapshot of the outside folder before the first command.
    """
    for number, (command, outcome) in enumerate(zip(attempt.commands, outcomes, strict=True)):
        wrong = _of_command(attempt, outcome, interrupted=bool(command.signals), may_die=command.may_die)
        if wrong is None and outcome.code == 2 and not (attempt.writes_when_refused or command.may_die):
            wrong = _difference(work[number], work[number + 1])
        if wrong is not None:
            return f"command {number + 1}: {_without_box(wrong, box)}"
    if box.canary.exists():
        return "injected code was executed"
    if (changed := _difference(outside, snapshot(box.outside))) is not None:
        return f"outside of the working folder: {changed}"
    if attempt.commands and not attempt.commands[-1].may_die:
        before = work[0].keys()
        left = [name for name in work[-1] if LEFTOVER.search(Path(name).name) and name not in before]
        left += [f"{name} (temporary)" for name in snapshot(temporary_folder(box))]
        if left:
            return f"left behind: {', '.join(left[:5])}"
    return attempt.check(box, outcomes) if attempt.check is not None else None


def _without_box(sentence: str, box: Box) -> str:
    """A sentence without the random path of the box, which no second campaign would print."""
    return re.sub(rf"[^\s'\"]*{re.escape(box.work.parent.name)}/{re.escape(box.work.name)}/", "", sentence)


def temporary_folder(box: Box) -> Path:
    """The folder for temporary files of this attempt."""
    return box.work.parent / "tmp"


def _of_command(attempt: Attempt, outcome: Outcome, *, interrupted: bool, may_die: bool) -> str | None:
    printed = outcome.stdout + outcome.stderr
    if outcome.timed_out or outcome.cpu_seconds > attempt.seconds:
        return f"took {outcome.cpu_seconds:.0f} s of CPU time and {outcome.seconds:.0f} s in all"
    if outcome.memory > attempt.memory:
        return f"took {outcome.memory / 1e9:.2f} GB"
    if TRACEBACK in printed:
        return f"ended with a traceback: {printed.rstrip().splitlines()[-1][:300]}"
    if outcome.was_killed and may_die:
        return None
    if outcome.code not in CODES and not (outcome.code == INTERRUPTED and interrupted):
        return f"exit code {outcome.code}"
    if outcome.code == 2:
        said = [line for line in outcome.stderr.splitlines() if line.startswith("saddlepoint: ")]
        if len(said) != 1:
            return f"exit code 2 with {len(said)} sentences that say why"
        if len(said[0]) > LONGEST_SENTENCE:
            return f"the sentence that says why has {len(said[0]):,} characters"
    if found := CONTROL.search(printed):
        return f"printed the control character {found[0]!r}"
    return None


def _difference(before: Snapshot, after: Snapshot) -> str | None:
    """What was added, changed or removed, with one example of each."""
    added, removed = sorted(after.keys() - before.keys()), sorted(before.keys() - after.keys())
    changed = sorted(name for name in before.keys() & after.keys() if before[name] != after[name])
    parts = [
        f"{what} {names[0]}" + (f" and {len(names) - 1} more" if len(names) > 1 else "")
        for what, names in (("added", added), ("changed", changed), ("removed", removed))
        if names
    ]
    return ", ".join(parts) or None


def _walk(folder: Path) -> Iterator[tuple[Path, str]]:
    """(path, entry) of everything below `folder`; links are not followed."""
    for root, folders, files in os.walk(folder):
        for name in folders + files:
            path = Path(root, name)
            if len(os.fsencode(path)) >= LONGEST_PATH:
                yield path, "a path that the system cannot open"
            elif path.is_symlink():
                yield path, f"link to {path.readlink()}"
            elif path.is_dir():
                yield path, "folder"
            elif path.is_file() and os.access(path, os.R_OK):
                yield path, _digest(path)
            else:
                yield path, "not readable"


def _digest(path: Path) -> str:
    """A digest of the content; for a huge file (a sparse file may have terabytes), of its size, time and first bytes."""
    with path.open("rb") as file:
        status = os.fstat(file.fileno())
        if status.st_size <= HUGE:
            return hashlib.file_digest(file, "blake2b").hexdigest()
        return f"{status.st_size} {status.st_mtime_ns} {hashlib.blake2b(file.read(1 << 20)).hexdigest()}"
