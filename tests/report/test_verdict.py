"""Verdict and process of runs, also of those that version 0.1 wrote."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from saddlepoint.records import Finding, RunFolder, Severity
from saddlepoint.report import write_report
from saddlepoint.report.verdict import recorded_advice, recorded_headline, recorded_process, recorded_verdict

OLD = {
    "verdict": "gan-digits: 300 steps in 4.4 s; healthy: nothing was found.",
    "state": "finished",
    "step": 300,
    "seconds": 4.4,
}
PROCESSES = {None: "no failure found", "info": "no failure found", "warning": "at risk", "failure": "failed"}


def folder_with(path: Path, summary: dict[str, Any], severity: Severity | None) -> RunFolder:
    folder = RunFolder(path)
    path.mkdir()
    (path / "recipe.yaml").write_text("name: r\n", "utf-8")
    folder.summary.write_text(json.dumps(summary), "utf-8")
    finding = None if severity is None else Finding("GAN103", severity, 3, "Samples have collapsed.")
    folder.findings.write_text("" if finding is None else json.dumps(finding.to_json()) + "\n", "utf-8")
    return folder


@pytest.mark.parametrize("word", ["healthy", "at risk", "a word of no version"])
@pytest.mark.parametrize("severity", PROCESSES)
def test_the_process_of_a_run_of_version_0_1_follows_from_its_findings(
    word: str, severity: Severity | None, tmp_path: Path
) -> None:
    summary = {**OLD, "health": word}
    folder = folder_with(tmp_path / "my run", summary, severity)
    expected = PROCESSES[severity]
    assert recorded_process(folder, summary) == expected
    said = recorded_verdict(folder, summary)
    assert said is not None
    assert said.startswith(f"300 steps in 4.4 s; {expected}.")
    assert ("GAN103" in said) == (severity in ("warning", "failure"))
    assert said.endswith(f"saddlepoint evaluate '{folder.path}'")
    headline = recorded_headline(folder, summary)
    assert headline is not None
    assert headline.lower().startswith(expected)
    assert recorded_advice(folder, summary) == ""
    page = write_report(folder).read_text("utf-8")
    assert headline in page
    assert "healthy" not in page
    assert "healthy" not in said


def test_the_recorded_status_replaces_missing_findings_and_both_may_be_missing(tmp_path: Path) -> None:
    folder = folder_with(tmp_path / "run", {**OLD, "health": "healthy"}, "failure")
    folder.findings.unlink()
    assert recorded_process(folder, {**OLD, "health": "healthy"}) == "no failure found"
    assert recorded_process(folder, {**OLD, "health": "?"}) is None
    assert "; process not recorded." in str(recorded_verdict(folder, {**OLD, "health": "?"}))
    folder.summary.write_text(json.dumps({"state": "finished", "step": 4}), "utf-8")
    assert "Not judged: the findings of this run were not recorded" in write_report(folder).read_text("utf-8")
    assert recorded_process(folder, {}) is None
    assert recorded_verdict(folder, {}) is None


def test_a_summary_of_this_version_is_used_as_written(tmp_path: Path) -> None:
    summary = {**OLD, "verdict": "r: 300 steps; at risk.", "process": "at risk"}
    folder = folder_with(tmp_path / "run", summary, "failure")
    assert recorded_process(folder, summary) == "at risk"
    assert recorded_verdict(folder, summary) == "r: 300 steps; at risk."


def test_an_interrupted_run_of_version_0_1_may_yet_recover(tmp_path: Path) -> None:
    summary = {**OLD, "health": "failed", "state": "interrupted"}
    folder = folder_with(tmp_path / "run", summary, "failure")
    assert recorded_process(folder, summary) == "failing"
    assert "300 steps in 4.4 s, interrupted; failing. GAN103" in str(recorded_verdict(folder, summary))
