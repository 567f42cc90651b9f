"""Checkpoints of a run: the model, the state of training, and the state of the other parts of a session."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from saddlepoint.data.tabular.storage import write_codec
from saddlepoint.diagnosis import Diagnosis
from saddlepoint.errors import RunError
from saddlepoint.experiment.compute import compute_to_json, restore_compute
from saddlepoint.experiment.context import RunContext
from saddlepoint.experiment.interventions import read_interventions
from saddlepoint.experiment.journal import Journal
from saddlepoint.experiment.measurement import Measurement
from saddlepoint.experiment.recipe_edits import describe_edits, recorded_settings
from saddlepoint.experiment.rollback import ACTIVE_FAILURES
from saddlepoint.records import shell_command
from saddlepoint.training import checkpoint

KEPT_FOR_INTERVENTIONS = 5  # checkpoints: a failure is found some time after it began
_REQUIRED = ("fingerprint", "arithmetic", "measured", "positions", "previous")  # of a checkpoint's extra


@dataclass(frozen=True)
class Restored:
    """The point from which a session continues.

    Attributes:
        positions: lengths of the journal's files in bytes.
        previous: step of the last record whose actions were performed.
        changed: whether an intervention changed the settings after the checkpoint.
    """

    positions: Mapping[str, int]
    previous: int
    changed: bool


class RunCheckpoints:
    """Saves and restores one session.

    Attributes:
        saved: step of the newest checkpoint; None if there is none.
    """

    def __init__(self, context: RunContext, measurement: Measurement, journal: Journal, diagnosis: Diagnosis) -> None:
        """Create the checkpoints of a session.

        Args:
            context: the run.
            measurement: its state is saved.
            journal: the lengths of its files are saved.
            diagnosis: its state is saved.
        """
        self._context, self._measurement, self._journal = context, measurement, journal
        self._diagnosis = diagnosis
        self._interventions = len(read_interventions(context.folder))
        self.saved: int | None = None

    def save(self, previous: int) -> None:
        """Write a checkpoint of this step, and remove checkpoints that are no longer needed.

        Weights that are not finite are never saved, so that the earlier checkpoints are kept.

        Args:
            previous: step of the last record whose actions were performed.
        """
        context, measurement = self._context, self._measurement
        if not measurement.has_finite_weights():
            return
        measurement.fit()
        extra = {
            "positions": self._journal.positions(),
            "measured": measurement.to_json(),
            "previous": previous,
            "fingerprint": context.dataset.fingerprint,
            "cures": self._interventions,
            "settings": recorded_settings(context.recipe),
            ACTIVE_FAILURES: [f.code for f in self._diagnosis.found.values() if f.severity == "failure"],
            "arithmetic": compute_to_json(context.state.devices, context.threads),
        }
        if context.dataset.table is not None and not context.folder.table.exists():
            write_codec(context.dataset.table, context.folder.table)
        checkpoint.save(context.folder, context.model, context.state, extra=extra)
        self.saved = context.state.step
        training, best = context.recipe.training, measurement.best
        keep = max(training.keep, KEPT_FOR_INTERVENTIONS) if training.cure == "auto" else training.keep
        checkpoint.prune(context.folder, keep, best["step"] if best else None)

    def load(self, last: int | None = None) -> Restored | None:
        """Restore the newest complete checkpoint, and report damaged ones to the listener. Writes nothing.

        Args:
            last: the latest step whose checkpoint may be used; None for any.

        Returns:
            The point from which to continue; None if there is no checkpoint yet.

        Raises:
            RunError: no checkpoint can be loaded, it belongs to another model, the run's records are damaged, or the data have
                changed.
        """
        context = self._context
        if not checkpoint.exists(context.folder, last):
            # Killed before its first checkpoint was complete: only these steps are lost.
            context.listener.note(
                f"{context.folder.path} has no checkpoint yet: training starts again from the first step."
            )
            return None
        path, skipped = checkpoint.newest_valid(context.folder, last)
        for sentence in skipped:
            context.listener.note(sentence)
        manifest = path / "manifest.json"
        extra = checkpoint.read_manifest(path)["extra"]
        self._check(extra, str(manifest))
        changed = extra.get("cures", 0) < self._interventions
        if changed:  # the first session after an intervention: the checkpoint was written with the earlier settings
            for player in checkpoint.load_matching(path, context.model, context.state):
                role = context.model.roles[player]
                context.listener.note(f"The {role} has other layers now: it starts with new weights.")
        else:
            checkpoint.load(path, context.model, context.state)
            edits = describe_edits(extra["settings"], context.recipe) if "settings" in extra else ""
            if edits:
                context.listener.note(
                    f"The recipe was edited after step {context.state.step:,}: {edits}. Training goes on with the new values, so that "
                    f"{context.folder.recipe} does not repeat the steps before."
                )
            context.state.devices, context.threads = restore_compute(
                extra["arithmetic"], context.state.devices, context.listener
            )
        try:
            self._measurement.load(extra["measured"])
        except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
            raise RunError(f"{manifest}: extra: measured: it cannot be read ({error!r}).") from None
        self._journal.check(extra["positions"])
        self.saved = context.state.step
        return Restored(extra["positions"], extra["previous"], changed)

    def _check(self, extra: Mapping[str, Any], where: str) -> None:
        """Raise RunError if something is missing, or if the data have changed."""
        context = self._context
        missing = [name for name in _REQUIRED if name not in extra]
        if missing:
            raise RunError(f"{where}: extra: {missing[0]} is missing, so the run cannot be resumed from it.")
        if extra["fingerprint"] != context.dataset.fingerprint:
            raise RunError(
                f"{context.folder.path}: the data have changed since this run was trained on them ({context.dataset.name}, "
                f"now {len(context.dataset):,} examples): restore the examples it began with, or train again: "
                f"{shell_command('train', context.folder.path)}"
            )
