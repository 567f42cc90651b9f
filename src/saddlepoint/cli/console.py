"""Where a command prints: to stdout, or to stderr where stdout is kept for one JSON document."""

from __future__ import annotations

import json
import os
import sys
from typing import Any

from rich.console import Console

from saddlepoint.cli.program import typed
from saddlepoint.errors import printable
from saddlepoint.records import Finding

PROCESS_STYLES = {
    "no failure found": "bold green",
    "at risk": "bold yellow",
    "failing": "bold red",
    "failed": "bold red",
}
SEVERITY_STYLES = {"info": "cyan", "warning": "yellow", "failure": "bold red"}


class Output(Console):
    """A console that goes silent, instead of ending the program, when its reader leaves: a training goes on."""

    def on_broken_pipe(self) -> None:
        """Print nothing more once the reader of the output has left."""
        self.quiet = True
        os.dup2(os.open(os.devnull, os.O_WRONLY), self.file.fileno())

    def say(self, text: str = "", style: str | None = None) -> None:
        """One line as it is: no markup is read into it, and without a terminal it is not broken. Commands can be typed."""
        self.print(typed(printable(text)), style=style, markup=False, highlight=False, emoji=False, soft_wrap=True)

    def say_finding(self, finding: Finding) -> None:
        """A finding in the colour of its severity, what to do about it below; one that closed, quietly."""
        if finding.state == "closed":
            self.say(f"{finding.code}: {finding.title}", "dim")
            return
        where = f", step {finding.step:,}" if finding.step else ""
        self.say(f"{finding.code} ({finding.severity}{where}): {finding.title}", SEVERITY_STYLES[finding.severity])
        if finding.advice:
            self.say(f"    {finding.advice}")


def console(json: bool = False) -> Output:
    """Colours where the terminal has them and NO_COLOR is not set."""
    return Output(stderr=json)


def print_json(document: Any) -> None:
    """The one JSON document of a command with `--json`."""
    json.dump(document, sys.stdout, indent=2, allow_nan=False)
    sys.stdout.write("\n")
