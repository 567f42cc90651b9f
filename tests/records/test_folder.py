"""The layout of a run folder is a contract with other programs; `replaced` swaps a file whole or not at all."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from saddlepoint.records import JsonLines, Record, RunFolder, replaced

LAYOUT = {
    "recipe": "recipe.yaml",
    "records": "records.jsonl",
    "findings": "findings.jsonl",
    "samples": "samples",
    "checkpoints": "checkpoints",
    "tensorboard": "tensorboard",
    "scorecard": "scorecard.json",
    "report": "report.html",
}


@pytest.mark.parametrize("part", LAYOUT)
def test_the_layout_is_the_designs(part: str) -> None:
    assert getattr(RunFolder(Path("runs/x")), part) == Path("runs/x") / LAYOUT[part]


def test_steps_sort_by_name_as_by_number() -> None:
    run = RunFolder(Path("runs/x"))
    assert run.sample_grid(120) == Path("runs/x/samples/step-00000120.png")
    assert run.checkpoint(120) == Path("runs/x/checkpoints/step-00000120")
    steps = [0, 9, 10, 99, 1_000, 99_999_999]
    for place in (run.sample_grid, run.checkpoint):
        assert sorted(map(place, reversed(steps))) == [place(step) for step in steps]


def test_queries_create_nothing(tmp_path: Path) -> None:
    run = RunFolder(tmp_path / "run")
    assert not run.exists()
    assert list(run.read_records()) == []
    assert list(run.read_findings()) == []
    assert run.read_summary() == {}
    assert not run.path.exists()


def test_a_folder_is_a_run_when_it_holds_a_recipe(tmp_path: Path) -> None:
    run = RunFolder(tmp_path)
    assert not run.exists()
    run.recipe.write_text("")
    assert run.exists()


def test_records_can_be_read_while_they_are_written(tmp_path: Path) -> None:
    run = RunFolder(tmp_path)
    with JsonLines(run.records) as lines:
        lines.append(Record(1, 0.5, {"d/loss": 1.0}).to_json())
        reader = run.read_records()
        assert next(reader).step == 1
        lines.append(Record(2, 1.0, {"d/loss": 0.5}).to_json())
        assert [record.step for record in run.read_records()] == [1, 2]


@pytest.mark.parametrize(("mode", "old", "new"), [("w", "old", "new é"), ("wb", b"old", b"new \xff")])
def test_replaced_swaps_at_the_end_of_the_block(tmp_path: Path, mode: str, old: str, new: str) -> None:
    path = tmp_path / "deeper" / "file"
    content = path.read_bytes if "b" in mode else lambda: path.read_text("utf-8")
    for before, after in ((None, old), (old, new)):
        with replaced(path, mode) as file:
            file.write(after)
            file.flush()
            assert (content() if path.exists() else None) == before
        assert content() == after
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
@pytest.mark.parametrize("existed", [True, False])
def test_an_error_inside_leaves_everything_as_it_was(tmp_path: Path, error: type[BaseException], existed: bool) -> None:
    path = tmp_path / "file"
    if existed:
        path.write_text("old")

    def fail() -> None:
        with replaced(path) as file:
            file.write("half")
            raise error

    with pytest.raises(error):
        fail()
    assert [(found.name, found.read_text()) for found in tmp_path.iterdir()] == ([("file", "old")] if existed else [])


WRITER = """
import sys
from pathlib import Path
from saddlepoint.records import replaced
for turn in range(40):
    with replaced(Path(sys.argv[1])) as file:
        for _ in range(100):
            file.write(sys.argv[2] * 100)
"""


def test_two_processes_never_mix_and_a_reader_never_sees_a_half(tmp_path: Path) -> None:
    path = tmp_path / "file"
    wholes = {letter * 10_000 for letter in "ab"}
    with replaced(path) as file:
        file.write("a" * 10_000)
    writers = [subprocess.Popen([sys.executable, "-c", WRITER, str(path), letter]) for letter in "ab"]
    checks = 0
    while any(writer.poll() is None for writer in writers):
        assert path.read_text() in wholes
        checks += 1
    assert [writer.returncode for writer in writers] == [0, 0]
    assert checks > 0
    assert path.read_text() in wholes
    assert list(tmp_path.iterdir()) == [path]


def test_replaced_files_are_readable_by_others(tmp_path: Path) -> None:
    """A temporary file is private to its owner; a dashboard of another user must be able to read the result."""
    with replaced(tmp_path / "file") as file:
        file.write("x")
    assert (tmp_path / "file").stat().st_mode & 0o777 == 0o644


def test_a_run_folder_is_a_path(tmp_path: Path) -> None:
    assert Path(RunFolder(tmp_path)) == tmp_path
