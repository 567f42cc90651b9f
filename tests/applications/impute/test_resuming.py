"""A killed imputation goes on where it was, and gives what an uninterrupted one gives."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from saddlepoint.errors import RunError

pd = pytest.importorskip("pandas")

import saddlepoint as sp  # noqa: E402
from saddlepoint.applications.impute.imputer import TableImputer  # noqa: E402


def table(n: int = 40) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    x = rng.standard_normal((n, 3)) @ np.array([[1.0, 0.5, 0.0], [0.0, 1.0, 0.5], [0.0, 0.0, 1.0]])
    frame = pd.DataFrame(x, columns=["a", "b", "c"]).assign(d=np.where(x[:, 0] > 0, "yes", "no"))
    return frame.mask(rng.random(frame.shape) < 0.2)


class StopError(Exception):
    """Stands for what ends a process."""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("method", "draws", "stop", "finished"),
    [("auto", 2, "trying leaves", "trying normal"), ("matching", 4, "chain 3", "chain 1")],
)
def test_a_stopped_imputation_goes_on_and_equals_one_that_was_not(
    tmp_path: Path, method: str, draws: int, stop: str, finished: str
) -> None:
    frame, keep = table(), tmp_path / "keep"
    whole = sp.impute(frame, method=method, draws=draws, progress=False)
    said: list[str] = []

    def stopping(what: str, done: float) -> None:
        assert 0 <= done <= 1
        if stop in what:
            raise StopError

    with pytest.raises(StopError):
        sp.impute(frame, method=method, draws=draws, keep=keep, progress=stopping)
    again = sp.impute(frame, method=method, draws=draws, keep=keep, progress=lambda what, done: said.append(what))
    assert any(stop in what for what in said)
    assert not any(finished in what for what in said)
    assert again.long.equals(whole.long)
    assert not keep.exists()


@pytest.mark.slow
def test_the_function_gives_what_the_estimator_gives() -> None:
    frame = table()
    lacking = list(frame.columns[frame.isna().any()])
    for method, draws in (("matching", 3), ("mixture", 2), ("iterative", 1)):
        whole = sp.impute(frame, method=method, draws=draws, progress=False)
        imputer = TableImputer(method, draws=draws, random_state=0).fit(frame, targets=lacking)
        assert all(one.equals(other) for one, other in zip(imputer.impute(frame), whole.tables, strict=True))


def test_other_arguments_begin_anew_and_other_files_are_left_alone(tmp_path: Path) -> None:
    frame, keep = table(), tmp_path / "keep"

    def stop(what: str, done: float) -> None:
        if "chain 2" in what:
            raise StopError

    with pytest.raises(StopError):
        sp.impute(frame, method="normal", draws=3, keep=keep, progress=stop)
    assert (keep / "draw-0.npy").exists()
    other = sp.impute(frame, method="normal", draws=3, seed=1, keep=keep, progress=False)
    assert other.long.equals(sp.impute(frame, method="normal", draws=3, seed=1, progress=False).long)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("dear")
    with pytest.raises(RunError, match="other files"):
        sp.impute(frame, method="normal", draws=3, keep=tmp_path / "mine", progress=False)
    assert (tmp_path / "mine" / "letter.txt").exists()


@pytest.mark.slow
def test_a_killed_command_goes_on_when_it_is_called_again(tmp_path: Path) -> None:
    table(200).to_csv(tmp_path / "table.csv", index=False)
    command = [
        sys.executable,
        "-m",
        "saddlepoint.cli.main",
        "impute",
        "table.csv",
        "--method",
        "leaves",
        "--draws",
        "8",
    ]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    subprocess.run([*command, "--out", "whole.csv"], cwd=tmp_path, env=environment, check=True, capture_output=True)
    process = subprocess.Popen(
        [*command, "--out", "full.csv"],
        cwd=tmp_path,
        env=environment,
        stderr=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + 120
    while len(list(tmp_path.glob(".full.csv.parts/*.npy"))) < 2 and time.monotonic() < deadline:
        assert process.poll() is None
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert not (tmp_path / "full.csv").exists()
    kept = {path: path.stat().st_mtime_ns for path in tmp_path.glob(".full.csv.parts/*.npy")}
    assert kept
    subprocess.run([*command, "--out", "full.csv"], cwd=tmp_path, env=environment, check=True, capture_output=True)
    assert (tmp_path / "full.csv").read_bytes() == (tmp_path / "whole.csv").read_bytes()
    assert not (tmp_path / ".full.csv.parts").exists()
