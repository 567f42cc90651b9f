"""A session trains one run: from its start or from a checkpoint, to its end or to an interruption.

The recorder processes the records. Measurements and pictures use their own random generators, so that they do not change
training.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from saddlepoint.data.batches import Batches
from saddlepoint.data.mixed_batches import MixedBatches
from saddlepoint.diagnosis import Diagnosis
from saddlepoint.errors import PartError, RunError, SaddlepointError, is_out_of_memory
from saddlepoint.experiment.auto_remedy import AutoRemedy, PlannedIntervention
from saddlepoint.experiment.context import RunContext
from saddlepoint.experiment.first_checks import first_findings
from saddlepoint.experiment.journal import Journal
from saddlepoint.experiment.listener import Outline
from saddlepoint.experiment.measurement import Measurement
from saddlepoint.experiment.own_parts import describe_stop, find_part
from saddlepoint.experiment.pictures import Pictures
from saddlepoint.experiment.recorder import Recorder
from saddlepoint.experiment.run_checkpoints import Restored, RunCheckpoints
from saddlepoint.experiment.schedule import Every
from saddlepoint.experiment.session_end import SessionEnd
from saddlepoint.records import Finding, Record, shell_command
from saddlepoint.training.interruption import pausing
from saddlepoint.training.loop import play
from saddlepoint.training.threads import using_threads


class Session:
    """One session of a run. `run()` trains; the parts, which `saddlepoint.experiment.assemble` creates, can be read afterwards.

    Attributes:
        planned: the intervention that ended the session, after which another session continues; None if there is none.
    """

    def __init__(
        self,
        context: RunContext,
        batches: Batches | MixedBatches,
        *,
        journal: Journal,
        measurement: Measurement,
        pictures: Pictures,
        diagnosis: Diagnosis,
        recorder: Recorder,
        checkpoints: RunCheckpoints,
        remedies: AutoRemedy,
        end: SessionEnd,
        recycle: Callable[[], Mapping[str, float]],
        notes: Sequence[str] = (),
    ) -> None:
        """Create a session from its parts; nothing is written.

        Args:
            context: shared by the parts.
            batches: of training examples.
            journal: writes records and findings.
            measurement: measures the model.
            pictures: draws samples.
            diagnosis: evaluates the rules.
            recorder: processes every record.
            checkpoints: saves and restores the session.
            remedies: plans interventions.
            end: writes the summary, the last pictures and the report.
            recycle: reinitialises dead units before the first record, and returns values for it.
            notes: for the listener, at the start.
        """
        self.context, self.batches = context, batches
        self.recipe, self.folder, self.listener = context.recipe, context.folder, context.listener
        self.dataset, self.model, self.state = context.dataset, context.model, context.state
        self.journal, self.measurement, self.pictures = journal, measurement, pictures
        self.diagnosis, self.recorder, self.checkpoints = diagnosis, recorder, checkpoints
        self.remedies, self.end, self.notes = remedies, end, notes
        self._recycle = recycle
        self._restored: Restored | None = None
        self.planned: PlannedIntervention | None = None

    @property
    def threads(self) -> int:
        """Number of processor threads that torch uses."""
        return self.context.threads

    def load(self, last: int | None = None) -> None:
        """Continue from the newest complete checkpoint (see `RunCheckpoints.load`, also for errors). Writes nothing.

        Args:
            last: the latest step whose checkpoint may be used; None for any.
        """
        self._restored = self.checkpoints.load(last)

    def first_findings(self) -> list[Finding]:
        """Return the findings on settings, data, networks and losses before the first step."""
        return first_findings(self.context, self.diagnosis)

    def run(self) -> dict[str, Any] | None:
        """Train to the last step or to an interruption (Ctrl-C, SIGTERM), and write everything.

        Returns:
            The content of summary.json; None if the run needs an intervention, which is then `planned` but not yet written;
            another session continues after it.

        Raises:
            PartError: a part of the user's own failed; the run can be resumed from its last checkpoint.
            RunError: the folder can no longer be written; the run can be resumed from its last checkpoint.
        """
        try:
            with using_threads(self.context.threads):
                return self._run()
        except SaddlepointError:
            raise
        except (Exception, SystemExit) as error:
            part = find_part(error, self.context.parts)
            if part is not None and not is_out_of_memory(error):
                parts, step, saved = self.context.parts, self.state.step + 1, self.checkpoints.saved
                raise PartError(describe_stop(error, part, parts, self.folder.path, step, saved)) from error
            if not isinstance(error, OSError):
                raise
            raise RunError(
                f"{self.folder.path}: training stopped at step {self.state.step:,} because a file could not be read or "
                f"written: {error}. Fix that (is the disk full?), then resume: {shell_command('resume', self.folder.path)}"
            ) from error

    def _run(self) -> dict[str, Any] | None:
        began, seconds_before = time.perf_counter(), self.state.seconds
        self.listener.started(self._outline())
        for note in self.notes:
            self.listener.note(note)
        self.folder.summary.unlink(missing_ok=True)  # it is of an earlier session
        restored = self._restored
        positions = None if restored is None else restored.positions
        with self.journal.opened(positions, self.state.step), pausing(self.state):
            if restored is not None:
                self.recorder.resume(self.folder.read_records(), restored.previous)
                if restored.changed:  # replace the checkpoint that was written with the earlier settings
                    self._save()
                interrupted = self._train()
            else:
                interrupted = False if self._begin() else self._train()
        if self.planned is not None:
            return None
        saved = self.checkpoints.saved
        return self.end.write(began=began, seconds_before=seconds_before, interrupted=interrupted, saved=saved)

    def _outline(self) -> Outline:
        return Outline(
            name=self.recipe.name,
            folder=str(self.folder.path),
            data=repr(self.dataset),
            players=self.model.parameter_counts(),
            start=self.state.step,
            steps=self.recipe.training.steps,
            device=str(self.state.devices.device),
            precision=self.state.devices.precision,
            suggests=self.recipe.training.cure == "suggest",
            pictures=self.end.with_pictures,
        )

    def _begin(self) -> bool:
        """Record findings on the data and the untrained model; return whether training should stop before it starts."""
        findings = self.first_findings()
        self.recorder.report(findings)
        return self._record(Record(0, 0.0, self._recycle())) or self._stops(findings)

    def _train(self) -> bool:
        """Train the remaining steps; return whether training was interrupted."""
        training = self.recipe.training
        tick = self.recipe.evaluation.record_interval(training.tick, training.steps)
        checkpoint_due = Every(training.checkpoint_every, training.steps)
        for record in play(self.model, self.batches, training.model_copy(update={"tick": tick}), self.state):
            if record is not None:
                previous = self.recorder.previous
                stop = self._record(record)
                if self.planned is not None:
                    return False
                best = self.measurement.best
                improved = best is not None and best["step"] == record.step
                if improved or stop or checkpoint_due(previous, record.step):
                    self._save()
                if stop or record.step == training.steps:
                    return False
            if self.state.pause:
                self._save()
                then = ": drawing the last pictures ..." if self.end.with_pictures else "."
                self.listener.note(f"Interrupted at step {self.state.step:,}{then}")
                return True
        return False

    def _record(self, record: Record) -> bool:
        """Process a record; return whether training should stop because of an intervention or a finding."""
        opened = self.recorder.record(record)
        self.planned = self.remedies.plan(opened, record.step)
        return self.planned is not None or self._stops(opened)

    def _stops(self, findings: Iterable[Finding]) -> bool:
        return any(finding.code in self.recipe.training.stop_on for finding in findings)

    def _save(self) -> None:
        self.checkpoints.save(self.recorder.previous)
