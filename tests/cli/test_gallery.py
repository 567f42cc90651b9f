"""A folder of samples: complete or not there, and never at the cost of files that the command did not write."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from saddlepoint.cli import gallery
from saddlepoint.cli.gallery import check_gallery, write_gallery
from saddlepoint.errors import RunError
from saddlepoint.records.leftovers import remove_tree

HOLDS = """
import sys
from pathlib import Path
from saddlepoint.records import locked
with locked(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def pictures(names: list[str], shade: int = 0) -> Iterator[tuple[str, Image.Image]]:
    for name in names:
        yield name, Image.new("L", (2, 2), shade)


def sample_names(count: int, folder: str = "") -> list[str]:
    return [f"{folder}sample-{number:05d}.png" for number in range(count)]


def shades(folder: Path) -> dict[str, int]:
    """The grey level of every picture."""
    found = {}
    for path in sorted(folder.rglob("*.png")):
        with Image.open(path) as picture:
            found[str(path.relative_to(folder))] = int(picture.getpixel((0, 0)))  # type: ignore[arg-type]
    return found


def test_a_new_folder_appears_complete(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "gallery"

    def failing() -> Iterator[tuple[str, Image.Image]]:
        yield from pictures(sample_names(2))
        assert not path.exists()
        raise ValueError("stop")

    with pytest.raises(ValueError, match="stop"):
        write_gallery(failing(), path, overwrite=False)
    assert list(path.parent.iterdir()) == []
    write_gallery(pictures(sample_names(3)), path, overwrite=False)
    assert list(shades(path)) == sample_names(3)
    assert [p.name for p in path.parent.iterdir()] == ["gallery"]


def test_only_what_the_command_wrote_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "gallery"
    write_gallery(pictures([*sample_names(3), *sample_names(3, "cats/")], 1), path, overwrite=False)
    mine = [path / "sub" / "sample-00000.png", path / "cats" / "sample-99999.png", path / "sample.png"]
    for file in mine:
        file.parent.mkdir(exist_ok=True)
        Image.new("L", (2, 2), 7).save(file)
    with pytest.raises(RunError, match="--overwrite"):
        check_gallery(path, overwrite=False)
    write_gallery(pictures(sample_names(2), 2), path, overwrite=True)
    assert shades(path) == {str(file.relative_to(path)): 7 for file in mine} | dict.fromkeys(sample_names(2), 2)


def test_a_picture_of_somebody_else_is_never_replaced(tmp_path: Path) -> None:
    Image.new("L", (2, 2), 7).save(tmp_path / "sample-00000.png")
    with pytest.raises(RunError, match="is not on the list"):
        write_gallery(pictures(sample_names(2)), tmp_path, overwrite=True)
    assert shades(tmp_path) == {"sample-00000.png": 7}
    assert [p.name for p in tmp_path.iterdir()] == ["sample-00000.png"]


@pytest.mark.parametrize("contents", [gallery.SAMPLES, gallery.COMPLETED], ids=lambda contents: contents.what)
def test_a_picture_of_somebody_else_in_a_folder_is_never_replaced(tmp_path: Path, contents: gallery.Contents) -> None:
    path, names = tmp_path / "gallery", sample_names(2, "cats/")
    write_gallery(pictures(names[:1], 1), path, contents, overwrite=False)
    Image.new("L", (2, 2), 7).save(path / names[1])
    with pytest.raises(RunError, match="is not on the list"):
        write_gallery(pictures(names, 2), path, contents, overwrite=True)
    assert shades(path) == {names[0]: 1, names[1]: 7}
    write_gallery(pictures(["a/b/c.png"] if contents is gallery.COMPLETED else [], 3), path, contents, overwrite=True)
    assert names[0] not in shades(path)
    assert shades(path)[names[1]] == 7


@pytest.mark.parametrize(
    "names", [["../victim.png"], ["../sample-1.png"], ["/etc/sample-1.png"], ["a/../sample-1.png"], ["."], [3]]
)
def test_a_forged_list_deletes_nothing_else(names: list[object], tmp_path: Path) -> None:
    path = tmp_path / "gallery"
    write_gallery(pictures(sample_names(1)), path, overwrite=False)
    victim = tmp_path / "sample-1.png"
    victim.write_text("theirs")
    (path / gallery.SAMPLES.list).write_text(f'{{"samples": {str(names).replace(chr(39), chr(34))}}}')
    (path / "sample-00000.png").unlink()
    write_gallery(pictures(sample_names(1), 5), path, overwrite=True)
    assert victim.read_text() == "theirs"
    assert shades(path) == {"sample-00000.png": 5}


def test_nothing_is_replaced_through_a_link(tmp_path: Path) -> None:
    path, victim = tmp_path / "gallery", tmp_path / "victim"
    write_gallery(pictures(sample_names(2, "cats/"), 1), path, overwrite=False)
    (path / "cats").rename(victim)
    (path / "cats").symlink_to(victim)
    with pytest.raises(RunError, match="is a link"):
        write_gallery(pictures(sample_names(1, "cats/"), 2), path, overwrite=True)
    assert shades(victim) == dict.fromkeys(sample_names(2), 1)
    link = tmp_path / "link"
    link.symlink_to(victim)
    with pytest.raises(RunError, match="is a link"):
        check_gallery(link, overwrite=True)


def test_the_current_folder_can_be_a_gallery(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for shade in (1, 2):
        check_gallery(Path(), overwrite=shade == 2)
        write_gallery(pictures(sample_names(3 - shade), shade), Path(), overwrite=shade == 2)
        assert shades(tmp_path) == dict.fromkeys(sample_names(3 - shade), shade)


def test_one_of_two_concurrent_commands_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "gallery"

    def slow() -> Iterator[tuple[str, Image.Image]]:
        yield from pictures(sample_names(1), 1)
        write_gallery(pictures(sample_names(4), 2), path, overwrite=False)

    with pytest.raises(RunError, match="by another process meanwhile"):
        write_gallery(slow(), path, overwrite=False)
    assert shades(path) == dict.fromkeys(sample_names(4), 2)
    assert [p.name for p in tmp_path.iterdir()] == ["gallery"]


@pytest.mark.parametrize("stop", range(1, 9))
def test_killed_at_any_rename_the_next_command_completes_it(
    stop: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, renames = tmp_path / "gallery", 0
    write_gallery(pictures(sample_names(3), 1), path, overwrite=False)
    replace = Path.replace

    def counted(self: Path, target: Path) -> Path:
        nonlocal renames
        renames += 1
        if renames == stop:
            raise SystemExit
        return replace(self, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", counted)
        patch.setattr(gallery, "remove_tree", lambda path: None)  # as a process that is killed, which tidies nothing
        try:
            write_gallery(pictures(sample_names(4), 2), path, overwrite=True)
        except SystemExit:
            assert len(shades(path)) >= 3
    write_gallery(pictures(sample_names(2), 3), path, overwrite=True)
    assert shades(path) == dict.fromkeys(sample_names(2), 3)
    assert sorted(p.name for p in path.iterdir()) == [gallery.SAMPLES.list, *sample_names(2)]


def test_files_prepared_by_another_process_stay(tmp_path: Path) -> None:
    path = tmp_path / ".gallery.0123456789ab.part"
    path.mkdir()
    with subprocess.Popen(
        [sys.executable, "-c", HOLDS, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        write_gallery(pictures(sample_names(1)), tmp_path / "gallery", overwrite=False)
        assert path.exists()
        process.kill()
        process.wait(timeout=30)
    remove_tree(tmp_path / "gallery")
    write_gallery(pictures(sample_names(1)), tmp_path / "gallery", overwrite=False)
    assert [p.name for p in tmp_path.iterdir()] == ["gallery"]
