"""The local engine: a pool of processes with one CPU core each, which continues when a process dies.

Each worker has its own pipe. When a worker dies (for example, killed for lack of memory), its pipe closes. Its group is
then given to another worker once, and a new worker is started.
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
from saddlepoint.studies.engine import ATTEMPTS, Event, Failed, Lost, Train, describe_error, event_from
from saddlepoint.studies.plan import Group

READY = "ready"
FAILED_STARTS = 5  # replacements in a row that may end before they are ready; then no more are started


class _Worker:
    """A process and the parent's end of its pipe.

    Args:
        train: the function that trains one group; None for `train_group`.

    Attributes:
        connection: the parent's end.
        process: the process.
        ready: whether the process has started.
        group: index of the group that it trains; None if it is idle.
    """

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
    """Train the groups on worker processes. Ending the iteration (break, an error, Ctrl-C) ends the workers.

    Args:
        groups: what to train.
        workers: number of processes.
        train: the function that trains one group, by default `train_group`; workers must be able to import it.

    Yields:
        The events of every group.

    Raises:
        RunError: the first worker ends before it is ready. If a later worker ends before it is ready, the pool becomes
            smaller; if none is left, the waiting groups fail.
    """
    waiting = deque(range(len(groups)))
    lost: dict[int, int] = {}
    pool: list[_Worker] = []
    any_ready, failed_starts = False, 0
    try:
        while waiting or any(worker.group is not None for worker in pool):
            wanted = min(workers, len(waiting) + sum(worker.group is not None for worker in pool))
            while len(pool) < wanted and failed_starts < FAILED_STARTS:
                pool.append(_Worker(train))
            if not pool:
                for group in waiting:
                    yield Failed(
                        group, f"no worker was left to train it: {FAILED_STARTS} in a row ended before they began."
                    )
                return
            for worker in pool:
                if worker.ready and worker.group is None and waiting:
                    worker.group = waiting.popleft()
                    with contextlib.suppress(OSError):  # the worker has just died, which its pipe reports below
                        worker.connection.send(groups[worker.group])
            for connection in wait([worker.connection for worker in pool]):
                worker = next(own for own in pool if own.connection is connection)
                try:
                    answer: Any = worker.connection.recv()
                except (EOFError, OSError):
                    pool.remove(worker)
                    event = _died(worker, lost)
                    if not worker.ready:
                        failed_starts += 1
                        if not any_ready:
                            raise _no_worker_starts() from None
                    if event is not None:
                        if event.again:
                            waiting.appendleft(event.group)
                        yield event
                    continue
                if answer == READY:
                    worker.ready = any_ready = True
                    failed_starts = 0
                    continue
                group = cast(int, worker.group)  # only a worker with a group sends answers
                if answer[0] != "share":
                    worker.group = None
                yield event_from(group, answer)
    finally:
        for worker in pool:
            worker.stop()


def _no_worker_starts() -> RunError:
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
    """The main loop of a worker. It ends when its pipe is closed. Ctrl-C is handled by the parent process.

    Args:
        connection: the worker's end of the pipe.
        train: the function that trains one group, by default `train_group`.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    threading.Thread(target=_exit_with_parent, daemon=True).start()
    import torch

    from saddlepoint.studies.group import train_group

    torch.set_num_threads(1)
    connection.send(READY)
    while True:
        try:
            group = connection.recv()
        except (EOFError, OSError):  # the parent has ended, or was interrupted before it read an answer
            return
        try:
            reply: tuple[str, Any] = (
                "done",
                (train or train_group)(group, lambda share: connection.send(("share", share))),
            )
        except SaddlepointError as error:
            reply = ("wrong", str(error))
        except Exception as error:
            reply = ("broken", describe_error(error))
        try:
            connection.send(reply)
        except OSError:  # the parent was interrupted
            return


def _exit_with_parent() -> None:
    """End this process when its parent process ends, even if that was killed."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
