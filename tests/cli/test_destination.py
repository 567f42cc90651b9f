"""`--out`: an unusable path is reported in one sentence, and the check leaves nothing behind."""

from __future__ import annotations

from pathlib import Path

import pytest

from saddlepoint.cli.destination import check_companion, check_file, check_written_here
from saddlepoint.cli.main import main
from saddlepoint.errors import RunError, SettingError


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("out") / "run"
    tiny = ["--training.steps", "2", "--training.tick=2", "--training.samples=4", "--evaluation.samples", "20"]
    assert main(["train", "vae-digits", *tiny, "--run", str(folder), "--quiet"]) == 0
    return folder


@pytest.mark.parametrize("command", ["sample", "report", "data", "evaluate"])
@pytest.mark.parametrize("place", ["{file}/x.png", "{file}/deep/x.png", "/proc/x/y.png", "/proc/y.png"])
def test_a_place_that_takes_no_files_is_one_sentence(
    command: str, place: str, run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if place.startswith("/proc") and not Path("/proc").is_dir():
        pytest.skip("this system has no /proc")
    file = tmp_path / "a.npz"
    file.write_text("mine")
    other = run.with_name("other")
    other.mkdir(exist_ok=True)
    (other / "recipe.yaml").write_bytes((run / "recipe.yaml").read_bytes())
    what = {"data": ["ring"], "evaluate": [str(run), str(other)]}.get(command, [str(run)])
    capsys.readouterr()
    assert main([command, *what, "--out", place.format(file=file)]) == 2
    said = capsys.readouterr().err.splitlines()[-1]
    assert f"{command}: --out {place.format(file=file)}" in said
    assert ("is a file, not a folder" in said) == place.startswith("{file}")
    assert [path.name for path in tmp_path.iterdir()] == ["a.npz"]
    assert file.read_text() == "mine"


def test_a_folder_for_samples_is_refused_inside_a_file(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.npz").write_text("mine")
    assert main(["sample", str(run), "--out", f"{tmp_path / 'a.npz' / 'pictures'}/"]) == 2
    assert "is a file, not a folder" in capsys.readouterr().err


def test_a_writable_folder_passes_and_stays_empty(tmp_path: Path) -> None:
    check_file("data", tmp_path / "new" / "deep" / "x.png", [".png"], overwrite=False)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_another_ending_and_a_file_that_is_there_are_refused(tmp_path: Path) -> None:
    for path, words in ((tmp_path, "is a folder"), (tmp_path / "x.jpg", r"must end with \.png")):
        with pytest.raises(SettingError, match=words):
            check_file("data", path, [".png"], overwrite=True)
    (tmp_path / "x.png").write_text("mine")
    with pytest.raises(RunError, match="--overwrite"):
        check_file("data", tmp_path / "x.png", [".png"], overwrite=False)
    check_file("data", tmp_path / "x.png", [".png"], overwrite=True)
    assert (tmp_path / "x.png").read_text() == "mine"


def test_only_new_empty_and_own_folders_are_written_into(tmp_path: Path) -> None:
    folder = tmp_path / "results"
    check_written_here(folder, "result.json")
    folder.mkdir()
    check_written_here(folder, "result.json")
    (folder / "notes.txt").write_text("mine")
    with pytest.raises(RunError, match="was not written by this command"):
        check_written_here(folder, "result.json")
    (folder / "result.json").write_text("{}")
    check_written_here(folder, "result.json")
    with pytest.raises(RunError, match="was not written by this command"):
        check_written_here(folder / "notes.txt", "result.json")


def test_a_companion_is_not_written_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    check_written_here(tmp_path / "link", "result.json")
    with pytest.raises(RunError, match="is a link"):
        check_companion(tmp_path / "link", "result.json")
