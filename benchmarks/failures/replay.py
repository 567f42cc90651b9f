"""Applies the rules to the records of a run, as the session did while it trained."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from saddlepoint.diagnosis import Diagnosis
from saddlepoint.experiment.live_diagnosis import start_diagnosis
from saddlepoint.recipe import Recipe
from saddlepoint.records import Finding, Record

ALARMS = ("warning", "failure")


@dataclass(frozen=True)
class Alarm:
    """A finding that opened as a warning or a failure.

    Attributes:
        code: of the finding.
        step: at which it opened first.
        severity: warning or failure.
        title: its sentence.
        stands: whether it was still active at the end of the run.
    """

    code: str
    step: int
    severity: str
    title: str
    stands: bool


def alarms(folder: Path, truth: dict[str, Any]) -> list[Alarm]:
    """Every code that was raised, at the step at which it was raised first, in order of steps."""
    first: dict[str, Finding] = {}
    early = [Finding.from_json(line) for line in truth["preflight"]]
    for finding in early:
        if finding.severity in ALARMS:
            first.setdefault(finding.code, finding)
    if "refused" in truth:
        return [Alarm(code, 0, "failure", truth["refused"], True) for code in _codes_in(truth["refused"])]
    recipe = Recipe.load(folder / "recipe.yaml")
    diagnosis: Diagnosis = start_diagnosis(recipe)
    for line in (folder / "records.jsonl").read_text("utf-8").splitlines():
        for finding in diagnosis.watch(Record.from_json(json.loads(line))):
            if finding.severity in ALARMS and finding.state == "open":
                first.setdefault(finding.code, finding)
    standing = {*diagnosis.found, *(f.code for f in early)}
    return sorted(
        (Alarm(code, f.step, f.severity, f.title, code in standing) for code, f in first.items()),
        key=lambda alarm: (alarm.step, alarm.code),
    )


def _codes_in(sentence: str) -> list[str]:
    """The code at the beginning of a refusal, which is that finding."""
    head = sentence.split(":")[0].strip()
    return [head] if head[:3].isalpha() and head[-3:].isdigit() else []
