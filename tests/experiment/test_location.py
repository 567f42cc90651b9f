"""A run is never lost to another: places are taken whole, by rename, or not at all."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from saddlepoint.errors import RunError
from saddlepoint.experiment.location import new_folder
from saddlepoint.records import locked


def a_run(path: Path, name: str) -> Path:
    path.mkdir(parents=True)
    (path / "recipe.yaml").write_text(name)
    return path


def test_a_new_run_appears_when_it_settles(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "run"
    with new_folder("x", path, False) as place:
        (place.staging / "recipe.yaml").write_text("new")
        assert not path.exists()
        place.settle()
        assert (path / "recipe.yaml").read_text() == "new"
        with pytest.raises(RunError, match="another process"), locked(path):
            pass
    assert [p.name for p in path.parent.iterdir()] == ["run"]


def test_overwriting_keeps_the_old_run_until_the_new_one_stands(tmp_path: Path) -> None:
    path = a_run(tmp_path / "run", "old")
    with pytest.raises(RunError, match="already holds a run"), new_folder("x", path, False):
        pass
    with new_folder("x", path, True) as place:
        (place.staging / "recipe.yaml").write_text("new")  # and never settled
    assert (path / "recipe.yaml").read_text() == "old"
    with new_folder("x", path, True) as place:
        (place.staging / "recipe.yaml").write_text("new")
        assert (path / "recipe.yaml").read_text() == "old"
        place.settle()
    assert (path / "recipe.yaml").read_text() == "new"
    assert [p.name for p in tmp_path.iterdir()] == ["run"]


def test_what_is_no_run_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter.tex").write_text("years")
    for overwrite in (False, True):
        with pytest.raises(RunError, match="is not a run"), new_folder("x", tmp_path / "thesis", overwrite):
            pass
        with pytest.raises(RunError, match="is not a run"), new_folder("x", tmp_path / "thesis/chapter.tex", overwrite):
            pass
    assert (tmp_path / "thesis" / "chapter.tex").read_text() == "years"


def test_a_run_that_is_being_trained_is_not_replaced(tmp_path: Path) -> None:
    path = a_run(tmp_path / "run", "old")
    with locked(path), pytest.raises(RunError, match="being worked on by another process"), new_folder("x", path, True):
        pass
    assert (path / "recipe.yaml").read_text() == "old"


def test_names_are_counted_and_given_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError, match="stop"), new_folder("toy", None, False):
        raise ValueError("stop")
    assert not any(tmp_path.iterdir())
    for number in (1, 2):
        with new_folder("toy", None, False) as place:
            (place.staging / "recipe.yaml").write_text("")
            place.settle()
        assert place.path == Path("runs") / f"toy-{number}"
    assert sorted(p.name for p in Path("runs").iterdir()) == ["toy-1", "toy-2"]


def test_leftovers_of_a_killed_process_are_tidied(tmp_path: Path) -> None:
    # Killed while it prepared; and killed between moving the old run aside and taking its place.
    a_run(tmp_path / ".run.new-1", "half")
    a_run(tmp_path / ".run.replaced-1", "old")
    with pytest.raises(RunError, match="already holds a run"), new_folder("x", tmp_path / "run", False):
        pass
    assert (tmp_path / "run" / "recipe.yaml").read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["run"]


def test_what_another_process_is_preparing_is_not_tidied(tmp_path: Path) -> None:
    other = a_run(tmp_path / ".run.new-1", "theirs")
    with locked(other), new_folder("x", tmp_path / "run", False):
        pass
    assert other.exists()


def test_an_empty_folder_is_free_and_a_link_is_followed(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / "run").symlink_to(tmp_path / "disk")
    with new_folder("x", tmp_path / "run", False) as place:
        (place.staging / "recipe.yaml").write_text("new")
        place.settle()
    assert (tmp_path / "run").is_symlink()
    assert (tmp_path / "disk" / "recipe.yaml").read_text() == "new"


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root writes everywhere; Windows has other rights")
def test_a_place_that_cannot_be_written_is_one_clear_error(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(RunError, match="cannot be written"), new_folder("x", tmp_path / "a" / "run", False):
        pass


def test_a_file_in_the_way_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(RunError, match="cannot be written"), new_folder("x", tmp_path / "file" / "run", False):
        pass


@pytest.mark.parametrize("kind", [PermissionError, NotADirectoryError, FileExistsError])
def test_what_fails_in_the_block_keeps_its_own_words(kind: type[OSError], tmp_path: Path) -> None:
    with pytest.raises(kind, match="of another file"), new_folder("x", tmp_path / "run", False):
        raise kind("of another file")
    assert not any(tmp_path.iterdir())
