"""Everything that is observed between two records of somebody else's loop: scalars, optimiser steps, forward passes, mistakes."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from torch import Tensor, nn

from saddlepoint.experiment.watching.first_steps import FirstSteps
from saddlepoint.experiment.watching.heads import Heads, heads_series
from saddlepoint.experiment.watching.judgements import Judgements, logit_series
from saddlepoint.experiment.watching.names import SeriesNames
from saddlepoint.experiment.watching.optimisers import OptimiserSteps
from saddlepoint.experiment.watching.recording import Recording
from saddlepoint.experiment.watching.scalars import RAW, Scalars
from saddlepoint.experiment.watching.terms import Reconstructions, unequal
from saddlepoint.models.capabilities import GenerativeModel, HasLatentPosterior, Judges, has
from saddlepoint.models.watched.settings import WatchedSettings
from saddlepoint.objectives.adversarial.registry import loss_named
from saddlepoint.records import Finding

ASKED = 128  # examples whose scores are asked for


class Observation:
    """Observes one loop while it is attached."""

    def __init__(self, recording: Recording, players: Mapping[str, nn.Module], roles: Mapping[str, str]) -> None:
        """Prepare; `attach` begins.

        Args:
            recording: of the run.
            players: the user's networks by short name, as the loop calls them.
            roles: short names to the user's names.
        """
        settings = recording.context.recipe.model
        assert isinstance(settings, WatchedSettings)
        self._names, self._game, self._recording = SeriesNames(settings.kind), recording.game, recording
        self._players = players
        self._scalars = Scalars()
        self._heads = Heads()
        is_vae = settings.kind == "vae" and "vae" in players
        self._reconstructions = Reconstructions(players["vae"]) if is_vae else None
        self._optimisers = OptimiserSteps(players, self._scalars)
        critic = recording.game.critic
        self._judgements = None if critic is None else Judgements(critic, players["d"], players.get("g"))
        self._first = FirstSteps(settings, players, roles, self._judgements, critic)
        self._optimisers.before_step = self._first.before_step
        self._link: Callable[[Tensor], Tensor] | None = (
            loss_named(settings.objective).link if settings.objective else None
        )
        self._observe_every = recording.context.recipe.training.observe_every
        self._observes = self._said_unequal = False
        self._seconds = 0.0

    def attach(self) -> None:
        """Register the hooks."""
        self._optimisers.attach()
        if self._reconstructions is not None:
            self._reconstructions.attach()
        if self._judgements is not None:
            self._judgements.attach()

    def detach(self) -> None:
        """Remove all hooks."""
        self._optimisers.detach()
        self._first.detach()
        for observer in (self._judgements, self._reconstructions):
            if observer is not None:
                observer.detach()

    def prepare(self, before: int, step: int, *, after_record: bool) -> None:
        """Decide what is observed until the next call, before those steps begin.

        Args:
            before: number of the last step.
            step: number of the step that is reported next.
            after_record: whether a record was just written.
        """
        is_due = self._recording.is_due(before, step)
        self._observes = is_due or step // self._observe_every > before // self._observe_every
        self._optimisers.observe = self._observes
        if after_record:
            self._optimisers.begin_tick(self._players)
        if not self._first.active:
            self._optimisers.before_step = None
        if self._judgements is not None:
            self._judgements.observe = self._observes or self._first.compares_losses(step)

    def take(self, step: int, scalars: Mapping[str, Any], *, is_due: bool) -> None:
        """Collect what the loop passed and what was observed of a step.

        Args:
            step: number of the step.
            scalars: that the user passed, by name.
            is_due: whether a record follows.

        Raises:
            SettingError: a value is no number.
        """
        if self._judgements is not None:
            self._judgements.observe = False
        for name, value in scalars.items():
            if name not in RAW and value is not None:
                self._scalars.add(self._names[name], value)
        if self._observes:
            self._add_logits(scalars, is_due=is_due)
        if self._reconstructions is not None:
            self._reconstructions.compare(scalars)
        mean, log_variance = scalars.get("mean"), scalars.get("log_variance")
        if isinstance(mean, Tensor) and isinstance(log_variance, Tensor):
            self._heads.compare(scalars.get("kl"), mean, log_variance)
            if is_due and not has(self._game, HasLatentPosterior):
                for series, number in heads_series("vae", mean, log_variance).items():
                    self._scalars.add(series, number)
        elif "kl" in scalars:
            self._recording.hidden.add("vae/head_kl")  # the KL term may be a sum over the batch

    def _add_logits(self, scalars: Mapping[str, Any], *, is_due: bool) -> None:
        """Add scores: of the logits that the loop passed, else of those that the hooks saw."""
        real, fake = scalars.get("real_logits"), scalars.get("fake_logits")
        if isinstance(real, Tensor) and isinstance(fake, Tensor):
            pair = (real.detach().float().flatten(), fake.detach().float().flatten())
        elif self._judgements is not None and (seen := self._judgements.logits()) is not None:
            pair = seen
        else:
            return
        if self._link is not None:
            for name, logits in zip(("d/real_score", "d/fake_score"), pair, strict=True):
                self._scalars.add(name, self._link(logits).mean())
        if is_due and not has(self._game, Judges):
            for series, value in logit_series(*pair).items():
                self._scalars.add(series, value)

    def _ask(self, link: Callable[[Tensor], Tensor]) -> dict[str, float]:
        """Return scores of the first examples and of as many samples, where those of the loop's own passes are not known."""
        game, x = self._game, self._recording.context.dataset.x[:ASKED]
        if not len(x) or not has(game, Judges) or not has(game, GenerativeModel):
            return {}
        samples = game.draw(len(x), 0)
        return {
            name: float(link(game.logits(examples)).mean())
            for name, examples in (("d/real_score", x), ("d/fake_score", samples))
        }

    def mistakes(self, step: int, scalars: Mapping[str, Any], *, ends: bool = False) -> Iterator[Finding]:
        """Return mistakes of the loop that a step showed; then forget the forward passes of the step."""
        if self._first.active:
            yield from self._first.check(step, scalars, ends=ends)
        if not self._said_unequal:
            finding = unequal(self._heads, self._reconstructions, step)
            if finding is not None:
                self._said_unequal = True
                yield finding
        if self._judgements is not None:
            self._judgements.forget()

    def _report_failures(self) -> None:
        """Report errors of hooks, after which those hooks observe nothing."""
        for what, observer in (
            ("The steps of optimisers", self._optimisers),
            ("The discriminator's passes", self._judgements),
            ("The network's reconstructions", self._reconstructions),
        ):
            if observer is not None and observer.failed is not None:
                with self._recording.context.best_effort(what, "observed"):
                    raise observer.failed

    def values(self, previous: int, step: int, seconds: float) -> dict[str, float]:
        """Return the values of the record of a step, and forget them.

        Args:
            previous: step of the record before.
            step: of this record.
            seconds: of training so far.
        """
        self._report_failures()
        values = self._heads.rescaled(self._scalars.means()) | self._optimisers.learning_rates()
        if self._link is not None and "d/real_score" not in values:
            with self._recording.context.best_effort("The discriminator's scores", "measured"):
                values |= self._ask(self._link)
        steps, spent = step - max(previous, 0), seconds - self._seconds
        self._seconds = seconds
        if steps > 0 and spent > 0 and math.isfinite(spent):
            values["time/steps_per_second"] = steps / spent
        return values
