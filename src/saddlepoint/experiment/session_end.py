"""The end of a session: write the summary, the last pictures, the time-lapse and the report."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from saddlepoint.diagnosis import process_of
from saddlepoint.experiment.context import RunContext
from saddlepoint.experiment.journal import Journal
from saddlepoint.experiment.measurement import Measurement
from saddlepoint.experiment.pictures import Pictures, time_lapse
from saddlepoint.experiment.summary import note_pictures, write_summary
from saddlepoint.models.capabilities import GenerativeModel, has
from saddlepoint.records import Result


class SessionEnd:
    """Ends one session.

    Attributes:
        with_pictures: whether the last pictures, the time-lapse and the report are made.
    """

    def __init__(
        self,
        context: RunContext,
        journal: Journal,
        measurement: Measurement | None,
        pictures: Pictures,
        *,
        with_pictures: bool = True,
        remark: Callable[[], str] = str,
    ) -> None:
        """Prepare the end of a session.

        Args:
            context: the run.
            journal: has the findings.
            measurement: measures the trained model; None where there are no data to compare it with.
            pictures: draws the last pictures.
            with_pictures: see the attribute.
            remark: returns sentences that end the verdict.
        """
        self._context, self._journal = context, journal
        self._measurement, self._pictures = measurement, pictures
        self.with_pictures, self._remark = with_pictures, remark

    def write(self, *, began: float, seconds_before: float, interrupted: bool, saved: int | None) -> dict[str, Any]:
        """Write everything, and call the listener's `finished`.

        Args:
            began: when the session began, by `time.perf_counter`.
            seconds_before: training time of earlier sessions.
            interrupted: whether training was interrupted before its last step.
            saved: step of the newest checkpoint.

        Returns:
            The content of summary.json.
        """
        context = self._context
        # The summary comes first, so that it exists whatever happens to the pictures.
        summary = self._write_summary(interrupted=interrupted, saved=saved)
        self._journal.check_place()
        seconds = {"training": time.perf_counter() - began, "steps": context.state.seconds - seconds_before}
        if not self.with_pictures:
            summary = note_pictures(context.folder, summary, seconds, drawn=False)
            context.listener.finished(summary)
            return summary
        started = time.perf_counter()
        self.draw_last()
        with_pictures = seconds | {"pictures": time.perf_counter() - started}
        summary = note_pictures(context.folder, summary, with_pictures, drawn=True)
        with context.best_effort("The report", "written"):
            self.write_report()
        # The report cannot hold the time that it took itself.
        whole = seconds | {"pictures": time.perf_counter() - started}
        context.listener.finished({**summary, "session_seconds": whole})
        return summary

    def draw_last(self) -> None:
        """Draw the pictures of the trained model, and the time-lapse of its training."""
        context = self._context
        with context.state.averaged(context.model):
            self._pictures.final(context.best_effort, trained=self._can_draw())
        with context.best_effort("The time-lapse"):
            time_lapse(context.folder)

    def _can_draw(self) -> bool:
        """Whether samples of the trained model can be drawn."""
        measurement = self._measurement
        finite = measurement is None or measurement.has_finite_weights()
        return finite and has(self._context.model, GenerativeModel)

    def write_report(self) -> None:
        """Write the run's report.html."""
        from saddlepoint.report import write_report

        write_report(self._context.folder)

    def _write_summary(self, *, interrupted: bool, saved: int | None) -> dict[str, Any]:
        context, findings = self._context, self._journal.findings
        process = process_of(findings, ended=not interrupted)
        state = "interrupted" if interrupted else "failed" if process == "failed" else "finished"
        result: Result | None = None
        measurement = self._measurement
        if measurement is None:
            result = Result.not_measured("there are no data to compare samples with")
        with context.best_effort("The result", "measured"):
            result = result if measurement is None else measurement.result()
        step, seconds = context.state.step, context.state.seconds
        self._journal.check_place()
        return write_summary(
            context.folder,
            context.recipe,
            context.dataset,
            context.model,
            findings=findings,
            saved=saved,
            process=process,
            result=result,
            quality={} if measurement is None else measurement.distances,
            state=state,
            step=step,
            seconds=seconds,
            device=str(context.state.devices.device),
            precision=context.state.devices.precision,
            best=None if measurement is None else measurement.progress.summary_entry(),
            remark=self._remark(),
        )
