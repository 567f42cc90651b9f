"""The parts of a watched run, assembled as those of a run of our own are, but for the training loop."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import torch

from saddlepoint.data.dataset import Dataset
from saddlepoint.diagnosis import Diagnosis
from saddlepoint.evaluation.settings import MEASUREMENTS, PROBES
from saddlepoint.experiment.best_effort import BestEffort
from saddlepoint.experiment.context import RunContext
from saddlepoint.experiment.journal import Journal
from saddlepoint.experiment.listener import Listener
from saddlepoint.experiment.live_diagnosis import start_diagnosis
from saddlepoint.experiment.measurement import Measurement
from saddlepoint.experiment.pictures import Pictures
from saddlepoint.experiment.recorder import Recorder
from saddlepoint.experiment.samples import draw_samples
from saddlepoint.experiment.schedule import Due, Every, OpenEnded
from saddlepoint.experiment.session_end import SessionEnd
from saddlepoint.experiment.watching.first_checks import first_findings
from saddlepoint.experiment.watching.gaps import describe_gaps
from saddlepoint.models.capabilities import GenerativeModel, has
from saddlepoint.models.watched.game import WatchedGame
from saddlepoint.models.watched.model import Watched
from saddlepoint.models.watched.settings import WatchedSettings
from saddlepoint.recipe import Recipe
from saddlepoint.records import Finding, Record, RunFolder
from saddlepoint.training import Devices, TrainingState

RECORDS = 10  # of a run whose length is not known, at least
Values = Callable[[int], dict[str, float]]


@dataclass
class Recording:
    """Writes the records of a watched run.

    Attributes:
        context: recipe, folder, dataset, model and state.
        game: the model as monitors measure it.
        journal: writes records and findings.
        diagnosis: evaluates the rules.
        tick: steps between two records.
        given: names of the arguments of `watch` that were given.
        pictures: whether the last pictures and the report are made at the end.
        ending: whether the loop has ended, so that everything is due.
        hidden: series that are not recorded, because the user's loop reports what they are compared with in other units.
    """

    context: RunContext
    game: WatchedGame
    journal: Journal
    diagnosis: Diagnosis
    tick: int
    given: frozenset[str]
    pictures: bool = True
    ending: bool = False
    hidden: set[str] = field(default_factory=set)
    _began: float = field(default_factory=time.perf_counter)

    def __post_init__(self) -> None:
        context = self.context
        recipe, dataset = context.recipe, context.dataset
        training, evaluation = recipe.training, recipe.evaluation
        self.measurement: Measurement | None = None
        if len(dataset):
            self.measurement = Measurement(
                dataset, self.game, context.state, evaluation, context.best_effort, seed=training.seed
            )
        self._pictures = Pictures(context.folder, dataset, context.model, training.seed, training.samples)
        self._draws = has(context.model, GenerativeModel)
        steps = training.steps
        probes: Due
        measures: Due
        samples: Due
        if recipe.model.is_open_ended:
            probes, measures = OpenEnded(evaluation.watch_every, PROBES), OpenEnded(evaluation.every, MEASUREMENTS)
            samples = OpenEnded(training.sample_every, MEASUREMENTS)
            self._records: Due = OpenEnded(self.tick, RECORDS)
        else:
            probes = Every(evaluation.probe_interval(steps), steps)
            measures = Every(evaluation.measurement_interval(steps), steps)
            samples, self._records = Every(training.sample_every, steps), Every(self.tick, -1)
        measurement = self.measurement
        series: list[tuple[Due, Values]] = []
        if measurement is not None:
            series = [
                (self._due(probes), self._guarded("A probe", lambda step: measurement.probe())),
                (self._due(measures), self._guarded("A measurement", measurement.measure)),
            ]
        self._draw = partial(draw_samples, context, self.journal, measurement, self._pictures)
        actions: list[tuple[Due, Callable[[int], object]]] = []
        if self._draws:
            actions.append((self._due(samples), self._draw))
        self.recorder = Recorder(self.journal, self.diagnosis, series=series, actions=actions)
        self._end = SessionEnd(
            context, self.journal, measurement, self._pictures, with_pictures=self.pictures, remark=self.describe_gaps
        )

    def is_due(self, before: int, step: int) -> bool:
        """Return whether a record follows a step.

        Args:
            before: the step that was reported before it.
            step: its number.
        """
        return self._records(before, step)

    def _due(self, schedule: Due) -> Due:
        return lambda previous, step: self.ending or schedule(previous, step)

    def _guarded(self, what: str, values: Values) -> Values:
        """The same series, or none if the user's code fails: its training goes on."""

        def measured(step: int) -> dict[str, float]:
            with self.context.best_effort(what, "made"):
                return {name: value for name, value in values(step).items() if name not in self.hidden}
            return {}

        return measured

    def check(self) -> list[Finding]:
        """Check the networks and functions before the first step; nothing is written.

        Raises:
            PartError: the user's sampler fails.
        """
        found = first_findings(self.game, self.context.dataset, self.context.best_effort)
        self._share_checks()
        return found

    def begin(self, found: list[Finding]) -> list[Finding]:
        """Write the findings of `check` and the record of the untrained model; return the findings that opened."""
        self.recorder.report(found)
        return [*found, *self.recorder.record(Record(0, 0.0, {}))]

    def _share_checks(self) -> None:
        """Pass on to the model of pictures what the checks learnt of the one that is measured."""
        model, game = self.context.model, self.game
        assert isinstance(model, Watched)
        model.critic_trouble, model.can_run = game.critic_trouble, game.can_run
        model.code_shape, model.has_heads = game.code_shape, game.has_heads

    def record(self, values: Mapping[str, float]) -> list[Finding]:
        """Write a record of the current step; return the findings that opened."""
        state = self.context.state
        return self.recorder.record(Record(state.step, state.seconds, values))

    def describe_gaps(self) -> str:
        """See `gaps.describe_gaps`."""
        settings = self.context.recipe.model
        assert isinstance(settings, WatchedSettings)
        return describe_gaps(self.diagnosis, settings, self.given)

    def end(self, values: Mapping[str, float], *, interrupted: bool) -> dict[str, Any]:
        """Record the last step, and write the summary, the last pictures and the report.

        Args:
            values: of the steps since the last record.
            interrupted: whether the loop ended by an error.

        Returns:
            The content of summary.json.
        """
        step = self.context.state.step
        if self.recorder.previous < step:
            self.ending = True
            self.record(values)
        elif self._draws and not self.context.folder.sample_grid(step).exists():
            self._draw(step)
        return self._end.write(began=self._began, seconds_before=0.0, interrupted=interrupted, saved=None)


def assemble(
    recipe: Recipe,
    folder: RunFolder,
    dataset: Dataset,
    model: Watched,
    game: WatchedGame,
    listener: Listener,
    given: frozenset[str],
    *,
    pictures: bool = True,
) -> Recording:
    """Build the parts of a watched run; nothing is written.

    Args:
        recipe: kind and objective, and what is recorded how often.
        folder: of the run.
        dataset: the examples, perhaps without any.
        model: the user's model.
        game: the same model as monitors measure it.
        listener: gets callbacks.
        given: names of the arguments of `watch` that were given.
        pictures: whether the last pictures and the report are made at the end.
    """
    best_effort = BestEffort(listener)
    device = model.device
    state = TrainingState(Devices(device, "fp32"), {}, {}, torch.Generator(device), {})
    context = RunContext(recipe, folder, dataset, model, state, torch.get_num_threads(), listener, best_effort)
    tick = recipe.training.tick
    if not recipe.model.is_open_ended:
        tick = recipe.evaluation.record_interval(tick, recipe.training.steps)
    diagnosis = start_diagnosis(recipe, classes=len(dataset.event.class_names or ()))
    return Recording(context, game, Journal(folder, listener, best_effort), diagnosis, tick, given, pictures)
