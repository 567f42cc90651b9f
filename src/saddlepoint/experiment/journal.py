"""What a session writes down as it goes: every record and finding, in the run's files, for TensorBoard and to the listener."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Mapping

from torch import Tensor

from saddlepoint.errors import RunError
from saddlepoint.experiment.best_effort import Sparing
from saddlepoint.experiment.listener import Listener
from saddlepoint.experiment.tensorboard import TensorBoard
from saddlepoint.records import Finding, JsonLines, Record, RunFolder
from saddlepoint.records.store import placed_lines, require_length


class Journal:
    """One session's; it is written within `opened`.

    The run's own files must take every line, so an error in them is raised; TensorBoard's log is a copy, and spared.
    findings: the whole run's, those of earlier sessions included.
    """

    def __init__(self, folder: RunFolder, listener: Listener, spared: Sparing) -> None:
        self._folder, self._listener, self._spared = folder, listener, spared
        self.findings: list[Finding] = []

    @contextlib.contextmanager
    def opened(self, positions: Mapping[str, int] | None, step: int) -> Iterator[None]:
        """Open it where the run is at `step`.

        positions: as `positions` gave them at that step: what was written later is cut off. None begins both files anew.

        Raises:
            RunError: a file is shorter than that.
        """
        kept = positions or {"records": 0, "findings": 0}
        self._place = self._folder.path.stat()
        with (
            JsonLines(self._folder.records, truncate_to=kept["records"]) as self._records,
            JsonLines(self._folder.findings, truncate_to=kept["findings"]) as self._found,
        ):
            self.findings = list(self._folder.read_findings())
            self._board = TensorBoard(self._folder.tensorboard, first_step=0 if positions is None else step + 1)
            try:
                yield
            finally:
                with self._spared("The TensorBoard log", "written"):
                    self._board.close()

    def check(self, positions: Mapping[str, int]) -> None:
        """Read everything that `opened` will keep at these positions, and write nothing.

        Raises:
            RunError: a file is shorter than that, a link, or damaged.
        """
        for path, parse in ((self._folder.records, Record.from_json), (self._folder.findings, Finding.from_json)):
            length = positions[path.stem]
            require_length(path, length)
            for where, line in placed_lines(path, length):
                parse(line, where)

    def check_place(self) -> None:
        """Raises RunError where the run's folder was removed, or replaced by another one, since it was opened."""
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
        """How long the files are, once the disk holds them."""
        self.check_place()
        self._records.sync()
        self._found.sync()
        return {"records": self._records.size, "findings": self._found.size}

    def record(self, record: Record) -> None:
        """Write a record to the folder, to TensorBoard and to the listener."""
        self.check_place()
        self._records.append(record.to_json())
        with self._spared("The TensorBoard log", "written"):
            self._board.record(record)
        self._listener.record(record)

    def finding(self, finding: Finding) -> None:
        """Write a finding to the folder, to TensorBoard and to the listener."""
        self.findings.append(finding)
        self._found.append(finding.to_json())
        with self._spared("The TensorBoard log", "written"):
            self._board.finding(finding)
        self._listener.finding(finding)

    def looks(self, step: int, heads: Mapping[str, Tensor]) -> None:
        """The sample picture of `step`, and histograms of `heads`, for TensorBoard; the picture has its own file already."""
        with self._spared("The TensorBoard log", "written"):
            self._board.picture("samples", self._folder.sample_grid(step), step)
            self._board.histograms(heads, step)
