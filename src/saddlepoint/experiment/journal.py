"""The journal of a session: writes every record and finding to the run's files and to TensorBoard, and calls the listener."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Mapping

from torch import Tensor

from saddlepoint.errors import RunError
from saddlepoint.experiment.best_effort import BestEffort
from saddlepoint.experiment.listener import Listener
from saddlepoint.experiment.tensorboard import TensorBoard
from saddlepoint.records import Finding, JsonLines, Record, RunFolder
from saddlepoint.records.store import placed_lines, require_length


class Journal:
    """Writes records and findings while its files are open (see `opened`).

    An error in the run's own files is raised, since they must be complete. TensorBoard's log is a copy: an error in it is
    reported and does not stop training.

    Attributes:
        findings: of the whole run, including earlier sessions.
    """

    def __init__(self, folder: RunFolder, listener: Listener, best_effort: BestEffort) -> None:
        """Prepare a journal; nothing is written yet.

        Args:
            folder: of the run.
            listener: gets callbacks.
            best_effort: a context for writing TensorBoard's log.
        """
        self._folder, self._listener, self._best_effort = folder, listener, best_effort
        self.findings: list[Finding] = []

    @contextlib.contextmanager
    def opened(self, positions: Mapping[str, int] | None, step: int) -> Iterator[None]:
        """Open the files for the block.

        Args:
            positions: the result of `positions` at the step where the run continues; later lines are removed. None starts with
                empty files.
            step: steps done.

        Raises:
            RunError: a file is shorter than its position.
        """
        lengths = positions or {"records": 0, "findings": 0}
        self._place = self._folder.path.stat()
        with (
            JsonLines(self._folder.records, truncate_to=lengths["records"]) as self._record_lines,
            JsonLines(self._folder.findings, truncate_to=lengths["findings"]) as self._finding_lines,
        ):
            self.findings = list(self._folder.read_findings())
            self._board = TensorBoard(self._folder.tensorboard, first_step=0 if positions is None else step + 1)
            try:
                yield
            finally:
                with self._best_effort("The TensorBoard log", "written"):
                    self._board.close()

    def check(self, positions: Mapping[str, int]) -> None:
        """Check everything that `opened` would keep at these positions; writes nothing.

        Args:
            positions: see `opened`.

        Raises:
            RunError: a file is shorter than its position, a link, or damaged.
        """
        for path, parse in ((self._folder.records, Record.from_json), (self._folder.findings, Finding.from_json)):
            length = positions[path.stem]
            require_length(path, length)
            for where, line in placed_lines(path, length):
                parse(line, where)

    def check_place(self) -> None:
        """Check that the run's folder is still the one that was opened.

        Raises:
            RunError: it was removed or replaced.
        """
        try:
            same = os.path.samestat(self._place, self._folder.path.stat())
        except OSError:
            same = False
        if not same:
            raise RunError(
                f"{self._folder.path}: the run's folder was removed or replaced while it was written, so training has "
                "stopped. Restore the folder and resume it, or train again."
            )

    def positions(self) -> dict[str, int]:
        """Write the files to disk, and return their lengths in bytes by name."""
        self.check_place()
        self._record_lines.sync()
        self._finding_lines.sync()
        return {"records": self._record_lines.size, "findings": self._finding_lines.size}

    def record(self, record: Record) -> None:
        """Write a record."""
        self.check_place()
        self._record_lines.append(record.to_json())
        with self._best_effort("The TensorBoard log", "written"):
            self._board.record(record)
        self._listener.record(record)

    def finding(self, finding: Finding) -> None:
        """Write a finding that opened, became more severe or closed."""
        self.findings.append(finding)
        self._finding_lines.append(finding.to_json())
        with self._best_effort("The TensorBoard log", "written"):
            self._board.finding(finding)
        self._listener.finding(finding)

    def samples(self, step: int, heads: Mapping[str, Tensor]) -> None:
        """Copy the sample picture of a step to TensorBoard, with histograms.

        Args:
            step: its sample picture is already in the run's folder.
            heads: outputs of the encoder's heads by name, for the histograms.
        """
        with self._best_effort("The TensorBoard log", "written"):
            self._board.picture("samples", self._folder.sample_grid(step), step)
            self._board.histograms(heads, step)
