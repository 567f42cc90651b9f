"""On a real local Ray with two workers: a study is the same there, and outlives the death of one."""

from __future__ import annotations

import importlib.util
import os
import signal
import threading
import time
from functools import partial
from pathlib import Path

import pytest

from saddlepoint.errors import MissingExtraError
from saddlepoint.studies.cluster import on_ray
from saddlepoint.studies.engine import Finished, Lost
from tests.studies.studies import made_up, planned, ran, tiny, waiting

HAS_RAY = importlib.util.find_spec("ray") is not None
ONE_BY_ONE = tiny(lanes=1, axes={}, measure={"outcomes": ["wasserstein"]})
CHECKOUT = Path(__file__).parents[2]
needs_ray = pytest.mark.skipif(not HAS_RAY, reason="Ray is not installed (the extra cluster)")
pytestmark = pytest.mark.filterwarnings("default")  # Ray's own


@pytest.mark.skipif(HAS_RAY, reason="Ray is installed")
def test_without_ray_the_extra_is_named() -> None:
    with pytest.raises(MissingExtraError, match=r"saddlepoint\[cluster\]"):
        list(on_ray(planned(ONE_BY_ONE).cells()))


@needs_ray
@pytest.mark.slow
def test_one_of_two_workers_is_killed_and_the_study_finishes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SADDLEPOINT_TEST_FOLDER", str(tmp_path))
    # What the workers take from these tests.
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(CHECKOUT), os.environ.get("PYTHONPATH", "")]))
    cells = planned(ONE_BY_ONE).cells()

    def kill() -> None:
        mark = tmp_path / "process"
        while not mark.exists():
            time.sleep(0.05)
        os.kill(int(mark.read_text()), signal.SIGKILL)

    threading.Thread(target=kill, daemon=True).start()
    events = list(on_ray(cells, workers=2, train=waiting))
    (lost,) = [event for event in events if isinstance(event, Lost)]
    assert lost.again
    assert cells[lost.cell].runs[0].seed == 0
    found = {event.cell: event.result for event in events if isinstance(event, Finished)}
    assert found == {index: made_up(cell) for index, cell in enumerate(cells)}


@needs_ray
@pytest.mark.slow
def test_the_rows_are_those_of_this_process(tmp_path: Path) -> None:
    there = ran(tiny(), tmp_path / "there", partial(on_ray, workers=2))
    here = ran(tiny(), tmp_path / "here")
    assert there.rows == here.rows
