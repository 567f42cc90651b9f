"""Write the report of a run after training, under the run's lock."""

from __future__ import annotations

from pathlib import Path

from saddlepoint import report
from saddlepoint.records import RunFolder, find_run, writing
from saddlepoint.report.page import MOST_BYTES


def write_report(folder: RunFolder | str | Path, *, output: Path | None = None, limit: int = MOST_BYTES) -> Path:
    """Write the report of a run and return its path.

    Args:
        folder: the run.
        output: the file to write; by default report.html in the run's folder, which is then locked.
        limit: the largest size of the page in bytes (see `saddlepoint.report.write_report`).

    Raises:
        RunError: there is no such run, or another process is writing to it.
    """
    run = find_run(folder)
    if output is not None:
        output = Path(output)
        output.parent.mkdir(parents=True, exist_ok=True)
        return report.write_report(run, output=output, limit=limit)
    with writing(run, otherwise="wait for it, or write the page elsewhere with --out FILE"):
        return report.write_report(run, limit=limit)
