"""A run as the user holds it: the trained model, its findings, its best step, its pictures."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from torch import nn

from saddlepoint.arguments import check_modules, check_text, shown
from saddlepoint.data.dataset import Event
from saddlepoint.diagnosis import Process, causes_first
from saddlepoint.errors import RunError, SettingError
from saddlepoint.experiment import cure, module_objects
from saddlepoint.experiment.cure import Cure, Suggestion
from saddlepoint.experiment.live_diagnosis import resolved_settings
from saddlepoint.experiment.summary import result_of
from saddlepoint.markup import Markup, html, joined
from saddlepoint.models import build
from saddlepoint.models.base import Model
from saddlepoint.models.copying import copy_network
from saddlepoint.recipe import Recipe
from saddlepoint.recipe.trust import require_trust
from saddlepoint.records import Finding, Record, Result, RunFolder, find_run, shell_command
from saddlepoint.report.verdict import recorded_headline, recorded_process, recorded_verdict
from saddlepoint.training import checkpoint
from saddlepoint.training.devices import Devices, resolve

NOT_ENDED = "This run has not ended yet."
Which = Literal["newest", "best"] | int


class Run:
    """A run folder, read when asked. `run.model.sample(64)`, `run.findings`, `run.best`, `run.records`."""

    def __init__(
        self, folder: str | Path, *, modules: Mapping[str, nn.Module] | None = None, trust: bool = False
    ) -> None:
        """modules: the user's own networks by role, where the run was trained with such. trust: as in `load`.

        Raises:
            RunError: the folder is not a run.
        """
        check_modules("run", modules)
        self.folder = find_run(folder)
        self.modules, self.trust = modules, trust

    @property
    def recipe(self) -> Recipe:
        """The resolved recipe that repeats this run."""
        return Recipe.load(self.folder.recipe)

    @property
    def records(self) -> list[Record]:
        """All records, the oldest first."""
        return list(self.folder.read_records())

    @property
    def findings(self) -> list[Finding]:
        """All findings, the oldest first; one that closed is there twice."""
        return list(self.folder.read_findings())

    @property
    def cures(self) -> list[Cure]:
        """What was tried against failures while it trained (`training.cure`: auto), in order."""
        return cure.read(self.folder)

    @property
    def suggestions(self) -> list[Suggestion]:
        """What to change against each active finding, that which explains others first; none where nothing is to change."""
        recipe, tried = self.recipe, self.cures
        active = [finding for finding in causes_first(self.findings) if finding.severity != "info"]
        used = resolved_settings(self.summary.get("precision"))
        found = (
            cure.suggestion(recipe, f, [earlier.rung for earlier in tried if earlier.code == f.code], in_force=used)
            for f in active
        )
        return [suggestion for suggestion in found if suggestion is not None]

    @property
    def summary(self) -> dict[str, Any]:
        """What summary.json holds: headline, verdict, advice, state, step, seconds, data, players, best, versions."""
        return self.folder.read_summary()

    @property
    def headline(self) -> str:
        """The verdict in at most twelve words, such as "At risk: the discriminator memorises its 1,617 images"."""
        return recorded_headline(self.folder, self.summary) or NOT_ENDED

    @property
    def verdict(self) -> str:
        """What was measured: how long training took, what was found, how close samples are to the data."""
        return recorded_verdict(self.folder, self.summary) or NOT_ENDED

    @property
    def process(self) -> Process | None:
        """How training went: "no failure found", "at risk", "failing" or "failed"; None before it has ended, and where it
        was not recorded."""
        return recorded_process(self.folder, self.summary)

    @property
    def result(self) -> Result | None:
        """How close samples are to the data, as measured at the end of training or by the latest evaluation since; None
        before training has ended, and of runs of version 0.1 that were not evaluated since.

        Raises:
            RunError: summary.json holds a result that cannot be read.
        """
        return result_of(self.folder)

    @property
    def best(self) -> Mapping[str, Any] | None:
        """{"step", "series", "value"} of the best step by the series the model is judged by, for the quality series with how far
        the last step is "behind" it and the standard error of that, "behind_error"; None where no measured step was better
        than the untrained model."""
        return self.summary.get("best")

    @property
    def pictures(self) -> dict[str, Path]:
        """The run's pictures by name: "samples" (the newest), "curves", "latent", ..., as PNG files."""
        frames = sorted(self.folder.samples.glob("step-*.png"))
        newest = {"samples": frames[-1]} if frames else {}
        return newest | {path.stem: path for path in sorted(self.folder.figures.glob("*.png"))}

    @cached_property
    def model(self) -> Model:
        """The model at the run's newest checkpoint."""
        return load(self.folder.path, modules=self.modules, trust=self.trust)

    def __repr__(self) -> str:
        return f"Run({str(self.folder.path)!r}): {self.headline}\n{self.verdict}"

    def _repr_html_(self) -> Markup:
        import base64

        from saddlepoint.records.files import read_bytes

        pictures = [path for name, path in self.pictures.items() if name == "samples"]
        shown = joined(
            html('<img alt="samples" src="data:image/png;base64,{}">', base64.b64encode(read_bytes(path)).decode())
            for path in pictures
        )
        found = joined(html("<li>{}</li>", finding) for finding in self.findings)
        return html(
            "<p><b>{}</b></p><p>{}</p><p>{}</p><ul>{}</ul>{}",
            self.headline,
            self.verdict,
            self.folder.path,
            found,
            shown,
        )


def load(
    folder: str | Path,
    *,
    step: Which = "newest",
    device: str = "cpu",
    modules: Mapping[str, nn.Module] | None = None,
    trust: bool = False,
) -> Model:
    """The trained model of a run, ready to sample, without its data.

    step: "newest" checkpoint that is whole, "best" by the series the model is judged by, or the step of a checkpoint.
    device: as the setting `training.device`.
    modules: the user's own networks by role, where the run was trained with objects instead of import paths; copies of
        them take the weights.
    trust: whether code that the run names by import path may run. Built-in networks need no trust, nor do paths that this
        user gave or trusted before (see SECURITY.md).

    Warns (UserWarning) where a newer checkpoint is damaged and an older one is loaded instead.

    Raises:
        RunError: not a run, no such checkpoint, a damaged one, or own networks that are missing.
        TrustError: the run names code by import path that is not trusted.
    """
    run = Run(folder, modules=modules)
    check_text("load", "device", device, "cpu")
    recipe, folder = run.recipe, run.folder.path
    module_objects.require(recipe, modules, where=str(folder))
    require_trust(recipe.model, trust=trust, modules=modules, where=str(folder))
    path = checkpoint_of(run, step)
    # Copies: loading a checkpoint must not change networks that the caller may be training or have loaded into before.
    for role, module in (modules or {}).items():
        if not isinstance(module, nn.Module):
            raise SettingError(f"load: modules: the {role} is {shown(module)}; give a torch.nn.Module.")
    own = {role: copy_network(module) for role, module in (modules or {}).items()}
    model = build(recipe.model, event_of(path), modules=own)
    model.trained_steps = checkpoint.load_weights(path, model)["step"]
    # The layout that training used: convolutions draw samples several times faster in it.
    Devices(resolve(device), "fp32").prepare(model)
    return model


def checkpoint_of(run: Run, step: Which) -> Path:
    """The folder of the run's checkpoint that `step` names, as `load` takes it.

    Raises:
        RunError: there is no such checkpoint.
    """
    if not checkpoint.exists(run.folder):
        raise RunError(
            f"{run.folder.path} has no checkpoint yet, so there is no model to load. To train it (on): "
            f"{shell_command('resume', run.folder.path)}"
        )
    if step not in ("newest", "best"):
        if not isinstance(step, int) or isinstance(step, bool):
            raise RunError(f'step is {step!r}; ask for "newest", "best" or the number of a step that has a checkpoint.')
        return _of_step(run.folder, step)
    newest, skipped = checkpoint.newest_valid(run.folder)
    manifest = checkpoint.read_manifest(newest)
    chosen, reason = newest, f"Using step {manifest['step']} instead."
    if step == "best":
        best = manifest["extra"].get("measured", {}).get("best")
        if best is None:
            raise RunError(
                f"{run.folder.path} has no best step: no measured step was better than the untrained model. "
                f'Ask for step="newest".'
            )
        chosen = _of_step(run.folder, int(best["step"]))
        reason = (
            f"Using step {best['step']}, the best of the steps up to {manifest['step']}, the newest whole checkpoint: "
            f"what was measured later is not known."
        )
    if skipped:  # never passed over in silence; the line that is shown is the one that called `load`
        warnings.warn(f"{' '.join(skipped)} {reason}", stacklevel=3)
    return chosen


def event_of(path: Path) -> Event:
    """What one example of the checkpoint's model is.

    Raises:
        RunError: the manifest is damaged, or describes no event.
    """
    described = checkpoint.read_manifest(path)["event"]
    try:
        return Event.from_json(described)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise RunError(f"{path / 'manifest.json'}: event: it describes no example ({error!r}).") from None


def _of_step(folder: RunFolder, step: int) -> Path:
    path = folder.checkpoint(step)
    if not path.is_dir():
        there = ", ".join(str(step) for step in checkpoint.steps(folder))
        raise RunError(f"{folder.path} has no checkpoint of step {step}; it has those of {there or 'no step'}.")
    return path
