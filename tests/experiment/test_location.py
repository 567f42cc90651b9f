"""A run is never lost to another: places are taken whole, by rename, or not at all."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from saddlepoint.errors import RunError, SettingError
from saddlepoint.experiment.location import new_folder
from saddlepoint.records import find_run, locked


def a_run(path: Path, name: str) -> Path:
    path.mkdir(parents=True)
    (path / "recipe.yaml").write_text(f"name: {name}\n")
    (path / "records.jsonl").write_text("")
    return path


def name_of(path: Path) -> str:
    return (path / "recipe.yaml").read_text().removeprefix("name: ").strip()


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


def test_overwriting_keeps_the_old_run_until_the_new_one_is_complete(tmp_path: Path) -> None:
    path = a_run(tmp_path / "run", "old")
    with pytest.raises(RunError, match="already holds a run"), new_folder("x", path, False):
        pass
    with new_folder("x", path, True) as place:
        (place.staging / "recipe.yaml").write_text("new")  # and never settled
    assert name_of(path) == "old"
    with new_folder("x", path, True) as place:
        (place.staging / "recipe.yaml").write_text("new")
        assert name_of(path) == "old"
        place.settle()
    assert name_of(path) == "new"
    assert [p.name for p in tmp_path.iterdir()] == ["run"]


def test_folders_that_are_no_runs_are_left_alone(tmp_path: Path) -> None:
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
    assert name_of(path) == "old"


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
    assert name_of(tmp_path / "run") == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["run"]


def test_a_place_that_another_process_prepares_is_claimed(tmp_path: Path) -> None:
    other = a_run(tmp_path / ".run.new-1", "theirs")
    for overwrite in (False, True):
        with (
            locked(other),
            pytest.raises(RunError, match="being prepared"),
            new_folder("x", tmp_path / "run", overwrite),
        ):
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


@pytest.mark.skipif(sys.platform != "linux", reason="needs Linux's /proc")
def test_a_file_system_without_folders_is_one_clear_error() -> None:
    with pytest.raises(RunError, match="cannot be written"), new_folder("x", "/proc/run", False):
        pass


def test_a_file_in_the_way_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(RunError, match="cannot be written"), new_folder("x", tmp_path / "file" / "run", False):
        pass


@pytest.mark.parametrize("kind", [PermissionError, NotADirectoryError, FileExistsError])
def test_an_exception_in_the_block_keeps_its_message(kind: type[OSError], tmp_path: Path) -> None:
    with pytest.raises(kind, match="of another file"), new_folder("x", tmp_path / "run", False):
        raise kind("of another file")
    assert not any(tmp_path.iterdir())


def test_a_folder_created_meanwhile_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "run"
    with new_folder("x", path, True) as place:
        (path / "theirs").mkdir(parents=True)
        with pytest.raises(RunError, match="by another program"):
            place.settle()
    assert [p.name for p in tmp_path.iterdir()] == ["run"]
    assert (path / "theirs").is_dir()


def test_a_run_that_took_the_place_of_the_one_to_replace_stays(tmp_path: Path) -> None:
    path = a_run(tmp_path / "run", "old")
    with new_folder("x", path, True) as place:
        path.rename(tmp_path / "moved")
        a_run(path, "live")
        with pytest.raises(RunError, match="by another program"):
            place.settle()
    assert name_of(path) == "live"


@pytest.mark.parametrize(
    "name", ["../../x", "/tmp/x", "a/b", "a\\b", "..", ".", "", "a\0b", "a\x1b[31m", "a\nb", "x" * 240]
)
def test_a_name_stays_in_runs(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SettingError, match="cannot name a run's folder"), new_folder(name, None, False):
        pass
    assert not any(tmp_path.iterdir())


def test_a_folder_with_a_name_that_is_too_long_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="at most 200 bytes"), new_folder("x", tmp_path / ("y" * 240), False):
        pass
    assert not any(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["a*", "a?", "[ab]", "{a}", "a b"])
def test_names_are_no_patterns(name: str, tmp_path: Path) -> None:
    other = a_run(tmp_path / ".ab.new-1", "of another place")
    with new_folder("x", tmp_path / name, False) as place:
        (place.staging / "recipe.yaml").write_text("name: new")
        place.settle()
    assert name_of(tmp_path / name) == "new"
    assert other.exists()


@pytest.mark.parametrize("given", [".", "./", "../here"])
def test_the_current_folder_can_become_a_run_and_is_never_replaced(
    given: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    with pytest.raises(ValueError, match="stop"), new_folder("x", given, False):
        raise ValueError("stop")
    assert not any(here.iterdir())
    with new_folder("x", given, False) as place:
        (place.staging / "recipe.yaml").write_text("name: new")
        place.settle()
        assert name_of(Path()) == "new"
        with pytest.raises(RunError, match="another process"), locked(here):
            pass
    assert sorted(p.name for p in here.iterdir()) == [".lock", "recipe.yaml"]
    with pytest.raises(RunError, match="is the current folder"), new_folder("x", given, True):
        pass


def test_preparations_of_a_killed_process_in_an_empty_folder_are_replaced(tmp_path: Path) -> None:
    (tmp_path / ".new").mkdir()
    for name in (".new/recipe.yaml", "data.npz", ".lock"):
        (tmp_path / name).write_text("half")
    with new_folder("x", tmp_path, False) as place:
        (place.staging / "recipe.yaml").write_text("name: new")
        place.settle()
    assert sorted(p.name for p in tmp_path.iterdir()) == [".lock", "recipe.yaml"]


@pytest.mark.parametrize(
    ("files", "why"),
    [
        ({"recipe.yaml": "package: {name: conda}", "main.py": "years"}, "not the recipe of a run"),
        ({"recipe.yaml": "name: x\n", "main.py": "years"}, "neither records nor checkpoints"),
        ({"recipe.yaml": "\0", "records.jsonl": ""}, "not the recipe of a run"),
    ],
)
def test_only_runs_are_replaced(files: dict[str, str], why: str, tmp_path: Path) -> None:
    path = tmp_path / "project"
    path.mkdir()
    for name, text in files.items():
        (path / name).write_text(text)
    with pytest.raises(RunError, match=why), new_folder("x", path, True):
        pass
    assert {p.name: p.read_text() for p in path.iterdir() if p.name != ".lock"} == files


def test_a_run_that_was_moved_aside_is_restored_by_whatever_comes_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    a_run(Path("runs/.toy-1.replaced-77"), "old")
    a_run(Path("runs/.toy-1.new-77"), "new")
    with new_folder("toy", None, False) as place:
        assert place.path == Path("runs/toy-2")
    assert name_of(Path("runs/toy-1")) == "old"
    Path("runs/toy-1").rename("runs/.toy-1.replaced-78")
    assert find_run("runs/toy-1").exists()
    assert [p.name for p in Path("runs").iterdir()] == ["toy-1"]


def test_a_run_that_a_living_process_moved_aside_is_not_restored(tmp_path: Path) -> None:
    aside = a_run(tmp_path / ".run.replaced-1", "old")
    with locked(aside), pytest.raises(RunError, match="not a run"):
        find_run(tmp_path / "run")
    assert aside.exists()


def test_links_beside_a_run_are_left_alone(tmp_path: Path) -> None:
    victim = a_run(tmp_path / "victim", "theirs")
    for mark in ("new", "replaced"):
        (tmp_path / f".run.{mark}-1").symlink_to(victim)
    with new_folder("x", tmp_path / "run", False) as place:
        (place.staging / "recipe.yaml").write_text("name: new")
        place.settle()
    assert sorted(p.name for p in victim.iterdir()) == ["recipe.yaml", "records.jsonl"]
