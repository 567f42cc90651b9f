"""Commands are shown as they can be typed in the current folder."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from saddlepoint.cli.commands import COMMANDS
from saddlepoint.cli.program import program, typed


@pytest.fixture
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A virtual environment's folder of programs below the working directory, not on PATH."""
    programs = tmp_path / ".venv" / "bin"
    programs.mkdir(parents=True)
    # Windows looks for an ending, others for the right to execute.
    script = programs / ("saddlepoint.exe" if sys.platform == "win32" else "saddlepoint")
    script.touch(mode=0o755)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
    monkeypatch.setattr(sys, "executable", str(programs / "python"))
    return script


def test_without_the_path_the_program_is_named_by_its_place(environment: Path) -> None:
    assert program() == str(environment.relative_to(Path.cwd()))
    assert typed("Go on: saddlepoint resume runs/a") == f"Go on: {program()} resume runs/a"


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_written_as_it_can_be_typed(command: str, environment: Path) -> None:
    assert typed(f"Try: saddlepoint {command} --help") == f"Try: {program()} {command} --help"


def test_a_program_on_the_path_is_named_without_its_folder(environment: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(environment.parent))
    assert program() == "saddlepoint"


@pytest.mark.parametrize(
    "text", ["saddlepoint 1.0", "saddlepoint: no", "bin/saddlepoint train x", "saddlepoint trains"]
)
def test_text_that_is_no_command_stays(text: str, environment: Path) -> None:
    assert typed(text) == text
