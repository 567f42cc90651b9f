"""The engine for clusters: every group is a Ray task, on this machine or on a Ray cluster.

Every machine needs this package, and the study's data at the same path. Results are returned by value. The study's
folder is on the machine that started the study.

References:
    Ray: A Distributed Framework for Emerging AI Applications (Philipp Moritz et al., 2018),
    https://arxiv.org/abs/1712.05889
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Sequence
from typing import Any

from saddlepoint.errors import MissingExtraError, RunError, SaddlepointError
from saddlepoint.studies.engine import ATTEMPTS, Event, Failed, Lost, Train, describe_error, event_from
from saddlepoint.studies.group import train_group
from saddlepoint.studies.plan import Group


def on_ray(
    groups: Sequence[Group], workers: int | None = None, address: str | None = None, train: Train = train_group
) -> Iterator[Event]:
    """Train the groups as Ray tasks of one CPU core each. A task whose worker dies is run once more.

    Args:
        groups: what to train.
        workers: number of CPU cores for a Ray instance that is started here, by default all; ignored with an address.
        address: address of a running cluster ("auto", "ray://host:10001"). By default an instance is started here,
            unless this process is already connected to one.
        train: the function that trains one group.

    Yields:
        The events of every group.

    Raises:
        MissingExtraError: Ray is not installed.
        RunError: there is no cluster at the address, or Ray cannot be started.
    """
    os.environ.setdefault(
        "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0"
    )  # otherwise Ray warns that this default will change
    try:
        import ray
    except ImportError:
        raise MissingExtraError("ray", "cluster", "study --engine ray") from None
    ours = not ray.is_initialized()
    if ours:
        try:
            ray.init(
                address=address,
                num_cpus=workers if address is None else None,
                include_dashboard=False if address is None else None,
                log_to_driver=False,
                logging_level=logging.ERROR,
                configure_logging=False,
            )
        except (ConnectionError, RuntimeError, ValueError, TimeoutError) as error:
            said = next(iter(str(error).splitlines()), type(error).__name__).strip()
            if address is None:
                raise RunError(f"study: Ray cannot be started on this machine: {said}") from error
            raise RunError(f"study: there is no Ray cluster at {address}: {said}") from error
    try:
        yield from _tasks(ray, groups, train)
    finally:
        if ours:
            ray.shutdown()


def _tasks(ray: Any, groups: Sequence[Group], train: Train) -> Iterator[Event]:
    task = ray.remote(max_retries=0, num_cpus=1)(_answer)
    under_way = {task.remote(train, group): index for index, group in enumerate(groups)}
    lost: dict[int, int] = {}
    try:
        while under_way:
            (reference,), _ = ray.wait(list(under_way), num_returns=1)
            index = under_way.pop(reference)
            try:
                answer = ray.get(reference)
            except (
                ray.exceptions.WorkerCrashedError,
                ray.exceptions.NodeDiedError,
                ray.exceptions.OutOfMemoryError,
            ) as error:
                lost[index] = lost.get(index, 0) + 1
                again = lost[index] < ATTEMPTS
                if again:
                    under_way[task.remote(train, groups[index])] = index
                yield Lost(index, type(error).__name__, again)
                continue
            except ray.exceptions.RayError as error:
                said = next((line for line in reversed(str(error).splitlines()) if line.strip()), type(error).__name__)
                why = f"Ray cannot train it: {said.strip()}. Every machine of the cluster needs this package and the study's data."
                yield Failed(index, why, str(error))
                continue
            yield event_from(index, answer)
    finally:
        for reference in under_way:
            ray.cancel(reference, force=True)


def _answer(train: Train, group: Group) -> tuple[str, Any]:
    """Train one group in a task; the answer is in the form that `engine.event_from` takes."""
    import torch

    torch.set_num_threads(1)
    try:
        return "done", train(group, lambda share: None)
    except SaddlepointError as error:
        return "wrong", str(error)
    except Exception as error:
        return "broken", describe_error(error)
