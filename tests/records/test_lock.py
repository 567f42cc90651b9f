"""One process a folder: a second one is refused until the first is done, or dead."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from saddlepoint.errors import RunError
from saddlepoint.records import locked

HOLDS = """
import sys
from pathlib import Path
from saddlepoint.records import locked
with locked(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_lock_is_held_by_one(tmp_path: Path) -> None:
    with locked(tmp_path):
        with pytest.raises(RunError, match="being worked on by another process"), locked(tmp_path):
            raise AssertionError("held twice")
        with pytest.raises(RunError), locked(tmp_path):  # nor did the refusal free it
            raise AssertionError("held twice")
    with locked(tmp_path):
        pass


def test_the_lock_of_a_process_that_was_killed_is_free(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLDS, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        with pytest.raises(RunError), locked(tmp_path):
            raise AssertionError("held twice")
        process.kill()
        process.wait(timeout=30)
        with locked(tmp_path):
            pass
