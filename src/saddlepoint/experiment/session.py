"""A session trains one run, from its start or from a checkpoint, to its end or to an interruption.

It joins what knows nothing of each other: data, model and loop on one side; records, diagnosis, quality, pictures and
report on the other. All it draws at random for measurements and pictures comes from generators of their own, so that
watching a run does not change it.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from saddlepoint.data.batches import Batches
from saddlepoint.data.dataset import Dataset
from saddlepoint.data.preflight import preflight
from saddlepoint.diagnosis import process_of
from saddlepoint.diagnosis.unusual_settings import unusual_settings
from saddlepoint.errors import RunError
from saddlepoint.experiment import compute, cure
from saddlepoint.experiment.auto_remedy import Treatment
from saddlepoint.experiment.batch_statistics import check_batch_statistics
from saddlepoint.experiment.best_effort import Sparing
from saddlepoint.experiment.cure import Cure
from saddlepoint.experiment.journal import Journal
from saddlepoint.experiment.listener import Listener, Outline
from saddlepoint.experiment.live_diagnosis import start_diagnosis
from saddlepoint.experiment.measurement import Measurement
from saddlepoint.experiment.objective_checks.check import mistakes, output_range
from saddlepoint.experiment.pictures import Pictures, time_lapse
from saddlepoint.experiment.summary import note_pictures, write_summary
from saddlepoint.models.base import Model
from saddlepoint.objectives.phase import Batch
from saddlepoint.recipe import Recipe
from saddlepoint.records import Finding, Record, Result, RunFolder, shell_command
from saddlepoint.training import Devices, TrainingState, checkpoint
from saddlepoint.training.interruption import pausing
from saddlepoint.training.loop import play
from saddlepoint.training.precision_check import bf16_deviation
from saddlepoint.training.threads import threads_for, using_threads

KEPT_FOR_A_CURE = 5  # checkpoints
TRIED = 64  # examples on which the objective is tried before the first step


class Session:
    """One sitting of a run. `run()` trains; what it found and measured stays readable afterwards.

    cures: how many cures the run had before this sitting. cure: the one that ended it, with the recipe to go on by.
    """

    def __init__(
        self,
        recipe: Recipe,
        folder: RunFolder,
        dataset: Dataset,
        model: Model,
        listener: Listener | None = None,
        *,
        pictures: bool = True,
    ) -> None:
        """Makes everything that training needs, without writing to the folder.

        Args:
            pictures: whether the last pictures, the film and the report are made when training ends. Samples are drawn
                while it trains in any case.

        Raises:
            DataError: fewer examples than a batch.
            SettingError: the device is not there, a player cannot be trained, or BatchNorm cannot normalise the batch.
        """
        self.recipe, self.folder, self.dataset, self.model = recipe, folder, dataset, model
        self.illustrated = pictures
        self.listener = listener or Listener()
        training = recipe.training
        self.devices = Devices.choose(training.device, training.precision, model)
        self.threads = threads_for(model, training.batch_size, training.threads)
        self.state = TrainingState.start(model, training, self.devices)
        self.batches = Batches(dataset, training.batch_size, training.seed, self.devices.device, model.scaling)
        check_batch_statistics(model, dataset.x[: training.batch_size])
        self._notes = [*dataset.notes, *model.notes, *self._check_precision()]
        self.spared = Sparing(self.listener)
        self.journal = Journal(folder, self.listener, self.spared)
        self.measurement = Measurement(recipe, dataset, model, self.state, self.spared)
        self.pictures = Pictures(folder, dataset, model, training.seed, training.samples)
        self.diagnosis = start_diagnosis(recipe, self.devices.precision)
        self.treatment = Treatment(recipe, folder, self.diagnosis)
        self.cures = len(cure.read(folder))
        self.cure: tuple[Cure, Recipe] | None = None
        self._changed = False
        self._previous = 0
        self._positions: Mapping[str, int] | None = None
        self._saved: int | None = None
        self._began = self._seconds_before = 0.0

    def _check_precision(self) -> list[str]:
        """Fall back to fp32 where bf16 computes something else; returns the note that says so."""
        if self.devices.precision != "bf16":
            return []
        wrong = bf16_deviation(self.model, Batch(*self.batches[0]), self.devices)
        if not wrong:
            return []
        self.devices = self.state.devices = replace(self.devices, precision="fp32")
        return [f"Training in fp32, since bf16 computes wrongly on this machine: {wrong}."]

    def load(self, last: int | None = None) -> None:
        """Go on from the newest checkpoint that is whole; damaged ones are named to the listener. Writes nothing.

        Args:
            last: the latest step whose checkpoint may be used; None for any.

        Raises:
            RunError: there is no checkpoint that can be loaded, it belongs to another model, the run's records are damaged,
                or the data have changed.
        """
        if not checkpoint.exists(self.folder, last):
            # Killed before its first checkpoint, or while it wrote that: nothing is lost but those steps.
            self.listener.note(f"{self.folder.path} has no checkpoint yet: training starts again from the first step.")
            return
        path, skipped = checkpoint.newest_valid(self.folder, last)
        for sentence in skipped:
            self.listener.note(sentence)
        extra = checkpoint.read_manifest(path)["extra"]
        missing = [
            name for name in ("fingerprint", "arithmetic", "measured", "positions", "previous") if name not in extra
        ]
        if missing:
            raise RunError(
                f"{path / 'manifest.json'}: extra: {missing[0]} is missing, so the run cannot go on from it."
            )
        if extra["fingerprint"] != self.dataset.fingerprint:
            raise RunError(
                f"{self.folder.path}: the data have changed since this run was trained on them ({self.dataset.name}, now "
                f"{len(self.dataset):,} examples): restore the examples it began with, or train again: "
                f"{shell_command('train', self.folder.path)}"
            )
        if (
            extra.get("cures", 0) < self.cures
        ):  # the first sitting after a cure: the settings are no longer those of then
            for player in checkpoint.load_fitting(path, self.model, self.state):
                self.listener.note(f"The {self.model.roles[player]} has other layers now: it starts with new weights.")
            self._changed = True
        else:
            checkpoint.load(path, self.model, self.state)
            self.devices, self.threads = compute.continued(extra["arithmetic"], self.devices, self.listener)
            self.state.devices = self.devices
        try:
            self.measurement.load(extra["measured"])
        except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
            raise RunError(f"{path / 'manifest.json'}: extra: measured: it cannot be read ({error!r}).") from None
        self._positions = extra["positions"]
        self._previous, self._saved = extra["previous"], self.state.step
        self.journal.check(extra["positions"])

    def run(self) -> dict[str, Any] | None:
        """Train to the last step or to an interruption (Ctrl-C, SIGTERM), write everything, return the summary.

        None where a failure is to be cured: `cure` says how, nothing is written yet, and another session goes on.

        Raises RunError where the folder can no longer be written; what was saved before can be resumed.
        """
        try:
            with using_threads(self.threads):
                return self._run()
        except OSError as error:
            raise RunError(
                f"{self.folder.path}: training stopped at step {self.state.step:,} because a file could not be read or "
                f"written: {error}. Fix that (is the disk full?), then go on: {shell_command('resume', self.folder.path)}"
            ) from error

    def _run(self) -> dict[str, Any] | None:
        self._began, self._seconds_before = time.perf_counter(), self.state.seconds
        self.listener.started(
            Outline(
                name=self.recipe.name,
                folder=str(self.folder.path),
                data=repr(self.dataset),
                players=self.model.parameter_counts(),
                start=self.state.step,
                steps=self.recipe.training.steps,
                device=str(self.devices.device),
                precision=self.devices.precision,
                suggests=self.recipe.training.cure == "suggest",
                pictures=self.illustrated,
            )
        )
        for note in self._notes:
            self.listener.note(note)
        self.folder.summary.unlink(missing_ok=True)  # it tells of an earlier session
        resumed = self._positions is not None
        with self.journal.opened(self._positions, self.state.step), pausing(self.state):
            if resumed:
                self.diagnosis.resume(self.folder.read_records())
            if self._changed:
                self._checkpoint()  # in place of the one of before the cure, whose settings were others
            interrupted = False if not resumed and self._begin() else self._train()
        if self.cure is not None:
            return None
        return self._finish(interrupted)

    def _begin(self) -> bool:
        """Findings on the data, and the untrained model: what every later number is compared with.

        True where training should not even start over them.
        """
        found = self.findings_before()
        for finding in found:
            self.journal.finding(finding)
        anew = self.measurement.recycle() if self.recipe.training.recycle_every else {}
        record = Record(0, 0.0, {**anew, **self.measurement.look(), **self.measurement.measure(0)})
        self.journal.record(record)
        stop = self._watch(record)
        self._draw(0)
        return stop or self._stops(found)

    def findings_before(self) -> list[Finding]:
        """What is known before the first step: of the settings, of the data, and of networks and losses on one batch."""
        parameters = sum(self.model.parameter_counts().values())
        bounds, found = self.model.output_range, []
        with self.spared("The trial of the networks and losses", "made"):  # they may be the user's own
            bounds = output_range(self.model)
            few = self.dataset.x[: min(TRIED, len(self.dataset))]
            found = mistakes(self.model, few.to(self.devices.device))
        batch_size = self.recipe.training.batch_size
        unusual = unusual_settings(self.diagnosis.facts.settings, batch_norm=self.model.normalises_batches)
        data = preflight(self.dataset, batch_size, bounds, parameters, self.model.scaling)
        return [*([] if unusual is None else [unusual]), *data, *found]

    def _train(self) -> bool:
        """Play to the end; True where it was interrupted."""
        training, evaluation = self.recipe.training, self.recipe.evaluation
        probe_every = evaluation.probe_interval(training.steps)
        measure_every = evaluation.measurement_interval(training.steps)
        tick = evaluation.record_interval(training.tick, training.steps)
        for record in play(self.model, self.batches, training.model_copy(update={"tick": tick}), self.state):
            if record is not None:
                step, improved = record.step, False
                if self._due(step, probe_every):
                    record = replace(record, values={**record.values, **self.measurement.look()})
                if self._due(step, measure_every):
                    record = replace(record, values={**record.values, **self.measurement.measure(step)})
                    improved = self.measurement.best is not None and self.measurement.best["step"] == step
                if self._recycles(step):
                    record = replace(record, values={**record.values, **self.measurement.recycle()})
                self.journal.record(record)
                stop = self._watch(record)
                if self._due(step, training.sample_every):
                    self._draw(step)
                due = improved or stop or self._due(step, training.checkpoint_every)
                if self.cure is not None:
                    return False
                self._previous = step
                if due:
                    self._checkpoint()
                if stop or step == training.steps:
                    return False
            if self.state.pause:
                self._checkpoint()
                then = ": drawing the last pictures ..." if self.illustrated else "."
                self.listener.note(f"Interrupted at step {self.state.step:,}{then}")
                return True
        return False

    def _due(self, step: int, every: int) -> bool:
        """Whether a multiple of `every` was passed since the previous record, or this is the last step."""
        return step // every > self._previous // every or step == self.recipe.training.steps

    def _recycles(self, step: int) -> bool:
        """Whether dead units are reinitialised at this step. In whole ticks of the settings: records may be closer together."""
        training = self.recipe.training
        if not training.recycle_every or step % training.tick or step == training.steps:
            return False
        return step // training.recycle_every > (step - training.tick) // training.recycle_every

    def _watch(self, record: Record) -> bool:
        """Report what this record brings up; True where training should stop over it."""
        changes = self.diagnosis.watch(record)
        for finding in changes:
            self.journal.finding(finding)
        new = [finding for finding in changes if finding.state == "open"]
        self.cure = self.treatment.of(new, record.step)
        return self.cure is not None or self._stops(new)

    def _stops(self, found: Sequence[Finding]) -> bool:
        return any(finding.code in self.recipe.training.stop_on for finding in found)

    def _draw(self, step: int) -> None:
        self.journal.check_place()
        with self.spared("A sample picture"):
            if self.measurement.has_finite_weights() and not self.measurement.fit():
                return
            with self.state.averaged(self.model):
                self.pictures.sample_grid(step)
            self.journal.looks(step, self.pictures.heads())

    def _checkpoint(self) -> None:
        """Save this step; weights that are not finite are never saved, so that those from before them stay."""
        if not self.measurement.has_finite_weights():
            return
        self.measurement.fit()
        extra = {
            "positions": self.journal.positions(),
            "measured": self.measurement.to_json(),
            "previous": self._previous,
            "fingerprint": self.dataset.fingerprint,
            "cures": self.cures,
            cure.STANDING: [f.code for f in self.diagnosis.found.values() if f.severity == "failure"],
            "arithmetic": compute.told(self.devices, self.threads),
        }
        checkpoint.save(self.folder, self.model, self.state, extra=extra)
        self._saved = self.state.step
        best = self.measurement.best
        keep = self.recipe.training.keep
        if self.recipe.training.cure == "auto":  # a failure is found some time after it began
            keep = max(keep, KEPT_FOR_A_CURE)
        checkpoint.prune(self.folder, keep, best["step"] if best else None)

    def _finish(self, interrupted: bool) -> dict[str, Any]:
        process = process_of(self.journal.findings, ended=not interrupted)
        state = "interrupted" if interrupted else "failed" if process == "failed" else "finished"
        result: Result | None = None
        with self.spared("The result", "measured"):
            result = self.measurement.result()
        step, seconds = self.state.step, self.state.seconds
        self.journal.check_place()
        # First of all, so that it is there whatever happens to the pictures.
        summary = write_summary(
            self.folder,
            self.recipe,
            self.dataset,
            self.model,
            findings=self.journal.findings,
            saved=self._saved,
            process=process,
            result=result,
            quality=self.measurement.distances,
            state=state,
            step=step,
            seconds=seconds,
            device=str(self.devices.device),
            precision=self.devices.precision,
            best=self.measurement.told_best(),
        )
        self.journal.check_place()
        took = {"training": time.perf_counter() - self._began, "steps": seconds - self._seconds_before}
        if not self.illustrated:
            summary = note_pictures(self.folder, summary, took, drawn=False)
            self.listener.finished(summary)
            return summary
        started = time.perf_counter()
        self.draw_last()
        summary = note_pictures(self.folder, summary, took | {"pictures": time.perf_counter() - started}, drawn=True)
        with self.spared("The report", "written"):
            self.write_page()
        # What the page cannot hold: the time that it took itself.
        whole = took | {"pictures": time.perf_counter() - started}
        self.listener.finished({**summary, "session_seconds": whole})
        return summary

    def draw_last(self) -> None:
        """The pictures of the trained model, and the film of its training."""
        with self.state.averaged(self.model):
            self.pictures.final(self.spared, trained=self.measurement.has_finite_weights())
        with self.spared("The time-lapse"):
            time_lapse(self.folder)

    def write_page(self) -> None:
        """The run's report.html."""
        from saddlepoint.report import write_report

        write_report(self.folder)
