"""Laws of finished parts: they outlive an interruption, belong to one request, and are for one call at a time."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from saddlepoint.errors import DataError, RunError
from saddlepoint.records.finished_parts import finished_parts


class StopError(Exception):
    """Stands for what ends a process."""


def write_part(folder: Path, request: str, error: Exception | None) -> bool:
    """Whether a part was kept already; then it is written, and the call ends with the error."""
    with finished_parts(folder, "test", lambda: request) as kept:
        assert kept is not None
        found = kept.read("part") is not None
        kept.write("part", np.arange(3))
        if error is not None:
            raise error
    return found


def test_parts_outlive_an_interruption_but_not_another_request(tmp_path: Path) -> None:
    for _ in range(2):
        with pytest.raises(StopError):
            write_part(tmp_path / "kept", "one", StopError())
    assert write_part(tmp_path / "kept", "one", None)
    assert not (tmp_path / "kept").exists()
    with pytest.raises(StopError):
        write_part(tmp_path / "kept", "one", StopError())
    assert not write_part(tmp_path / "kept", "another", None)


def test_nothing_stays_after_an_error_of_the_user(tmp_path: Path) -> None:
    with pytest.raises(DataError):
        write_part(tmp_path / "kept", "one", DataError("wrong"))
    assert not (tmp_path / "kept").exists()


@pytest.mark.parametrize("request_of_other", ["one", "another"])
def test_a_second_call_at_once_is_refused_and_the_first_goes_on(tmp_path: Path, request_of_other: str) -> None:
    pytest.importorskip("fcntl")
    with finished_parts(tmp_path / "kept", "test", lambda: "one") as kept:
        assert kept is not None
        kept.write("part", np.arange(3))
        with pytest.raises(RunError, match="another process"):
            write_part(tmp_path / "kept", request_of_other, None)
        assert kept.read("part") is not None
    assert not (tmp_path / "kept").exists()


def test_a_place_with_other_things_is_refused_and_unchanged(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("dear")
    for folder, said in ((tmp_path / "mine", "other files"), (tmp_path / "mine" / "letter.txt", "not a folder")):
        with pytest.raises(RunError, match=said):
            write_part(folder, "one", None)
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["letter.txt"]
