"""Runs attempts in forks of one process that has imported everything, so that an attempt takes milliseconds, not seconds.

The process that forks computes nothing itself: it has no threads, and a fork inherits only imported modules.
"""

from __future__ import annotations

import atexit
import contextlib
import faulthandler
import os
import resource
import shutil
import signal
import sys
import tempfile
import threading
import time
import traceback
import warnings
import weakref
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from .attempt import Attempt, Box, Command, Outcome
from .laws import broken, snapshot, temporary_folder

# Imported before the first fork: all that commands import.
WARM = (
    "saddlepoint.cli.train", "saddlepoint.cli.resume", "saddlepoint.cli.sample", "saddlepoint.cli.evaluate",
    "saddlepoint.cli.diagnose", "saddlepoint.cli.report", "saddlepoint.cli.study", "saddlepoint.cli.reproduce",
    "saddlepoint.cli.recipes", "saddlepoint.cli.data", "saddlepoint.cli.dry_run", "saddlepoint.cli.main",
    "saddlepoint.experiment", "saddlepoint.experiment.session", "saddlepoint.experiment.diagnosing",
    "saddlepoint.experiment.evaluation", "saddlepoint.studies.study", "saddlepoint.data.arrays", "saddlepoint.data.images",
    "saddlepoint.data.idx", "saddlepoint.data.mnist", "saddlepoint.report.page", "matplotlib.backends.backend_agg",
    "plotly.offline", "PIL.Image", "PIL.ImageOps", "torch.utils.tensorboard", "rich.progress", "sklearn.cluster",
    "contourpy", "dateutil.rrule", "cProfile", "PIL.PngImagePlugin", "PIL.JpegImagePlugin",
    "PIL.BmpImagePlugin", "PIL.GifImagePlugin", "PIL.ImageDraw", "PIL.ImageFont",
    "torch._dynamo",  # torch imports it with the first optimiser, and then makes a folder for its cache
)  # fmt: skip
OPTIONAL = ("av",)
WALL = 5.0  # a command may take so many times its CPU time by the clock: other processes may be running
PATIENCE = 0.01  # seconds between two looks at a command
MOST_PRINTED = 2_000_000  # bytes of output that are read
BASELINE = 0  # bytes of address space that this process has after the imports; set by `warm`


@dataclass(frozen=True)
class Result:
    """The result of an attempt; `failure` is None where it obeyed every law."""

    name: str
    failure: str | None
    commands: tuple[str, ...]
    printed: str


def warm() -> None:
    """Import all modules that commands import."""
    global BASELINE
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        for name in WARM:
            import_module(name)
        for name in OPTIONAL:
            with contextlib.suppress(ImportError):
                import_module(name)
    BASELINE = _address_space()


def run(attempt: Attempt, parent: Path, shared: Path) -> tuple[Result, Box]:
    """Run an attempt in a new folder below `parent`, which stays."""
    box = _box(parent, shared)
    commands = tuple("saddlepoint " + " ".join(command.arguments) for command in attempt.commands)
    prepared = _forked(lambda: attempt.prepare(box), box)
    if prepared is not None:
        return Result(attempt.name, f"the attempt itself could not be prepared: {prepared}", commands, ""), box
    # Into files and folders that an attempt made unreadable, the laws must see too.
    work, outside = [snapshot(box.work)], snapshot(box.outside)
    outcomes: list[Outcome] = []
    together: list[_Running] = []
    for command in attempt.commands:
        together.append(_Running(attempt, command, box, len(outcomes) + len(together)))
        if not command.together:
            outcomes += _finish(together)
            work += [snapshot(box.work)] * len(together)
            together = []
    failure = broken(attempt, box, outcomes, work, outside)
    if failure is not None:
        # Paths from the attempt's own folder on: its name changes from run to run, and from machine to machine.
        failure = failure.replace(f"{box.work}/", "")
    printed = "\n".join(f"[{one.code}] {one.stdout}{one.stderr}" for one in outcomes)
    return Result(attempt.name, failure, commands, printed), box


def set_up(setup: Callable[[Path], None], parent: Path) -> Path:
    """Fill the shared folder of a kind, in a process of its own.

    Raises:
        RuntimeError: the setup failed.
    """
    box = _box(parent, parent)
    failure = _forked(lambda: setup(box.work), box)
    if failure is not None:
        raise RuntimeError(f"the kind could not be set up: {failure}")
    return box.work


def remove(box: Box) -> None:
    """Delete the folders of an attempt, including those that it made unreadable."""
    root = box.work.parent
    for folder, _, _ in os.walk(root):
        with contextlib.suppress(OSError):
            Path(folder).chmod(0o700)
    shutil.rmtree(root, ignore_errors=True)


class _Running:
    """A command in its process."""

    def __init__(self, attempt: Attempt, command: Command, box: Box, number: int) -> None:
        self.attempt, self.command = attempt, command
        self.files = [box.work.parent / f"{name}-{number}" for name in ("stdout", "stderr")]
        self.started = time.monotonic()
        self.signals = list(command.signals)
        self.timed_out = False
        self.process = os.fork()
        if self.process == 0:
            _become(lambda: _command(command, attempt), box, self.files)

    def look(self) -> Outcome | None:
        """Its outcome, once it has ended."""
        process, status, usage = os.wait4(self.process, os.WNOHANG)
        elapsed = time.monotonic() - self.started
        if process == 0:
            while self.signals and elapsed >= self.signals[0][0]:
                self._send(self.signals.pop(0)[1])
            if elapsed > WALL * self.attempt.seconds:
                self.timed_out = True
                self._send(signal.SIGKILL)
            return None
        with contextlib.suppress(OSError):  # processes that it left
            os.killpg(self.process, signal.SIGKILL)
        code = os.waitstatus_to_exitcode(status)
        peak = usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)
        stdout, stderr = (_text(file) for file in self.files)
        return Outcome(
            code,
            stdout,
            stderr,
            usage.ru_utime + usage.ru_stime,
            elapsed,
            max(0, peak - _resident()),
            self.timed_out or code == -signal.SIGXCPU,
            code == -signal.SIGKILL and not self.timed_out,
        )

    def _send(self, number: int) -> None:
        with contextlib.suppress(OSError):
            if number == signal.SIGKILL:
                os.killpg(self.process, number)
            else:
                os.kill(self.process, number)


def _finish(running: Sequence[_Running]) -> list[Outcome]:
    found: dict[int, Outcome] = {}
    while len(found) < len(running):
        for number, one in enumerate(running):
            if number not in found and (outcome := one.look()) is not None:
                found[number] = outcome
        time.sleep(PATIENCE)
    return [found[number] for number in range(len(running))]


def _command(command: Command, attempt: Attempt) -> int:
    from saddlepoint.cli.main import main

    cpu = int(attempt.seconds) + 1
    resource.setrlimit(resource.RLIMIT_CPU, (cpu, cpu + 5))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    space = BASELINE + 2 * attempt.memory  # address space is more than memory; the law looks at memory
    resource.setrlimit(resource.RLIMIT_AS, (space, space))
    if command.before is not None:
        command.before()
    return main(list(command.arguments))


def _become(work: Callable[[], int], box: Box, files: Sequence[Path]) -> None:
    """Turn this fork into a process that does `work` and exits with its code; never returns."""
    code = 1
    try:
        os.setpgid(0, 0)
        os.chdir(box.work)
        for number, file in enumerate(files, 1):
            os.dup2(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), number)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        # As the interpreter opens them where the locale is UTF-8.
        sys.stdout = os.fdopen(1, "w", encoding="utf-8", closefd=False)
        sys.stderr = os.fdopen(2, "w", encoding="utf-8", errors="backslashreplace", closefd=False, buffering=1)
        faulthandler.disable()
        # What this process inherited belongs to the one that forked it: temporary folders are not for a fork to delete.
        atexit._clear()
        weakref.finalize._registry.clear()
        weakref.finalize._registered_with_atexit = False
        tempfile.tempdir = None
        os.environ.update(
            HOME=str(box.work.parent / "home"),
            TMPDIR=str(temporary_folder(box)),
            XDG_CONFIG_HOME=str(box.work.parent / "home" / ".config"),
            SADDLEPOINT_CACHE=str(box.work.parent / "cache"),
            CAMPAIGN_CANARY=str(box.canary),
            COLUMNS="100",
        )
        os.environ.pop("SADDLEPOINT_DATA", None)
        code = work()
        _end()
    except SystemExit as leaving:
        code = leaving.code if isinstance(leaving.code, int) else 1
    except BaseException:
        traceback.print_exc()
    finally:
        with contextlib.suppress(BaseException):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)


def _end() -> None:
    """Do what the interpreter does at its end: wait for threads, which may still write files, and call `atexit` functions."""
    sys.stdout.flush()
    sys.stderr.flush()
    for thread in threading.enumerate():
        if thread is not threading.current_thread() and not thread.daemon:
            thread.join()
    atexit._run_exitfuncs()


def _forked(work: Callable[[], None], box: Box) -> str | None:
    """Do `work` in a fork; the last line of its error, or None."""
    files = [box.work.parent / name for name in ("setup-out", "setup-err")]
    process = os.fork()
    if process == 0:

        def done() -> int:
            work()
            return 0

        _become(done, box, files)
    _, status = os.waitpid(process, 0)
    if status == 0:
        return None
    lines = _text(files[1]).strip().splitlines()
    return lines[-1] if lines else f"status {status}"


def _box(parent: Path, shared: Path) -> Box:
    root = Path(tempfile.mkdtemp(dir=parent))
    for name in ("work", "outside", "tmp", "home"):
        (root / name).mkdir()
    return Box(root / "work", root / "outside", shared, root / "canary")


def _text(file: Path) -> str:
    with contextlib.suppress(OSError), file.open("rb") as opened:
        return opened.read(MOST_PRINTED).decode("utf-8", "replace")
    return ""


def _status(key: str) -> int:
    """A line of /proc/self/status in bytes; 0 where it is missing."""
    with contextlib.suppress(OSError):
        for line in Path("/proc/self/status").read_text("ascii").splitlines():
            if line.startswith(f"{key}:"):
                return int(line.split()[1]) * 1024
    return 0


def _address_space() -> int:
    return _status("VmSize")


def _resident() -> int:
    return _status("VmRSS")
