"""The layout of a run folder.

Training writes the folder; diagnosis, reports and the dashboard read it, possibly at the same time from other processes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from saddlepoint.arguments import check_path
from saddlepoint.records.schema import Finding, Record
from saddlepoint.records.store import placed_lines
from saddlepoint.records.summary import checked_cure, read_summary


@dataclass(frozen=True)
class RunFolder:
    """The files of `runs/NAME/`; nothing is read or created before it is needed."""

    path: Path

    def __post_init__(self) -> None:
        object.__setattr__(self, "path", check_path("RunFolder", "path", self.path))  # the dataclass is frozen

    def __fspath__(self) -> str:
        """So that a run's folder can be given wherever a path can."""
        return str(self.path)

    @property
    def recipe(self) -> Path:
        """The resolved recipe, which repeats the run."""
        return self.path / "recipe.yaml"

    @property
    def records(self) -> Path:
        """Records, one a line."""
        return self.path / "records.jsonl"

    @property
    def findings(self) -> Path:
        """Findings, one a line."""
        return self.path / "findings.jsonl"

    @property
    def samples(self) -> Path:
        """The folder of sample grids."""
        return self.path / "samples"

    @property
    def figures(self) -> Path:
        """The folder of pictures for the report."""
        return self.path / "figures"

    @property
    def checkpoints(self) -> Path:
        """The folder of checkpoints."""
        return self.path / "checkpoints"

    @property
    def table(self) -> Path:
        """Of a model of a table: its schema and encoding, by which samples become rows."""
        return self.path / "table.json"

    @property
    def contest(self) -> Path:
        """Of a run of `auto-table`: how its recipe was chosen."""
        return self.path / "contest.json"

    @property
    def table_card(self) -> Path:
        """Of a model of a table: the scores of its rows in the last evaluation."""
        return self.path / "table_card.json"

    @property
    def table_page(self) -> Path:
        """Of a model of a table: the page of these scores, with histograms and pairs of columns."""
        return self.path / "table.html"

    @property
    def tensorboard(self) -> Path:
        """The folder of TensorBoard's event files."""
        return self.path / "tensorboard"

    @property
    def scorecard(self) -> Path:
        """The scores of the last evaluation."""
        return self.path / "scorecard.json"

    @property
    def summary(self) -> Path:
        """State, verdict and last values."""
        return self.path / "summary.json"

    @property
    def report(self) -> Path:
        """The report, one page that opens offline."""
        return self.path / "report.html"

    @property
    def cures(self) -> Path:
        """Applied remedies, one a line."""
        return self.path / "cures.jsonl"

    def attempt(self, number: int) -> Path:
        """The folder of the part of the run that remedy `number` (1, 2, ...) gave up."""
        return self.path / "attempts" / str(number)

    def exists(self) -> bool:
        """Whether this folder is a run (it holds a recipe)."""
        return self.recipe.is_file()

    def sample_grid(self, step: int) -> Path:
        """The grid of samples at a step."""
        return self.samples / f"step-{step:08d}.png"

    def checkpoint(self, step: int) -> Path:
        """The checkpoint of a step."""
        return self.checkpoints / f"step-{step:08d}"

    def read_records(self) -> Iterator[Record]:
        """All records, the oldest first."""
        return (Record.from_json(line, where) for where, line in placed_lines(self.records))

    def read_findings(self) -> Iterator[Finding]:
        """All findings, the oldest first."""
        return (Finding.from_json(line, where) for where, line in placed_lines(self.findings))

    def read_cures(self) -> list[dict[str, Any]]:
        """The interventions, in order (see `saddlepoint.experiment.interventions`); empty without."""
        return [checked_cure(line, where) for where, line in placed_lines(self.cures)]

    def read_summary(self) -> dict[str, Any]:
        """What the last session wrote at its end (see `saddlepoint.experiment`); empty before that."""
        return read_summary(self.summary)
