"""Folders in which entries of the cache are prepared: removed at the end, and after a kill by whoever comes next."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from saddlepoint.data.cache import LEFT_FOR, temporary_folder

ENTRY = "0123456789abcdef" * 2


def write_leftover(cache: Path, name: str, age: float) -> Path:
    """A temporary folder with a file, both written so many seconds ago."""
    folder = cache / name
    folder.mkdir()
    (folder / "half").write_text("half")
    for path in (folder / "half", folder):
        os.utime(path, (time.time() - age,) * 2)
    return folder


def test_it_is_removed_at_the_end_also_after_an_error(tmp_path: Path) -> None:
    def fail_inside() -> None:
        with temporary_folder(tmp_path / ENTRY) as folder:
            assert folder.parent == tmp_path
            (folder / "half").write_text("half")
            raise KeyError

    with pytest.raises(KeyError):
        fail_inside()
    assert list(tmp_path.iterdir()) == []


def test_leftovers_of_a_killed_process_are_removed(tmp_path: Path) -> None:
    old = write_leftover(tmp_path, f".{'ab' * 16}.a1b2c3d4", 2 * LEFT_FOR)
    with temporary_folder(tmp_path / ENTRY):
        assert not old.exists()


def test_folders_in_use_and_other_folders_stay(tmp_path: Path) -> None:
    kept = [
        write_leftover(tmp_path, f".{ENTRY}.a1b2c3d4", LEFT_FOR / 2),
        write_leftover(tmp_path, ENTRY, 2 * LEFT_FOR),
        write_leftover(tmp_path, ".hidden", 2 * LEFT_FOR),
    ]
    written = write_leftover(tmp_path, f".{ENTRY}.b1b2c3d4", 2 * LEFT_FOR)
    os.utime(written / "half")
    with temporary_folder(tmp_path / ENTRY):
        assert all(folder.is_dir() for folder in (*kept, written))


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    cache, mine = tmp_path / "cache", tmp_path / "mine"
    cache.mkdir()
    mine.mkdir()
    (cache / f".{ENTRY}.a1b2c3d4").symlink_to(mine)
    os.utime(mine, (0, 0))
    with temporary_folder(cache / ENTRY):
        assert mine.is_dir()
