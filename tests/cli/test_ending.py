"""What is suggested at the end speaks of the findings that stand, and of no others."""

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
REMEDY = {"training.discriminator.learning_rate": 1e-4}
CURABLE = Finding("GAN101", "failure", 20, "Something that a setting changes.", {}, "Slow it down.", REMEDY)
NOTHING_TO_CHANGE = "There is no setting to change"


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
def test_only_what_stands_is_spoken_of(
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
