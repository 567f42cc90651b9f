"""How a command that trains or checks ends: its JSON document and its exit code."""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from typing import TYPE_CHECKING

from saddlepoint.cli.console import print_json
from saddlepoint.records import SEVERITIES, Finding
from saddlepoint.records.schema import number_to_json

if TYPE_CHECKING:
    from saddlepoint.experiment import Run

DONE, FOUND, INTERRUPTED = 0, 3, 130


def add_fail_on(parser: argparse.ArgumentParser) -> None:
    """The flag `--fail-on`."""
    parser.add_argument(
        "--fail-on",
        choices=SEVERITIES[:0:-1],
        metavar="SEVERITY",
        help="exit with 3 where a finding of this severity or a graver one stands: failure or warning",
    )


def exit_code(findings: Iterable[Finding], fail_on: str | None) -> int:
    """3 where a finding is at least as grave as `fail_on`, else 0."""
    gravest = max((SEVERITIES.index(finding.severity) for finding in findings), default=-1)
    return FOUND if fail_on is not None and gravest >= SEVERITIES.index(fail_on) else DONE


def trained(run: Run, arguments: argparse.Namespace) -> int:
    """Ends `train` and `resume`: with `--json`, the summary, the folder and the findings in one document."""
    summary, findings = run.summary, run.findings
    if arguments.json:
        document = {"run": str(run.folder.path), **summary, "findings": [finding.to_json() for finding in findings]}
        print_json(number_to_json(document))
    return INTERRUPTED if summary.get("state") == "interrupted" else exit_code(findings, arguments.fail_on)
