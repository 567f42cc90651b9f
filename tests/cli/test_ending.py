"""Suggestions at the end mention active findings only."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

from saddlepoint.cli.console import console
from saddlepoint.cli.ending import suggest
from saddlepoint.experiment import Run
from saddlepoint.recipe import Recipe
from saddlepoint.records import Finding, RunFolder

INCURABLE = Finding("DATA401", "failure", 10, "Something that no setting changes.", {}, "Look at the data.", None)
REMEDY = {"training.players.discriminator.learning_rate": 1e-4}
SLIP = "training.players.generator.learning_rate"
CURABLE = Finding("GAN101", "failure", 20, "Something that a setting changes.", {}, "Slow it down.", REMEDY)
NOTHING_TO_CHANGE = "No setting helps against these findings"


def closed(finding: Finding) -> Finding:
    return dataclasses.replace(finding, step=finding.step + 10, state="closed")


@pytest.mark.parametrize(
    ("findings", "said"),
    [
        ([], ""),
        ([INCURABLE], NOTHING_TO_CHANGE),
        ([INCURABLE, closed(INCURABLE)], ""),
        ([INCURABLE, CURABLE], "Against GAN101"),
        ([CURABLE, closed(CURABLE)], ""),
        ([CURABLE, closed(CURABLE), INCURABLE], NOTHING_TO_CHANGE),
    ],
    ids=["none", "incurable", "incurable, over", "both", "curable, over", "curable, over; incurable"],
)
def test_only_active_findings_are_mentioned(
    findings: list[Finding], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = RunFolder(tmp_path)
    folder.recipe.write_text(Recipe.load("gan-digits").to_yaml(), encoding="utf-8")
    folder.findings.write_text("".join(f"{json.dumps(f.to_json())}\n" for f in findings), encoding="utf-8")
    suggest(Run(folder.path), console())
    out = capsys.readouterr().out
    assert out.startswith(said)
    assert bool(out) == bool(said)
    assert (NOTHING_TO_CHANGE in out) == (said == NOTHING_TO_CHANGE)


def test_a_repeated_command_is_shown_once_and_a_missing_one_is_explained(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = RunFolder(tmp_path)
    recipe = Recipe.load("gan-digits").override({SLIP: 1e-7})
    folder.recipe.write_text(recipe.to_yaml(), encoding="utf-8")
    found = [dataclasses.replace(CURABLE, code=code, remedy=None) for code in ("GAN101", "GAN104", "NUM304")]
    folder.findings.write_text("".join(f"{json.dumps(f.to_json())}\n" for f in found), encoding="utf-8")
    run = Run(folder.path)
    suggest(run, console())
    out = capsys.readouterr().out
    commands = [line for line in out.splitlines() if f" train {folder.path} --" in line]
    assert len(commands) == len(set(commands)) == len({suggestion.flags for suggestion in run.suggestions}) < len(found)
    assert f"{SLIP} 1e-07 -> none (as training.optimiser.learning_rate)" in out
    assert f"--{SLIP} none" in out
