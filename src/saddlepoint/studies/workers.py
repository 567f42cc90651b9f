"""The local engine: a pool of processes, one core each, that outlives the death of any of them.

Each worker has a pipe of its own. When one dies (killed for memory, say), its pipe ends; its group goes once to another,
and a new worker takes its place.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any, cast

from saddlepoint.errors import RunError, SaddlepointError
from saddlepoint.studies.engine import ATTEMPTS, Event, Failed, Lost, Train, answered, fault
from saddlepoint.studies.plan import Group

READY = "ready"
UNBORN = 5  # replacements in a row that end before they are ready: no more are tried


class _Worker:
    """A process and our end of its pipe. group: what it trains, or None."""

    def __init__(self, train: Train | None) -> None:
        context = multiprocessing.get_context("spawn")
        self.connection, theirs = context.Pipe()
        self.process: BaseProcess = context.Process(target=serve, args=(theirs, train), name="saddlepoint study worker")
        self.process.start()
        theirs.close()
        self.ready = False
        self.group: int | None = None

    def stop(self) -> None:
        self.connection.close()
        self.process.kill()
        self.process.join()


def on_workers(groups: Sequence[Group], workers: int, train: Train | None = None) -> Iterator[Event]:
    """Train the groups on so many processes; ending the iteration (break, an error, Ctrl-C) ends them.

    train: another function than `train_group`, by which workers train a group; importable by them.

    Raises:
        RunError: the first worker that is heard of ends before it has begun. Later ones only leave less of them; where
            none is left, the groups that wait fail.
    """
    waiting = deque(range(len(groups)))
    lost: dict[int, int] = {}
    pool: list[_Worker] = []
    begun, unborn = False, 0
    try:
        while waiting or any(worker.group is not None for worker in pool):
            wanted = min(workers, len(waiting) + sum(worker.group is not None for worker in pool))
            while len(pool) < wanted and unborn < UNBORN:
                pool.append(_Worker(train))
            if not pool:
                for group in waiting:
                    yield Failed(group, f"no worker was left to train it: {UNBORN} in a row ended before they began.")
                return
            for worker in pool:
                if worker.ready and worker.group is None and waiting:
                    worker.group = waiting.popleft()
                    with contextlib.suppress(OSError):  # it has just died: its pipe says so below
                        worker.connection.send(groups[worker.group])
            for connection in wait([worker.connection for worker in pool]):
                worker = next(own for own in pool if own.connection is connection)
                try:
                    answer: Any = worker.connection.recv()
                except (EOFError, OSError):
                    pool.remove(worker)
                    event = _died(worker, lost)
                    if not worker.ready:
                        unborn += 1
                        if not begun:
                            raise _none_begins() from None
                    if event is not None:
                        if event.again:
                            waiting.appendleft(event.group)
                        yield event
                    continue
                if answer == READY:
                    worker.ready = begun = True
                    unborn = 0
                    continue
                group = cast(int, worker.group)  # only a worker that has a group answers
                if answer[0] != "share":
                    worker.group = None
                yield answered(group, answer)
    finally:
        for worker in pool:
            worker.stop()


def _none_begins() -> RunError:
    return RunError(
        "study: the worker processes end before they begin. In a script of your own, call the study below "
        'if __name__ == "__main__":, or train in this process with workers=0.'
    )


def _died(worker: _Worker, lost: dict[int, int]) -> Lost | None:
    worker.process.join()
    code = worker.process.exitcode or 0
    worker.connection.close()
    if worker.group is None:
        return None
    lost[worker.group] = lost.get(worker.group, 0) + 1
    why = f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
    return Lost(worker.group, why, lost[worker.group] < ATTEMPTS)


def serve(connection: Connection[Any, Any], train: Train | None = None) -> None:
    """What a worker does until its pipe ends. Ctrl-C is the business of whoever started it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    threading.Thread(target=_leave_with_parent, daemon=True).start()
    import torch

    from saddlepoint.studies.group import train_group

    torch.set_num_threads(1)
    connection.send(READY)
    while True:
        try:
            group = connection.recv()
        except (EOFError, OSError):  # whoever asked has ended, or was interrupted with an answer still unread
            return
        try:
            reply: tuple[str, Any] = (
                "done",
                (train or train_group)(group, lambda share: connection.send(("share", share))),
            )
        except SaddlepointError as error:
            reply = ("wrong", str(error))
        except Exception as error:
            reply = ("broken", fault(error))
        try:
            connection.send(reply)
        except OSError:  # whoever asked has been interrupted, and hears nothing more
            return


def _leave_with_parent() -> None:
    """A worker whose parent was killed trains for nobody."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
