"""On a real local Ray with two workers: a study is the same there, and outlives the death of one."""

from __future__ import annotations

import importlib.util
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from saddlepoint.errors import MissingExtraError, RunError
from saddlepoint.studies.cluster import on_ray
from saddlepoint.studies.engine import Failed, Finished, Lost
from tests.studies.studies import broken, made_up, plan_of, run_content, tiny, waiting

HAS_RAY = importlib.util.find_spec("ray") is not None
ONE_BY_ONE = tiny(lanes=1, axes={}, measure={"outcomes": ["wasserstein"]})
CHECKOUT = Path(__file__).parents[2]
needs_ray = pytest.mark.skipif(not HAS_RAY, reason="Ray is not installed (the extra cluster)")
pytestmark = pytest.mark.filterwarnings("default")  # Ray's own


@pytest.mark.skipif(HAS_RAY, reason="Ray is installed")
def test_without_ray_the_extra_is_named() -> None:
    with pytest.raises(MissingExtraError, match=r"saddlepoint\[cluster\]"):
        list(on_ray(plan_of(ONE_BY_ONE).groups()))


class RayError(Exception):
    """Ray's own, where Ray is not installed."""


def fake_ray(answers: dict[int, Exception | None]) -> Any:
    """A stand-in for the part of Ray that `on_ray` uses, in this process; `answers` holds each task's failure."""
    tasks: list[Callable[[], Any]] = []

    def remote(**options: Any) -> Any:
        def given(task: Callable[..., Any], *arguments: Any) -> int:
            tasks.append(partial(task, *arguments))
            return len(tasks) - 1

        return lambda task: SimpleNamespace(remote=partial(given, task))

    def get(reference: int) -> Any:
        if (error := answers.get(reference)) is not None:
            raise error
        return tasks[reference]()

    def init(**options: Any) -> None:
        if (error := answers.get(-1)) is not None:
            raise error

    dead = type("Dead", (RayError,), {})
    return SimpleNamespace(
        is_initialized=lambda: False, init=init, shutdown=lambda: None, remote=remote, get=get,
        wait=lambda references, num_returns: (references[:1], references[1:]), cancel=lambda reference, force: None,
        exceptions=SimpleNamespace(
            RayError=RayError, WorkerCrashedError=dead, NodeDiedError=dead, OutOfMemoryError=dead
        ),
    )  # fmt: skip


def test_a_group_that_ray_or_we_fail_at_leaves_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", fake_ray({1: RayError("Traceback\nModuleNotFoundError: no saddlepoint")}))
    ours, rays, fine = on_ray(plan_of(ONE_BY_ONE).groups(), train=broken)
    assert isinstance(ours, Failed)
    assert ours.why == "ZeroDivisionError: injected."
    assert isinstance(rays, Failed)
    assert rays.why.startswith("Ray cannot train it: ModuleNotFoundError: no saddlepoint. Every machine")
    assert isinstance(fine, Finished)


@pytest.mark.parametrize(
    ("address", "said"), [(None, "Ray cannot be started on this machine: no"), ("auto", "no Ray cluster at auto: no")]
)
def test_without_a_cluster_a_sentence_names_it(address: str | None, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", fake_ray({-1: ConnectionError("no\nmore")}))
    with pytest.raises(RunError, match=said):
        list(on_ray(plan_of(ONE_BY_ONE).groups(), address=address))


@needs_ray
@pytest.mark.slow
def test_one_of_two_workers_is_killed_and_the_study_finishes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SADDLEPOINT_TEST_FOLDER", str(tmp_path))
    # What the workers take from these tests.
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(CHECKOUT), os.environ.get("PYTHONPATH", "")]))
    groups = plan_of(ONE_BY_ONE).groups()

    def kill() -> None:
        mark = tmp_path / "process"
        while not mark.exists():
            time.sleep(0.05)
        os.kill(int(mark.read_text()), signal.SIGKILL)

    threading.Thread(target=kill, daemon=True).start()
    events = list(on_ray(groups, workers=2, train=waiting))
    (lost,) = [event for event in events if isinstance(event, Lost)]
    assert lost.again
    assert groups[lost.group].runs[0].seed == 0
    found = {event.group: event.result for event in events if isinstance(event, Finished)}
    assert found == {index: made_up(group) for index, group in enumerate(groups)}


@needs_ray
@pytest.mark.slow
def test_the_rows_are_those_of_this_process(tmp_path: Path) -> None:
    there = run_content(tiny(), tmp_path / "there", partial(on_ray, workers=2))
    here = run_content(tiny(), tmp_path / "here")
    assert there.rows == here.rows
