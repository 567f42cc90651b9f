"""Commands that are killed at a chosen system call, and how the next command deals with what they left.

A command's own process counts its calls that change files (renames, removals, new folders, syncs) and kills itself before one of
them, so that every point at which a run folder can be half-written is reached, and reached again in every repetition. After that the
usual next command has to end as if nothing had happened: the same weights to the last bit, and nothing left behind.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import shutil
import signal
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from .attempt import Attempt, Box, Command, Kind, Outcome, saddlepoint

CALLS = ("rename", "replace", "unlink", "remove", "rmdir", "mkdir", "fsync", "ftruncate")
SHORT = ["--training.steps", "12", "--training.tick", "2", "--training.checkpoint_every", "2", "--training.keep", "2"]
SHORT += ["--training.sample_every", "6", "--training.samples", "4", "--training.batch_size", "8"]
SHORT += ["--evaluation.every", "4", "--evaluation.samples", "20", "--evaluation.watch_every", "6", "--quiet"]
OLD = ("train", "gan-digits", *SHORT, "--run", "run")
NEW = ("train", "gan-digits", *SHORT, "--training.seed", "7", "--run", "run")
FURTHER = ("resume", "run", "--steps", "20", "--quiet")
GALLERY = ("sample", "run", "-n", "6", "--out", "gallery/")
AGAIN = (*GALLERY, "--overwrite")
EACH = {"train": 22, "overwrite": 24, "resume": 24, "gallery": 8, "replaced gallery": 12, "report": 6}
INTERRUPTED = 12
PATIENCE = (
    45.0  # seconds that an interrupted command may take to save, draw and report before it is ended, which is a failure
)


def setup(shared: Path) -> None:
    """Make the undisturbed runs, and count the calls of every command."""
    import contextlib

    from saddlepoint.cli.main import main

    os.chdir(shared)
    counts: dict[str, int] = {}

    def counted(name: str, arguments: Sequence[str]) -> None:
        calls = _Calls(None)
        with calls.patched():
            assert main(list(arguments)) == 0
        counts[name] = calls.number

    counted("train", OLD)
    shutil.copytree("run", "old")
    counted("report", ("report", "run"))
    counted("gallery", GALLERY)
    shutil.copytree("gallery", "pictures")
    counted("replaced gallery", AGAIN)
    counted("resume", FURTHER)
    shutil.move("run", "further")
    shutil.copytree("old", "run")
    counted("overwrite", (*NEW, "--overwrite"))
    shutil.move("run", "new")
    with contextlib.suppress(OSError):
        shutil.rmtree("gallery")
    Path("counts.json").write_text(json.dumps(counts))


def attempts(shared: Path, rng: random.Random) -> Iterator[Attempt]:
    """All attempts: every command killed at randomly chosen calls, and Ctrl-C once, twice and three times."""
    counts = json.loads((shared / "counts.json").read_text())
    kinds: dict[str, tuple[Callable[[Box], None], Sequence[str], tuple[Command, ...], Any]] = {
        "train": (_nothing, OLD, (saddlepoint("resume", "run", "--quiet"), saddlepoint(*OLD)), _weights("old")),
        "overwrite": (
            partial(_copy, name="old"),
            (*NEW, "--overwrite"),
            (saddlepoint("diagnose", "run"), saddlepoint("resume", "run", "--quiet")),
            _weights("old", "new"),
        ),
        "resume": (partial(_copy, name="old"), FURTHER, (saddlepoint(*FURTHER),), _weights("further")),
        "report": (partial(_copy, name="old"), ("report", "run"), (saddlepoint("report", "run"),), _weights("old")),
        "gallery": (partial(_copy, name="old"), GALLERY, (saddlepoint(*AGAIN),), _pictures),
        "replaced gallery": (_with_gallery, AGAIN, (saddlepoint(*AGAIN),), _pictures),
    }
    for name, (prepare, killed, after, check) in kinds.items():
        most = counts[name]
        for call in sorted(rng.sample(range(1, most + 1), min(EACH[name], most))):
            first = Command(tuple(killed), before=partial(_kill_at, call), may_die=True)
            yield Attempt(
                f"{name}/call {call} of {most}", prepare, (first, *after), check=check, writes_when_refused=True
            )
    for number in range(INTERRUPTED):
        start = 0.05 + 2.5 * rng.random()
        signals = tuple((start + 0.05 * again, signal.SIGINT) for again in range(1 + number % 3))
        command = Command((*OLD[:3], "100000", *OLD[4:]), signals=(*signals, (start + PATIENCE, signal.SIGTERM)))
        yield Attempt(f"interrupted {number}", _nothing, (command,), writes_when_refused=True)


class _Calls:
    """Counts calls that change files, and kills the process before one of them."""

    def __init__(self, last: int | None) -> None:
        self.number, self._last = 0, last

    def __enter__(self) -> None:
        self._before = {name: getattr(os, name) for name in CALLS}
        for name, function in self._before.items():
            setattr(os, name, partial(self._counted, function))

    def __exit__(self, *_: object) -> None:
        for name, function in self._before.items():
            setattr(os, name, function)

    def patched(self) -> _Calls:
        return self

    def _counted(self, function: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
        self.number += 1
        if self.number == self._last:
            os.kill(os.getpid(), signal.SIGKILL)
        return function(*arguments, **options)


def _kill_at(call: int) -> None:
    _Calls(call).__enter__()


def _nothing(box: Box) -> None:
    pass


def _copy(box: Box, name: str) -> None:
    shutil.copytree(box.shared / name, box.work / "run")


def _with_gallery(box: Box) -> None:
    _copy(box, "old")
    shutil.copytree(box.shared / "pictures", box.work / "gallery")
    (box.work / "gallery" / "mine.txt").write_text("mine")


def _weights(*names: str) -> Callable[[Box, Sequence[Outcome]], str | None]:
    """The law of kills: the newest weights are those of one of the undisturbed runs, and nothing is left beside the run."""

    def check(box: Box, outcomes: Sequence[Outcome]) -> str | None:
        if (found := _digest(box.work / "run")) not in {_digest(box.shared / name) for name in names}:
            return f"the weights differ from those of {' and '.join(names)}: {found}"
        beside = sorted(path.name for path in box.work.iterdir() if path.name != "run")
        return f"left beside the run: {', '.join(beside)}" if beside else None

    return check


def _digest(run: Path) -> str | None:
    checkpoints = sorted((run / "checkpoints").glob("step-*"))
    if not checkpoints:
        return None
    name = checkpoints[-1].name
    return f"{name} {hashlib.sha256((checkpoints[-1] / 'weights.safetensors').read_bytes()).hexdigest()}"


def _pictures(box: Box, outcomes: Sequence[Outcome]) -> str | None:
    found = {path.name: path.read_bytes() for path in sorted((box.work / "gallery").glob("*.png"))}
    wanted = {path.name: path.read_bytes() for path in sorted((box.shared / "pictures").glob("*.png"))}
    if found != wanted:
        return f"{len(found)} pictures, or others than the {len(wanted)} that were asked for"
    hidden = [path.name for path in (box.work / "gallery").glob(".*") if path.name != ".samples.json"]
    return f"left in the gallery: {', '.join(hidden)}" if hidden else None


KIND = Kind("kills", attempts, setup)
