"""Python processes for tests, which begin with torch and scikit-learn imported.

A process that trains spends 8 CPU seconds on imports before its first step. Here one process imports, once for each worker of
pytest, and forks the others: they are processes with their own files, signals and exit codes, but start in milliseconds. What a
fresh interpreter imports, and when, is tested elsewhere (`tests/architecture/test_import_weight.py`). Where there is no fork,
every process is a fresh interpreter.
"""

from __future__ import annotations

import atexit
import gc
import importlib
import json
import os
import runpy
import selectors
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any, BinaryIO

IMPORTS = (
    "torch.utils.tensorboard",
    "matplotlib.figure",
    "sklearn.datasets",
    "sklearn.decomposition",
    "sklearn.linear_model",
    "sklearn.mixture",
    "saddlepoint.experiment",
)  # what training imports sooner or later
"""Imported before the first fork."""

CAN_FORK = sys.platform == "linux"


class Process:
    """A started process, as `subprocess.Popen` in text mode, with separate pipes for stdout and stderr.

    Attributes:
        pid: its number.
        stdout: what it writes to standard output.
        stderr: what it writes to standard error.
        returncode: its exit code, the negative signal that ended it, or None while it runs.
    """

    def __init__(self, arguments: Sequence[str], *, cwd: Path | None, environment: dict[str, str]) -> None:
        request = {"arguments": [*arguments], "cwd": str(cwd or Path.cwd()), "environment": environment}
        outs, errs, ends = os.pipe(), os.pipe(), os.pipe()
        self.stdout, self.stderr = (os.fdopen(own[0], encoding="utf-8") for own in (outs, errs))
        self._end: BinaryIO = os.fdopen(ends[0], "rb")
        self.returncode: int | None = None
        _template().fork(request, (outs[1], errs[1], ends[1]))
        for own in (outs, errs, ends):
            os.close(own[1])
        self.pid = int(self._end.readline())

    def poll(self) -> int | None:
        """The exit code, or None while the process runs."""
        return self._wait(0.0)

    def wait(self, timeout: float | None = None) -> int:
        """Wait for the end, and return the exit code.

        Raises:
            subprocess.TimeoutExpired: the process still runs after `timeout` seconds.
        """
        code = self._wait(timeout)
        if code is None:
            raise subprocess.TimeoutExpired(f"process {self.pid}", timeout or 0.0)
        return code

    def communicate(self, timeout: float | None = None) -> tuple[str, str]:
        """Wait for the end, and return the rest of stdout and of stderr."""
        said: dict[Any, str] = {}
        readers = [
            threading.Thread(target=lambda own=own: said.update({own: own.read()}), daemon=True)
            for own in (self.stdout, self.stderr)
        ]
        for reader in readers:
            reader.start()
        self.wait(timeout)
        for reader in readers:
            reader.join(timeout)
        self._close()
        return said[self.stdout], said[self.stderr]

    def send_signal(self, number: int) -> None:
        """Send a signal, unless the process has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """Send SIGKILL."""
        self.send_signal(signal.SIGKILL)

    def __enter__(self) -> Process:
        return self

    def __exit__(self, *_: object) -> None:
        self.wait()
        self._close()

    def _close(self) -> None:
        for own in (self.stdout, self.stderr, self._end):
            own.close()

    def _wait(self, timeout: float | None) -> int | None:
        if self.returncode is None:
            with selectors.DefaultSelector() as selector:
                selector.register(self._end, selectors.EVENT_READ)
                if selector.select(timeout):
                    self.returncode = int(self._end.read())
        return self.returncode


Started = Process | subprocess.Popen[str]


def start(*arguments: str | Path, cwd: Path | None = None, environment: dict[str, str] | None = None) -> Started:
    """Start `python *arguments`.

    Args:
        arguments: `-c CODE`, `-m MODULE` or a file, and what it is given.
        cwd: working folder; None for that of the tests.
        environment: variables over those of the tests.
    """
    variables = {**os.environ, **(environment or {})}
    words = [str(word) for word in arguments]
    if CAN_FORK:
        return Process(words, cwd=cwd, environment=variables)
    return subprocess.Popen(
        [sys.executable, *words], cwd=cwd, env=variables, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def run(
    *arguments: str | Path, cwd: Path | None = None, environment: dict[str, str] | None = None, timeout: float = 500.0
) -> subprocess.CompletedProcess[str]:
    """Run `python *arguments` to its end; see `start`."""
    with start(*arguments, cwd=cwd, environment=environment) as process:
        try:
            out, err = process.communicate(timeout)
        except BaseException:
            process.kill()
            raise
        return subprocess.CompletedProcess([*map(str, arguments)], process.wait(), out, err)


class _Template:
    """The process that imports and forks."""

    def __init__(self) -> None:
        self._link, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, __file__, str(theirs.fileno())], pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL
            )
        atexit.register(self._stop)

    def _stop(self) -> None:
        self._link.close()  # it then ends
        self._process.wait()

    def fork(self, request: dict[str, Any], descriptors: Sequence[int]) -> None:
        socket.send_fds(self._link, [json.dumps(request).encode()], descriptors)


@cache
def _template() -> _Template:
    return _Template()


def _next_request(link: socket.socket) -> dict[str, Any]:
    """Fork for each request. Returns it in the process that is to answer it; the template itself never returns."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while True:
        message, (*descriptors,), _, _ = socket.recv_fds(link, 1 << 20, 3)
        if not message:
            os._exit(0)
        if not os.fork():
            break
        for own in descriptors:
            os.close(own)
    link.close()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    request: dict[str, Any] = json.loads(message)
    out, err, end = descriptors
    child = os.fork()
    if child:  # this process waits, since the tests are not the child's parent
        os.setsid()
        os.close(out)
        os.close(err)
        os.write(end, f"{child}\n".encode())
        os.write(end, str(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])).encode())
        os._exit(0)
    os.setsid()
    os.dup2(out, 1)
    os.dup2(err, 2)
    for own in descriptors:
        os.close(own)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    return request


def _answer(request: dict[str, Any]) -> None:
    """Be `python *arguments`."""
    os.chdir(request["cwd"])
    os.environ.clear()
    os.environ.update(request["environment"])
    if "OMP_NUM_THREADS" in os.environ:  # which a fresh interpreter would have read while it imports
        importlib.import_module("torch").set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
    first, *rest = request["arguments"]
    if first == "-c":
        sys.path[0] = ""
        sys.argv = ["-c", *rest[1:]]
        exec(compile(rest[0], "<string>", "exec"), {"__name__": "__main__"})
    elif first == "-m":
        sys.path[0] = request["cwd"]
        sys.argv = rest
        runpy.run_module(rest[0], run_name="__main__", alter_sys=True)
    else:
        sys.path[0] = str(Path(first).resolve().parent)
        sys.argv = [first, *rest]
        runpy.run_path(first, run_name="__main__")


if __name__ == "__main__":
    for name in IMPORTS:
        importlib.import_module(name)
    import torch

    torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))])  # the first optimiser imports the compiler
    assert threading.active_count() == 1, "a process with threads cannot be forked"
    gc.freeze()
    _answer(_next_request(socket.socket(fileno=int(sys.argv[1]))))
