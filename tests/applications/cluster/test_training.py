"""A trained run is kept: an interrupted call goes on, with the result of an uninterrupted one."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import numpy as np
import pytest

import saddlepoint as sp
from tests.applications.cluster.toys import blobs


@pytest.mark.slow
def test_an_interrupted_call_goes_on(tmp_path: Path) -> None:
    points, labels = blobs()

    def interrupt(words: str, share: float) -> None:
        if "step" in words:
            os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        sp.cluster((points, labels), steps=150, seeds=1, keep=tmp_path / "a", progress=interrupt)
    (run,) = (tmp_path / "a").iterdir()
    assert 0 < sp.Run(run).summary["step"] < 150
    first, second = (
        sp.cluster((points, labels), steps=150, seeds=1, keep=tmp_path / name, progress=False) for name in ("a", "b")
    )
    np.testing.assert_array_equal(first.points["codes"], second.points["codes"])
    assert [path.name for path in (tmp_path / "b").iterdir()] == [run.name]
    other = sp.cluster((points, labels), steps=2, seeds=1, keep=tmp_path / "a", progress=False)
    assert other.model != first.model  # another request has a run of its own
