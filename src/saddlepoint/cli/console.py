"""Output of commands: to stdout, or to stderr where stdout is reserved for one JSON document."""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING, Any

from rich.console import Console

from saddlepoint.cli.program import typed
from saddlepoint.errors import printable
from saddlepoint.records import Finding

if TYPE_CHECKING:
    from saddlepoint.progress import Display

PROCESS_STYLES = {
    "no failure found": "bold green",
    "at risk": "bold yellow",
    "failing": "bold red",
    "failed": "bold red",
}
SEVERITY_STYLES = {"info": "cyan", "warning": "yellow", "failure": "bold red"}


class Output(Console):
    """A console that stops printing, instead of ending the program, when its reader leaves, so that training goes on."""

    def on_broken_pipe(self) -> None:
        """Print nothing more once the reader of the output has left."""
        self.quiet = True
        os.dup2(os.open(os.devnull, os.O_WRONLY), self.file.fileno())

    def say(self, text: str = "", style: str | None = None) -> None:
        """Print one line without interpreting markup and, where there is no terminal, without wrapping it."""
        self.print(typed(printable(text)), style=style, markup=False, highlight=False, emoji=False, soft_wrap=True)

    def say_finding(self, finding: Finding) -> None:
        """Print a finding in the colour of its severity, with its advice below; a closed one is printed dimly."""
        if finding.state == "closed":
            self.say(f"{finding.code}: {finding.title}", "dim")
            return
        where = f", step {finding.step:,}" if finding.step else ""
        self.say(f"{finding.code} ({finding.severity}{where}): {finding.title}", SEVERITY_STYLES[finding.severity])
        if finding.advice:
            self.say(f"    {finding.advice}")


def console(json: bool = False) -> Output:
    """A console for a command, with colours where the terminal has them and NO_COLOR is not set."""
    return Output(stderr=json)


def progress_display() -> Display:
    """The display of one piece of work, on stderr whether or not stdout is reserved for JSON. Use as a context manager."""
    from saddlepoint.progress import Display

    waiting = console(json=True)
    return Display(waiting, every=5.0, share=1.0, summary=False, say=waiting.say)


def print_json(document: Any) -> None:
    """Print the one JSON document of a command with `--json`."""
    json.dump(document, sys.stdout, indent=2, allow_nan=False)
    sys.stdout.write("\n")
