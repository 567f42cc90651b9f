"""Every command that is printed can be pasted: the shell reads it as one, and the program's own parser takes it."""

from __future__ import annotations

import dataclasses
import html
import io
import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest

from saddlepoint import experiment
from saddlepoint.cli.console import Output
from saddlepoint.cli.ending import suggest
from saddlepoint.cli.main import main
from saddlepoint.cli.run_display import RunDisplay
from saddlepoint.experiment import Run
from saddlepoint.experiment.listener import Outline
from saddlepoint.recipe import Recipe
from saddlepoint.records import Finding, RunFolder, options, shell_command
from saddlepoint.report import write_report

NAMES = ["toy-ring-1", "my runs", "it's; here", "-x"]
COMMAND = re.compile(r"saddlepoint (?:train|resume|sample|evaluate|report|diagnose) .*")
FOUND = Finding("GAN101", "failure", 20, "Something.", {}, "Slow it down.", {"training.optimiser.betas": (0.5, 0.9)})
OUTLINE = Outline("toy", "", "ring", {"generator": 1}, 0, 1_000, "cpu", "fp32")


class _ReachedError(Exception):
    """The command was parsed, and the program was about to start its work."""


@pytest.fixture
def captured_calls(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    """The positional arguments of the calls that the commands would have made."""
    found: list[tuple[Any, ...]] = []

    def capture(*arguments: Any, **_: Any) -> None:
        found.append(arguments)
        raise _ReachedError

    monkeypatch.setattr(experiment, "train", capture)
    monkeypatch.setattr(experiment, "resume", capture)
    monkeypatch.setattr("saddlepoint.cli.evaluate._scorecard", capture)
    return found


def run_folder(place: Path, findings: list[Finding]) -> RunFolder:
    folder = RunFolder(place)
    place.mkdir(parents=True)
    folder.recipe.write_text(Recipe.load("toy-ring").to_yaml(), encoding="utf-8")
    folder.findings.write_text("".join(f"{json.dumps(f.to_json())}\n" for f in findings), encoding="utf-8")
    (folder.path / "checkpoints" / "step-00000020").mkdir(parents=True)
    return folder


def printed(text: str) -> list[str]:
    return [found.strip() for found in COMMAND.findall(text)]


def in_report(page: str) -> list[str]:
    blocks = re.findall(r'<pre class="command">(.*?)</pre>', page, re.DOTALL)
    return [html.unescape(re.sub(r"<[^>]*>", "", block)) for block in blocks]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("findings", [[], [FOUND]], ids=["nothing found", "a remedy"])
@pytest.mark.parametrize("state", ["finished", "interrupted"])
def test_every_command_of_an_ending_and_of_the_report_can_be_pasted(
    name: str,
    findings: list[Finding],
    state: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    captured_calls: list[Any],
) -> None:
    monkeypatch.chdir(tmp_path)
    folder = run_folder(tmp_path / name, findings)
    output = Output(file=io.StringIO(), width=300)
    with RunDisplay(output) as listener:
        listener.started(dataclasses.replace(OUTLINE, folder=name))
        listener.finished({"verdict": "It ended.", "state": state, "step": 1_000})
    suggest(Run(folder.path), output)
    ending = printed(output.file.getvalue())  # type: ignore[attr-defined]
    report = in_report(write_report(folder).read_text("utf-8"))
    assert len(ending) >= 2
    assert len(report) >= 2 + len(findings)
    for command in (*ending, *report):
        program, *argv = shlex.split(command)
        assert program == "saddlepoint"
        if argv[0] == "sample":
            assert Path(argv[1]).is_dir()
            continue
        with pytest.raises(_ReachedError):
            main(argv)
    named = [arguments[0] for arguments in captured_calls]
    assert all(isinstance(one, Recipe) or Path(one).resolve() == folder.path.resolve() for one in named)


def test_the_report_names_the_run_wherever_its_commands_are_pasted(tmp_path: Path) -> None:
    folder = run_folder(tmp_path / "runs" / "a", [FOUND])
    for command in in_report(write_report(folder).read_text("utf-8")):
        assert str(tmp_path) in command


@pytest.mark.parametrize("name", [*NAMES, "a\nb", "$(touch x)", "`touch x`"])
def test_a_path_is_one_word_and_never_an_option(name: str) -> None:
    words = shlex.split(shell_command("resume", name, "--steps 20", ""))
    assert [*words[:2], *words[3:]] == ["saddlepoint", "resume", "--steps", "20"]
    assert Path(words[2]) == Path(name)
    assert not words[2].startswith("-")


def test_a_setting_with_a_hostile_name_stays_one_word() -> None:
    assert shlex.split(options({"a; touch x": 1})) == ["--a; touch x", "1"]
