"""A run is a folder: the one place that knows which file lies where.

Training writes it; diagnosis, reports and the dashboard read it, possibly at the same time and from another process.
"""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from saddlepoint.records.schema import Finding, Record
from saddlepoint.records.store import read_lines


@dataclass(frozen=True)
class RunFolder:
    """The layout of `runs/NAME/`; nothing is read or made before it is asked for."""

    path: Path

    def __fspath__(self) -> str:
        """So that a run's folder can be given wherever a path can."""
        return str(self.path)

    @property
    def recipe(self) -> Path:
        return self.path / "recipe.yaml"

    @property
    def records(self) -> Path:
        return self.path / "records.jsonl"

    @property
    def findings(self) -> Path:
        return self.path / "findings.jsonl"

    @property
    def samples(self) -> Path:
        return self.path / "samples"

    @property
    def figures(self) -> Path:
        return self.path / "figures"

    @property
    def checkpoints(self) -> Path:
        return self.path / "checkpoints"

    @property
    def tensorboard(self) -> Path:
        return self.path / "tensorboard"

    @property
    def scorecard(self) -> Path:
        return self.path / "scorecard.json"

    @property
    def summary(self) -> Path:
        return self.path / "summary.json"

    @property
    def report(self) -> Path:
        return self.path / "report.html"

    @property
    def cures(self) -> Path:
        return self.path / "cures.jsonl"

    def attempt(self, number: int) -> Path:
        """Where the part of the run lies that cure `number` (1, 2, ...) went back behind."""
        return self.path / "attempts" / str(number)

    def exists(self) -> bool:
        """Whether this folder is a run (it holds a recipe)."""
        return self.recipe.is_file()

    def sample_grid(self, step: int) -> Path:
        return self.samples / f"step-{step:08d}.png"

    def checkpoint(self, step: int) -> Path:
        return self.checkpoints / f"step-{step:08d}"

    def read_records(self) -> Iterator[Record]:
        return (Record.from_json(line) for line in read_lines(self.records))

    def read_findings(self) -> Iterator[Finding]:
        return (Finding.from_json(line) for line in read_lines(self.findings))

    def read_cures(self) -> list[dict[str, Any]]:
        """What was tried against failures, in order (see `saddlepoint.experiment.cure`); empty where nothing was."""
        return list(read_lines(self.cures))

    def read_summary(self) -> dict[str, Any]:
        """What the last session wrote at its end (see `saddlepoint.experiment`); empty before that."""
        return json.loads(self.summary.read_text("utf-8")) if self.summary.is_file() else {}


@contextlib.contextmanager
def replaced(path: str | Path, mode: str = "w") -> Iterator[IO[Any]]:
    """Open a temporary file that takes `path`'s place when the block ends well; on an error `path` stays as it was."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
    try:
        with os.fdopen(handle, mode, encoding=None if "b" in mode else "utf-8") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
