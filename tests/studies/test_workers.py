"""Studies survive the death of workers: another worker trains the group, and a killed study continues."""

from __future__ import annotations

import itertools
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Container
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import yaml

from saddlepoint.errors import RunError
from saddlepoint.recipe.studies import resolve_bases
from saddlepoint.studies import workers
from saddlepoint.studies.engine import Advanced, Failed, Finished, Lost
from saddlepoint.studies.workers import on_workers, serve
from tests.studies.studies import (
    TINY,
    broken,
    kill_worker,
    kill_worker_once,
    made_up,
    plan_of,
    quick,
    run_content,
    tiny,
)

ONE_BY_ONE = tiny(lanes=1, axes={}, measure={"outcomes": ["wasserstein"]})
LONG = tiny(
    lanes=1,
    axes={},
    seeds={"count": 4},
    measure={"outcomes": ["wasserstein"], "samples": 200},
    overrides={"training.steps": 300, "training.optimiser.clip_norm": 1.0},
)
COMMAND = [sys.executable, "-m", "saddlepoint.cli.main", "study", "long.yaml", "--workers", "2"]


@pytest.fixture
def quick_start(monkeypatch: pytest.MonkeyPatch) -> None:
    """Workers begin with torch imported: forked by one process that has imported it, instead of spawned. They have the
    environment with which the first of them began."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.studies.studies", "saddlepoint.studies.workers", "torch"])
    monkeypatch.setattr(workers.multiprocessing, "get_context", lambda name: context)


@pytest.mark.slow
@pytest.mark.usefixtures("quick_start")
def test_groups_return_and_report_their_progress() -> None:
    groups = plan_of(ONE_BY_ONE).groups()
    events = list(on_workers(groups, 2, quick))
    assert {event.group: event.result for event in events if isinstance(event, Finished)} == {
        index: made_up(group) for index, group in enumerate(groups)
    }
    assert sorted(event.group for event in events if isinstance(event, Advanced)) == [0, 1, 2]


@pytest.mark.slow
def test_the_group_of_a_worker_that_was_killed_is_trained_by_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SADDLEPOINT_TEST_FOLDER", str(tmp_path))
    done = run_content(ONE_BY_ONE, tmp_path / "study", partial(on_workers, workers=2, train=kill_worker_once))
    assert len(done.rows) == 3
    (note,) = done.notes
    assert "a worker died (signal SIGKILL)" in note
    assert note.endswith("another one trains it.")


@pytest.mark.slow
@pytest.mark.usefixtures("quick_start")
def test_a_group_that_kills_two_workers_is_left_out_and_the_others_stay(tmp_path: Path) -> None:
    groups = plan_of(ONE_BY_ONE).groups()
    events = list(on_workers(groups, 1, kill_worker))
    assert [(event.again, event.why) for event in events if isinstance(event, Lost)] == [
        (True, "signal SIGKILL"),
        (False, "signal SIGKILL"),
    ]
    assert sum(isinstance(event, Finished) for event in events) == 2
    with pytest.raises(RunError, match=r"1 of its groups could not be trained: group \w+ \(seed 0\): 2 workers died"):
        run_content(ONE_BY_ONE, tmp_path, partial(on_workers, workers=2, train=kill_worker))
    assert len((tmp_path / "results.csv").read_text().splitlines()) == 3


@pytest.mark.slow
@pytest.mark.usefixtures("quick_start")
def test_our_own_mistakes_leave_the_other_groups_and_keep_the_workers_traceback() -> None:
    events = list(on_workers(plan_of(ONE_BY_ONE).groups(), 1, broken))
    (failed,) = [event for event in events if isinstance(event, Failed)]
    assert failed.why == "ZeroDivisionError: injected."
    assert "in broken" in failed.details
    assert sum(isinstance(event, Finished) for event in events) == 2


@pytest.fixture
def kill_on_start(monkeypatch: pytest.MonkeyPatch) -> Callable[[Container[int]], None]:
    """Kill the workers of these numbers, in the order of their start, before they begin."""

    def choose(dead: Container[int]) -> None:
        numbers = itertools.count()

        class Worker(workers._Worker):
            def __init__(self, train: Any) -> None:
                super().__init__(train)
                if next(numbers) in dead:
                    self.process.kill()

        monkeypatch.setattr(workers, "_Worker", Worker)

    return choose


@pytest.mark.slow
def test_a_replacement_that_never_starts_is_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kill_on_start: Callable[[Container[int]], None]
) -> None:
    kill_on_start({1})
    monkeypatch.setenv("SADDLEPOINT_TEST_FOLDER", str(tmp_path))
    events = list(on_workers(plan_of(ONE_BY_ONE).groups(), 1, kill_worker_once))
    assert sum(isinstance(event, Lost) for event in events) == 1
    assert sum(isinstance(event, Finished) for event in events) == 3


@pytest.mark.slow
def test_without_any_replacement_the_waiting_groups_fail(
    tmp_path: Path, kill_on_start: Callable[[Container[int]], None]
) -> None:
    kill_on_start(range(1, 100))
    events = list(on_workers(plan_of(ONE_BY_ONE).groups(), 1, kill_worker))
    assert isinstance(events[0], Lost)
    assert [event.group for event in events if isinstance(event, Failed)] == [0, 1, 2]


@pytest.mark.slow
def test_workers_that_never_start_are_reported_at_once(kill_on_start: Callable[[Container[int]], None]) -> None:
    kill_on_start(range(100))
    with pytest.raises(RunError, match="end before they begin"):
        list(on_workers(plan_of(ONE_BY_ONE).groups(), 1, quick))


@pytest.mark.slow
@pytest.mark.usefixtures("quick_start")
def test_ending_early_ends_the_workers() -> None:
    events = on_workers(plan_of(ONE_BY_ONE).groups(), 1, quick)
    next(events)
    children = multiprocessing_children()
    assert children
    events.close()  # type: ignore[attr-defined]
    assert not multiprocessing_children()


def multiprocessing_children() -> list[int]:
    import multiprocessing

    return [child.pid for child in multiprocessing.active_children() if child.pid is not None]


@pytest.mark.slow
def test_workers_train_what_this_process_trains(tmp_path: Path) -> None:
    here = run_content(TINY, tmp_path / "here")
    there = run_content(TINY, tmp_path / "there", partial(on_workers, workers=2))
    assert there.rows == here.rows
    assert (tmp_path / "there/results.csv").read_bytes() == (tmp_path / "here/results.csv").read_bytes()


def start_study(folder: Path) -> subprocess.Popen[str]:
    plan = plan_of(LONG)
    (folder / "long.yaml").write_text(yaml.safe_dump(resolve_bases(plan.study).model_dump(mode="json")))
    return subprocess.Popen(
        # Run in the background, by nohup say, tests inherit an ignored SIGINT, and so would what they start.
        COMMAND,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def wait_for_groups(folder: Path, count: int, process: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + 300
    while len(list((folder / "studies/tiny/cells").glob("*.json"))) < count:
        assert process.poll() is None, process.communicate()[0]
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.mark.slow
def test_a_killed_study_continues_and_its_workers_exit(tmp_path: Path) -> None:
    process = start_study(tmp_path)
    wait_for_groups(tmp_path, 1, process)
    helpers = children_of(process.pid)
    process.kill()
    process.wait()
    process.stdout.close()  # type: ignore[union-attr]
    deadline = time.monotonic() + 60
    while any(alive(worker) for worker in helpers):
        assert time.monotonic() < deadline, "workers train for nobody"
        time.sleep(0.1)
    kept = {path: path.read_bytes() for path in (tmp_path / "studies/tiny/cells").glob("*.json")}
    assert kept
    subprocess.run(COMMAND, cwd=tmp_path, check=True, capture_output=True)
    assert {path: path.read_bytes() for path in kept} == kept
    whole = run_content(LONG, tmp_path / "whole")
    assert (tmp_path / "studies/tiny/results.csv").read_bytes() == whole.folder.results.read_bytes()


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_exits_130_and_keeps_what_is_finished(tmp_path: Path, number: int) -> None:
    process = start_study(tmp_path)
    wait_for_groups(tmp_path, 1, process)
    os.killpg(process.pid, number) if number == signal.SIGINT else process.send_signal(number)
    said, _ = process.communicate(timeout=60)
    assert process.returncode == 130, said
    assert "Traceback" not in said
    assert list((tmp_path / "studies/tiny/cells").glob("*.json"))


def children_of(process: int) -> list[int]:
    return [int(word) for word in Path(f"/proc/{process}/task/{process}/children").read_text().split()]


def alive(process: int) -> bool:
    try:
        return "Z" not in Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False


def test_a_worker_without_a_reader_ends_silently(monkeypatch: pytest.MonkeyPatch) -> None:
    """Interrupted, the study closes its pipes while groups are under way."""
    monkeypatch.setattr("signal.signal", lambda *_: None)
    monkeypatch.setattr("torch.set_num_threads", lambda _: None)
    ours, theirs = multiprocessing.Pipe()

    def train(group: Any, tell: Any) -> Any:
        ours.close()
        tell(0.5)

    ours.send("a group")
    serve(theirs, train)
    assert ours.closed
