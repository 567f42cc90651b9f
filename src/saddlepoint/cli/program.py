"""The command that starts this program: `saddlepoint` where the shell finds it, else the path to it.

In a virtual environment that is not activated, as `make demo` leaves one, the shell knows no `saddlepoint`.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import sys
from pathlib import Path

from saddlepoint.cli.commands import COMMANDS

NAME = "saddlepoint"
_COMMAND = re.compile(rf"(?<![\w/.-]){NAME}(?= (?:{'|'.join(COMMANDS)}|COMMAND|--\w+)\b)")


def program() -> str:
    """The program's name for the shell; a path is relative to the working directory where that is shorter."""
    if shutil.which(NAME) is not None:
        return NAME
    # Not resolved: an environment's python is a link, and its scripts lie beside the link.
    beside = shutil.which(NAME, path=str(Path(sys.executable).parent))
    if beside is None:
        return NAME
    try:
        relative = os.path.relpath(beside)
    except ValueError:  # Windows: on another drive
        relative = beside
    return shlex.quote(min(beside, relative, key=len))


def typed(text: str) -> str:
    """The text with every command in it written so that it can be typed here."""
    return _COMMAND.sub(lambda _: program(), text) if NAME in text else text
