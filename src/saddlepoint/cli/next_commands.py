"""The commands that a run's end proposes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from saddlepoint.diagnosis.verdict import FAILED, FAILING, NO_FAILURE_FOUND, Process
from saddlepoint.records import shell_command


def next_commands(
    run: Path,
    state: str,
    step: int,
    remedies: Sequence[str],
    best_step: int | None = None,
    suggests: bool = False,
    keep_rate: str = "",
    *,
    saved: bool = True,
    process: Process = NO_FAILURE_FOUND,
) -> list[str]:
    """Two or three commands that suit how the run ended. A recipe that fails, or may, is not trained further.

    Args:
        run: the run's folder.
        state: "finished", "interrupted" or "failed".
        step: the last step.
        remedies: options that change settings against the active findings, the most severe first.
        best_step: the best step; where it is not the last, its samples are proposed.
        suggests: whether remedies are printed elsewhere.
        keep_rate: option that keeps the learning rate when training longer; empty where the rate does not depend on it.
        saved: whether there is a checkpoint to draw samples from.
        process: the verdict's view of the training process.

    Returns:
        Commands as they are typed.
    """
    goes_on = state == "interrupted" and process not in (FAILING, FAILED)
    commands = [shell_command("resume", run)] if goes_on else []
    best = "" if best_step in (None, step) else "--step best"
    if saved:
        commands.append(shell_command("sample", run, "-n 64", best))
    if remedies and not suggests:
        commands.append(shell_command("train", run, remedies[0]))
    elif not remedies and process != NO_FAILURE_FOUND:  # nothing that settings change: the advice says what to do
        commands.append(shell_command("diagnose", run))
    elif not remedies and state != "interrupted":
        commands.append(shell_command("resume", run, f"--steps {2 * step}", keep_rate))
        commands.append(shell_command("train", run, "--training.seed 1"))
    return commands
