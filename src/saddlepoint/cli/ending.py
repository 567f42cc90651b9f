"""The end of a command that trains or checks: its JSON document and its exit code."""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from typing import TYPE_CHECKING

from saddlepoint.cli.console import print_json
from saddlepoint.records import SEVERITIES, Finding, active_findings, read_json, shell_command
from saddlepoint.records.schema import number_to_json

if TYPE_CHECKING:
    from saddlepoint.cli.console import Output
    from saddlepoint.experiment import Run
    from saddlepoint.experiment.suggestion import Suggestion

DONE, FOUND, INTERRUPTED = 0, 3, 130


def add_fail_on(parser: argparse.ArgumentParser) -> None:
    """The flag `--fail-on`."""
    parser.add_argument(
        "--fail-on",
        choices=SEVERITIES[:0:-1],
        metavar="SEVERITY",
        help="exit with code 3 if a finding of this severity or worse is active: failure or warning",
    )


def add_no_pictures(parser: argparse.ArgumentParser) -> None:
    """The flag `--no-pictures`, which sets `pictures` to False."""
    parser.add_argument(
        "--no-pictures",
        "--fast",
        dest="pictures",
        action="store_false",
        help="skip the final pictures, the film and the report; `saddlepoint report RUN --pictures` makes them later",
    )


def add_cure(parser: argparse.ArgumentParser) -> None:
    """The flag `--cure`, short for the setting `training.cure`."""
    parser.add_argument(
        "--cure",
        choices=("off", "suggest", "auto"),
        metavar="HOW",
        help="remedy for a failure: auto goes back to the last checkpoint before it, changes the settings and goes on; "
        "suggest prints at the end what to change; off (the default) does nothing",
    )


def suggest(run: Run, output: Output) -> None:
    """Print the commands that change the settings against the active findings."""
    suggestions = run.suggestions
    commands: dict[str, list[Suggestion]] = {}
    for suggestion in suggestions:
        commands.setdefault(suggestion.flags, []).append(suggestion)
    for flags, alike in commands.items():
        against = ", ".join(dict.fromkeys(suggestion.code for suggestion in alike))
        output.say(f"Against {against}, try {alike[0]}:", "bold")
        output.say(f"    {shell_command('train', run.folder.path, flags)}")
    if not suggestions and any(finding.severity == "failure" for finding in active_findings(run.findings)):
        output.say("No setting helps against these findings; their advice says what to do.")


def exit_code(findings: Iterable[Finding], fail_on: str | None) -> int:
    """3 if an active finding is at least as severe as `fail_on`, else 0."""
    worst = max((SEVERITIES.index(finding.severity) for finding in active_findings(findings)), default=-1)
    return FOUND if fail_on is not None and worst >= SEVERITIES.index(fail_on) else DONE


def finish_training(run: Run, arguments: argparse.Namespace, output: Output) -> int:
    """End `train` or `resume`: with `--json`, print the summary, the folder and the findings as one document."""
    summary, findings = run.summary, run.findings
    if run.recipe.training.cure == "suggest" and not arguments.json:
        suggest(run, output)
    if arguments.json:
        document = {"run": str(run.folder.path), **summary, "findings": [finding.to_json() for finding in findings]}
        if run.folder.contest.exists():
            document["contest"] = read_json(run.folder.contest)
        if run.recipe.training.cure == "suggest":
            suggested = [{"code": each.code, "changes": dict(each.changes)} for each in run.suggestions]
            document["suggestions"] = suggested
        print_json(number_to_json(document))
    return INTERRUPTED if summary.get("state") == "interrupted" else exit_code(findings, arguments.fail_on)
