"""The command as a process: interruptions end in a checkpoint and exit code 130; output without a terminal is plain."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from saddlepoint.records import RunFolder
from tests import processes

SADDLEPOINT = ["-m", "saddlepoint.cli.main"]
ENDLESS = ["train", "toy-gaussian-1", "--training.steps", "100000000", "--training.tick", "20"]
PATIENCE = 120.0  # seconds; a busy machine takes many to import torch

pytestmark = [pytest.mark.slow, pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")]


@contextmanager
def training(run: Path, *flags: str) -> Iterator[processes.Started]:
    """A process that has trained some ticks and would continue forever."""
    argv = [*SADDLEPOINT, *ENDLESS, "--run", str(run), *flags]
    with processes.start(*argv) as process:
        try:
            deadline = time.monotonic() + PATIENCE
            while sum(1 for _ in RunFolder(run).read_records()) < 3:
                assert process.poll() is None, process.communicate()
                assert time.monotonic() < deadline, "no training in time"
                time.sleep(0.05)
            yield process
        finally:
            process.kill()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interruption_writes_a_checkpoint_that_training_resumes_from(number: int, tmp_path: Path) -> None:
    run, drawn = tmp_path / "run", number == signal.SIGINT
    with training(run, "--json", *([] if drawn else ["--no-pictures"])) as process:
        process.send_signal(number)
        out, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130, err
    answer = json.loads(out)
    assert answer["state"] == "interrupted"
    assert f"saddlepoint resume {run}" in err
    assert "Traceback" not in err
    step = answer["step"]
    assert RunFolder(run).checkpoint(step).is_dir()
    assert RunFolder(run).report.is_file() == drawn
    resumed = processes.run(*SADDLEPOINT, "resume", run, "--steps", str(step + 10), "--json", "--no-pictures")
    assert resumed.returncode == 0, resumed.stderr
    assert json.loads(resumed.stdout)["step"] == step + 10
    assert f"resumed at step {step:,}" in resumed.stderr


def test_without_a_terminal_the_lines_are_plain_and_the_first_comes_at_once(tmp_path: Path) -> None:
    argv = [
        *SADDLEPOINT,
        "train",
        "toy-gaussian-1",
        "--training.steps",
        "10",
        "--run",
        str(tmp_path / "run"),
        "--no-pictures",
    ]
    # A fresh interpreter, which has yet to load torch.
    with subprocess.Popen(
        [sys.executable, *argv], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("toy-gaussian-1: ")
        # Before torch is loaded, let alone anything trained.
        assert not (tmp_path / "run").exists()
        out, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, err
    assert err == ""
    assert "\x1b" not in out
    assert "\r" not in out
