"""Commands to paste into a shell, with every word quoted where the shell needs it."""

from __future__ import annotations

import shlex
from pathlib import Path


def shell_command(verb: str, path: str | Path, *rest: str) -> str:
    """The command that applies `verb` to the run or recipe at `path`: "saddlepoint resume 'my runs/gan-1' --steps 200".

    Args:
        verb: a command of this program.
        path: as the shell at which the command is pasted finds it.
        rest: options; already quoted, empty ones are left out.
    """
    word = str(path)
    if word.startswith("-"):  # it would be read as an option
        word = f"./{word}"
    return " ".join(["saddlepoint", verb, shlex.quote(word), *filter(None, rest)])


def retrain_command(run: str | Path) -> str:
    """The command that trains a run again in its own folder, by the recipe that lies there.

    Args:
        run: the run's folder, as the shell at which the command is pasted finds it.
    """
    return shell_command("train", run, f"--run={shlex.quote(str(run))}", "--overwrite")
