"""Watch a training loop of the user's own: the object that `with sp.watch(...)` gives."""

from __future__ import annotations

import time
import warnings
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from types import TracebackType
from typing import Any, Self

from saddlepoint.arguments import check_count
from saddlepoint.diagnosis import cause_in_words, examples_in_words, headline, process_of
from saddlepoint.errors import SaddlepointError, SettingError
from saddlepoint.experiment.listener import Listener, Outline
from saddlepoint.experiment.location import NewFolder, new_folder
from saddlepoint.experiment.watching.names import is_of_held_out
from saddlepoint.experiment.watching.observation import Observation
from saddlepoint.experiment.watching.plan import Plan
from saddlepoint.experiment.watching.players import kind_of
from saddlepoint.experiment.watching.recording import Recording, assemble
from saddlepoint.models.watched.model import Watched
from saddlepoint.records import Finding, RunFolder, active_findings, replaced

STOPPED = "sp.watch stopped recording at step {:,} ({}: {}). Your training continues."


class Watch:
    """A loop that is watched: pass its losses to `step` at the end of each iteration.

    Attributes:
        should_stop: whether a finding of `stop_on` has opened. In a distributed training only the first process knows.
    """

    def __init__(self, plan: Plan, listener: Listener) -> None:
        """Prepare; entering the context begins.

        Args:
            plan: what is watched.
            listener: gets callbacks.
        """
        self._plan, self._listener = plan, listener
        self._stack = ExitStack()
        self._place: NewFolder | None = None
        self._recording: Recording | None = None
        self._observation: Observation | None = None
        self._entered = self._ended = False
        self._resumed = 0.0  # when the user's code last continued
        self._summary: Mapping[str, Any] | None = None
        self.should_stop = False

    @property
    def folder(self) -> RunFolder | None:
        """The run's folder; None in processes of a distributed training other than the first, which write nothing."""
        return None if self._place is None else RunFolder(self._place.path)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """The findings that are active now, the most severe first."""
        return () if self._recording is None else tuple(active_findings(self._recording.journal.findings))

    @property
    def verdict(self) -> str:
        """What was found so far, and which findings could not be judged, with the arguments that would allow it."""
        if self._summary is not None:
            return f"{self._summary['headline']}. {self._summary['verdict']}"
        if self._recording is None:
            return "Nothing was recorded yet."
        log, recording = self._recording.journal.findings, self._recording
        step = recording.context.state.step
        examples = examples_in_words({"examples": len(recording.context.dataset) or None})
        said = headline(process_of(log, ended=False), log, examples=examples, under_way=f"step {step:,}")
        return " ".join(filter(None, (f"{said}.", cause_in_words(log), recording.describe_gaps())))

    @property
    def model(self) -> Watched:
        """A model around the user's sampler and networks: `sample(n)`, and what `encode=`, `decode=` and a discriminator allow.

        Raises:
            SettingError: nothing was recorded yet.
        """
        if self._recording is None:
            raise SettingError("watch.model: there is no model yet; enter the `with` block first.")
        model = self._recording.context.model
        assert isinstance(model, Watched)
        model.trained_steps = self._recording.context.state.step
        return model

    def __enter__(self) -> Self:
        if self._entered:
            raise SettingError("watch: this object was used before; call sp.watch again.")
        self._entered = True
        if not self._plan.writes:
            return self
        try:
            self._place = self._stack.enter_context(new_folder(self._plan.name, self._plan.run, self._plan.overwrite))
            if kind_of(self._plan.short.values(), self._plan.objective) is not None:
                self._open(())
        except BaseException:
            self._detach()
            self._stack.close()
            raise
        self._resumed = time.perf_counter()
        return self

    def step(self, **scalars: Any) -> None:
        """Record one step of training. Call it at the end of each iteration, after the optimisers moved.

        A call with numbers of held-out examples alone, such as `watch.step(val_loss=val_loss)` at the end of an epoch, is no step of
        training: they are added to the last step.

        Args:
            **scalars: numbers or tensors. Losses: d_loss and g_loss, vae_loss, ae_loss, or loss; reconstruction and kl. The same of
                held-out examples, by any usual name: val_loss, validation_loss, test_loss, val_reconstruction. Tensors of the
                discriminator: real_logits, fake_logits; of an encoder: mean, log_variance. Other names are recorded as they are.
                Tensors with their graphs are best: they are not copied to the host at each step, and a missing `detach` shows in
                the graph.

        Raises:
            SettingError: it is called outside of the `with` block, or a value is no number.
        """
        names = [name for name, value in scalars.items() if value is not None]
        self._advance(0 if names and all(map(is_of_held_out, names)) else 1, scalars)

    def advance(self, steps: int, /, **scalars: Any) -> None:
        """Record several steps at once, for loops and loggers that report every n-th step.

        Args:
            steps: how many steps of training were done since the last call; 0 adds scalars to the last step.
            **scalars: as those of `step`; they stand for all of these steps.

        Raises:
            SettingError: it is called outside of the `with` block, the number of steps is not a whole number of at least 0, or a value
                is no number.
        """
        self._advance(check_count("watch.advance", "the number of steps", steps), scalars)

    def _advance(self, steps: int, scalars: Mapping[str, Any]) -> None:
        if not self._entered or self._ended:
            raise SettingError("watch.step: call it within the block `with sp.watch(...) as watch:`.")
        if not self._plan.writes:
            return
        if self._recording is None:
            self._open(scalars)
        recording, observation = self._recording, self._observation
        if observation is None or recording is None:
            return  # recording stopped after an error
        state = recording.context.state
        state.seconds += time.perf_counter() - self._resumed
        before = state.step
        state.step += steps
        is_due = recording.is_due(before, state.step)
        try:
            observation.take(state.step, scalars, is_due=is_due)
        except SettingError:  # a mistake in this call, for the user to correct
            raise
        except Exception as error:
            self._give_up(error)
            return
        try:
            opened = list(observation.mistakes(state.step, scalars))
            recording.recorder.report(opened)
            if is_due:
                opened += recording.record(observation.values(recording.recorder.previous, state.step, state.seconds))
            self._note_stop(opened)
            # The next call is taken to come after as many steps as this one.
            observation.prepare(state.step, state.step + max(steps, 1), after_record=is_due)
        except Exception as error:
            self._give_up(error)
        self._resumed = time.perf_counter()

    def _open(self, names: Iterable[str]) -> None:
        """Check everything, write the recipe, and record the untrained model."""
        assert self._place is not None
        plan = self._plan
        dataset, model, game, recipe = plan.build(tuple(names))
        folder = RunFolder(self._place.path)
        recording = assemble(recipe, folder, dataset, model, game, self._listener, plan.given, pictures=plan.pictures)
        found = recording.check()
        with replaced(self._place.staging / folder.recipe.name) as file:
            file.write(recipe.to_yaml())
        self._place.settle()
        self._stack.enter_context(recording.journal.opened(None, 0))
        self._recording = recording
        self._listener.started(
            Outline(
                name=recipe.name,
                folder=str(folder.path),
                data=repr(dataset),
                players=model.parameter_counts(),
                start=0,
                steps=recipe.training.steps,
                device=str(model.device),
                precision="fp32",
                pictures=plan.pictures,
            )
        )
        self._note_stop(recording.begin(found))
        self._observation = Observation(recording, plan.players_by_short, plan.roles)
        self._observation.attach()
        self._observation.prepare(0, 1, after_record=True)
        self._resumed = time.perf_counter()

    def _note_stop(self, opened: Iterable[Finding]) -> None:
        codes, severities = self._plan.stop_on, {"failure"} & set(self._plan.stop_on)
        self.should_stop = self.should_stop or any(f.code in codes or f.severity in severities for f in opened)

    def _give_up(self, error: Exception) -> None:
        """Stop recording after an error of ours, so that the user's training goes on."""
        assert self._recording is not None
        message = STOPPED.format(self._recording.context.state.step, type(error).__name__, error)
        self._detach()
        self._listener.note(message)
        if not isinstance(error, OSError | MemoryError | SaddlepointError):
            warnings.warn(message, RuntimeWarning, stacklevel=3)

    def _detach(self) -> None:
        if self._observation is not None:
            self._observation.detach()
        self._observation = None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._ended = True
        try:
            if self._recording is not None:
                self._end(interrupted=error is not None)
        except Exception as own:  # what follows the loop, such as saving the networks, must not be lost
            message = f"The end of the run could not be written ({type(own).__name__}: {own})."
            self._listener.note(message)
            if not isinstance(own, OSError | MemoryError | SaddlepointError):
                warnings.warn(message, RuntimeWarning, stacklevel=2)
        finally:
            self._detach()
            self._stack.close()

    def _end(self, *, interrupted: bool) -> None:
        recording, observation = self._recording, self._observation
        assert recording is not None
        context = recording.context
        state = context.state
        values: Mapping[str, float] = {}
        if observation is not None:
            if not interrupted:
                recording.recorder.report(list(observation.mistakes(state.step, {}, ends=True)))
            values = observation.values(recording.recorder.previous, state.step, state.seconds)
            self._detach()
        if context.recipe.model.is_open_ended:
            context.recipe = context.recipe.override({"training.steps": max(state.step, 1)})
            with replaced(context.folder.recipe) as file:
                file.write(context.recipe.to_yaml())
        self._summary = recording.end(values, interrupted=interrupted)
