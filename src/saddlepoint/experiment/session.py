"""A session trains one run, from its start or from a checkpoint, to its end or to an interruption.

It joins what knows nothing of each other: data, model and loop on one side; records, diagnosis, quality, pictures and
report on the other. All it draws at random for measurements and pictures comes from generators of their own, so that
watching a run does not change it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import torch

from saddlepoint.data.batches import Batches
from saddlepoint.data.dataset import Dataset
from saddlepoint.data.preflight import preflight
from saddlepoint.diagnosis import Diagnosis
from saddlepoint.evaluation import quality
from saddlepoint.experiment.listener import Listener, Outline
from saddlepoint.experiment.pictures import Pictures, time_lapse
from saddlepoint.experiment.summary import verdict, write_summary
from saddlepoint.experiment.tensorboard import TensorBoard
from saddlepoint.models.base import Model
from saddlepoint.recipe import Recipe
from saddlepoint.records import Finding, JsonLines, Record, RunFolder
from saddlepoint.training import Devices, TrainingState, checkpoint
from saddlepoint.training.interruption import pausing
from saddlepoint.training.loop import play

_MEASURED = 2_000  # held-out examples behind the held-out series
_FITTED = 10_000  # training examples behind what is fitted rather than trained


class Session:
    """One sitting of a run. `run()` trains; what it found and measured stays readable afterwards."""

    def __init__(
        self, recipe: Recipe, folder: RunFolder, dataset: Dataset, model: Model, listener: Listener | None = None
    ) -> None:
        """Makes everything that training needs, without writing to the folder.

        Raises:
            DataError: fewer examples than a batch.
            SettingError: the device is not there, or a player cannot be trained.
        """
        self.recipe, self.folder, self.dataset, self.model = recipe, folder, dataset, model
        self.listener = listener or Listener()
        training = recipe.training
        self.devices = Devices.choose(training.device, training.precision, model)
        self.state = TrainingState.start(model, training, self.devices)
        self.batches = Batches(dataset, training.batch_size, training.seed, self.devices.device, model.scaling)
        self.quality = quality.Quality(dataset, recipe.evaluation)
        self.pictures = Pictures(folder, dataset, model, training.seed, training.samples)
        self.diagnosis = Diagnosis(getattr(recipe.model, "objective", recipe.model.family))
        self.findings: list[Finding] = []
        self.best: dict[str, Any] | None = None
        self._first: float | None = None
        self._last: float | None = None
        self._previous = 0
        self._positions: Mapping[str, int] | None = None

    def load(self) -> None:
        """Go on from the newest checkpoint that is whole; damaged ones are named to the listener.

        Raises:
            RunError: there is no checkpoint that can be loaded, or it belongs to another model.
        """
        if not any(self.folder.checkpoints.glob("*step-*")):
            # Killed before its first checkpoint: nothing is lost but those steps.
            self.listener.note(f"{self.folder.path} has no checkpoint yet: training starts again from the first step.")
            return
        path, skipped = checkpoint.newest_valid(self.folder)
        for sentence in skipped:
            self.listener.note(sentence)
        extra = checkpoint.load(path, self.model, self.state)["extra"]
        self._positions = extra["positions"]
        self.best, self._first, self._last = extra["best"], extra["first_quality"], extra["last_quality"]
        self._previous = extra["previous"]
        kept = [record for record in self.folder.read_records() if record.step <= self.state.step]
        self.findings = [finding for finding in self.folder.read_findings() if finding.step <= self.state.step]
        self.diagnosis.resume(kept, self.findings)

    def run(self) -> dict[str, Any]:
        """Train to the last step or to an interruption (Ctrl-C, SIGTERM), write everything, return the summary."""
        resumed = self._positions is not None
        positions = self._positions or {"records": 0, "findings": 0}
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
            )
        )
        for note in self.dataset.notes:
            self.listener.note(note)
        with (
            JsonLines(self.folder.records, truncate_to=positions["records"]) as self._records,
            JsonLines(self.folder.findings, truncate_to=positions["findings"]) as self._found,
            pausing(self.state),
        ):
            self._board = TensorBoard(self.folder.tensorboard, resumed_at=self.state.step if resumed else None)
            try:
                if not resumed:
                    self._begin()
                interrupted = self._train()
            finally:
                self._board.close()
        return self._finish(interrupted)

    def _begin(self) -> None:
        """Findings on the data, and the untrained model: what every later number is compared with."""
        parameters = sum(self.model.parameter_counts().values())
        for finding in preflight(
            self.dataset, self.recipe.training.batch_size, self.model.output_range, parameters, self.model.scaling
        ):
            self._report(finding)
        values = self._measure(0)
        self._first = values.get(quality.SERIES)
        self._keep(Record(0, 0.0, values))
        self._draw(0)

    def _train(self) -> bool:
        """Play to the end; True where it was interrupted."""
        training, evaluation = self.recipe.training, self.recipe.evaluation
        for record in play(self.model, self.batches, training, self.state):
            if record is not None:
                step, improved = record.step, False
                if self._due(step, evaluation.every):
                    record = replace(record, values={**record.values, **self._measure(step)})
                    improved = self.best is not None and self.best["step"] == step
                self._keep(record)
                stop = self._watch(record)
                if self._due(step, training.sample_every):
                    self._draw(step)
                due = improved or stop or self._due(step, training.checkpoint_every)
                self._previous = step
                if due:
                    self._checkpoint()
                if stop or step == training.steps:
                    return False
            if self.state.pause:
                self._checkpoint()
                return True
        return False

    def _due(self, step: int, every: int) -> bool:
        """Whether a multiple of `every` was passed since the previous record, or this is the last step."""
        return step // every > self._previous // every or step == self.recipe.training.steps

    def _measure(self, step: int) -> dict[str, float]:
        """The quality series and the model's own held-out series at this step; notes the best step."""
        self._fit()
        values: dict[str, float] = {}
        with self.state.averaged(self.model):
            self._last = values[quality.SERIES] = self.quality.measure(self.model)
            if self.dataset.held_out is not None and len(self.dataset.held_out):
                held_out = self.dataset.held_out.x[:_MEASURED].to(self.devices.device)
                generator = torch.Generator(self.devices.device).manual_seed(self.recipe.evaluation.seed)
                series = self.model.held_out_series(held_out, generator)
                values |= {name: float(value.float().mean()) for name, value in series.items()}
        name, sign = self.model.judged_by if self.model.judged_by[0] in values else (quality.SERIES, -1)
        value = values[name]
        better = self.best is None or sign * value > sign * self.best["value"]
        if step > 0 and math.isfinite(value) and better:
            self.best = {"step": step, "series": name, "value": value}
        return values

    def _fit(self) -> None:
        generator = torch.Generator(self.devices.device).manual_seed(self.recipe.training.seed)
        self.model.fitted(self.dataset.x[:_FITTED].to(self.devices.device), generator)

    def _keep(self, record: Record) -> None:
        self._records.append(record.to_json())
        self._board.record(record)
        self.listener.record(record)

    def _watch(self, record: Record) -> bool:
        """Report what this record brings up; True where training should stop over it."""
        new = self.diagnosis.watch(record)
        for finding in new:
            self._report(finding)
        return any(finding.code in self.recipe.training.stop_on for finding in new)

    def _report(self, finding: Finding) -> None:
        self.findings.append(finding)
        self._found.append(finding.to_json())
        self._board.finding(finding)
        self.listener.finding(finding)

    def _draw(self, step: int) -> None:
        with self.state.averaged(self.model):
            self.pictures.sample_grid(step)
        self._board.picture("samples", self.folder.sample_grid(step), step)
        heads = self.pictures.heads()
        if heads:
            self._board.histograms(heads, step)

    def _checkpoint(self) -> None:
        self._fit()
        self._records.sync()
        self._found.sync()
        extra = {
            "positions": {"records": self._records.size, "findings": self._found.size},
            "best": self.best,
            "first_quality": self._first,
            "last_quality": self._last,
            "previous": self._previous,
        }
        checkpoint.save(self.folder, self.model, self.state, extra=extra)
        checkpoint.prune(self.folder, self.recipe.training.keep, self.best["step"] if self.best else None)

    def _finish(self, interrupted: bool) -> dict[str, Any]:
        from saddlepoint.report import write_report

        failed = any(finding.severity == "failure" for finding in self.findings)
        state = "interrupted" if interrupted else "failed" if failed else "finished"
        step, seconds = self.state.step, self.state.seconds
        with self.state.averaged(self.model):
            self.pictures.final()
        measured = {"first": self._first, "last": self._last, "floor": self.quality.floor}
        summary = write_summary(
            self.folder,
            self.recipe,
            self.dataset,
            self.model,
            sentence=verdict(self.recipe, state, step, seconds, self.findings, measured),
            state=state,
            step=step,
            seconds=seconds,
            device=str(self.devices.device),
            precision=self.devices.precision,
            best=self.best,
        )
        time_lapse(self.folder)
        write_report(self.folder)
        self.listener.finished(summary)
        return summary
