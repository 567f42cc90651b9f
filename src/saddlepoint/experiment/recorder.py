"""Processes the records of a run, for any training loop.

A training loop passes its records to the recorder. The recorder adds the measurements that are due, writes the record, evaluates
the rules, reports their findings, and performs the other actions that are due, such as drawing samples.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from saddlepoint.diagnosis import Diagnosis
from saddlepoint.experiment.journal import Journal
from saddlepoint.experiment.schedule import FIRST, Due
from saddlepoint.records import Finding, Record

Series = Callable[[int], Mapping[str, float]]
"""Step -> values to add to the record of that step, by series."""
Action = Callable[[int], object]
"""Something to do after the record of a step was written."""


class Recorder:
    """Processes the records of one session.

    Attributes:
        series: (schedule, function that adds values to a record), in order.
        actions: (schedule, function that is called after a record was written), in order.
        previous: step of the previous record; -1 before the first one.
    """

    def __init__(
        self,
        journal: Journal,
        diagnosis: Diagnosis,
        series: Sequence[tuple[Due, Series]] = (),
        actions: Sequence[tuple[Due, Action]] = (),
    ) -> None:
        """Create a recorder.

        Args:
            journal: writes records and findings.
            diagnosis: evaluates the rules.
            series: see the attribute.
            actions: see the attribute.
        """
        self._journal, self._diagnosis = journal, diagnosis
        self.series, self.actions = series, actions
        self.previous = FIRST

    def report(self, findings: Iterable[Finding]) -> None:
        """Write findings that do not come from records, such as those on the data."""
        for finding in findings:
            self._journal.finding(finding)

    def resume(self, records: Iterable[Record], previous: int) -> None:
        """Continue after the records of earlier sessions.

        Args:
            records: all of them, in order.
            previous: step of the last record whose actions were performed.
        """
        self._diagnosis.resume(records)
        self.previous = previous

    def record(self, record: Record) -> list[Finding]:
        """Complete and write a record, and perform the actions that are due.

        Args:
            record: the values of one tick of training.

        Returns:
            The findings that opened.
        """
        step, previous = record.step, self.previous
        values = dict(record.values)
        for due, series in self.series:
            if due(previous, step):
                values |= series(step)
        record = replace(record, values=values)
        self._journal.record(record)
        changes = self._diagnosis.watch(record)
        self.report(changes)
        for due, action in self.actions:
            if due(previous, step):
                action(step)
        self.previous = step
        return [finding for finding in changes if finding.state == "open"]
