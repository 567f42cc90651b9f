"""Load the trained model of a run from one of its checkpoints."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from torch import nn

from saddlepoint.arguments import check_modules, check_text, shown
from saddlepoint.data.event import Event
from saddlepoint.errors import RunError, SettingError
from saddlepoint.experiment import module_objects
from saddlepoint.models import build
from saddlepoint.models.base import Model
from saddlepoint.models.copying import copy_network
from saddlepoint.models.own_loss import ROLE
from saddlepoint.recipe import Recipe
from saddlepoint.recipe.trust import require_trust
from saddlepoint.records import RunFolder, find_run, shell_command
from saddlepoint.training import checkpoint
from saddlepoint.training.devices import Devices, resolve

Which = Literal["newest", "best"] | int


def load(
    folder: str | Path,
    *,
    step: Which = "newest",
    device: str = "cpu",
    modules: Mapping[str, nn.Module] | None = None,
    trust: bool = False,
) -> Model:
    """Load the trained model of a run, without its data.

    Issues a UserWarning if a newer checkpoint is damaged and an older one is loaded instead.

    Args:
        folder: of the run.
        step: "newest" for the newest complete checkpoint, "best" for the best step by the model's selection metric, or the step
            of a checkpoint.
        device: as in the setting `training.device`.
        modules: the user's own networks by role, if the run was trained with objects instead of import paths; the weights are
            loaded into copies of them.
        trust: whether code that the run names by import path may run. It is not needed for built-in networks and for paths
            that this user gave or trusted before (see SECURITY.md).

    Returns:
        The model, ready to sample.

    Raises:
        RunError: the folder is not a run, there is no such checkpoint, it is damaged, or the user's own networks are missing.
        TrustError: the run names code by import path that is not trusted.
    """
    check_modules("run", modules)
    run = find_run(folder)
    check_text("load", "device", device, "cpu")
    recipe = Recipe.load(run.recipe)
    module_objects.require(recipe, modules, where=str(run.path))
    require_trust(recipe.model, trust=trust, modules=modules, where=str(run.path))
    path = checkpoint_of(run, step)
    # Copies: loading a checkpoint must not change networks that the caller may be training or have loaded into before.
    own: dict[str, Any] = dict(modules or {})
    for role, module in own.items():
        if role == ROLE:
            continue
        if not isinstance(module, nn.Module):
            raise SettingError(f"load: modules: the {role} is {shown(module)}; give a torch.nn.Module.")
        own[role] = copy_network(module)
    model = build(recipe.model, event_of(path), modules=own)
    model.trained_steps = checkpoint.load_weights(path, model)["step"]
    # The memory layout of training: convolutions are several times faster in it.
    Devices(resolve(device), "fp32").prepare(model)
    return model


def checkpoint_of(run: RunFolder, step: Which) -> Path:
    """Return the folder of a checkpoint.

    Args:
        run: the run's folder.
        step: which checkpoint, as in `load`.

    Raises:
        RunError: there is no such checkpoint.
    """
    if not checkpoint.exists(run):
        if run.recipe.is_file():
            module_objects.require_our_loop(Recipe.load(run.recipe), str(run.path))
        raise RunError(
            f"{run.path} has no checkpoint yet, so there is no model to load. To train it (on): "
            f"{shell_command('resume', run.path)}"
        )
    if step not in ("newest", "best"):
        if not isinstance(step, int) or isinstance(step, bool):
            raise RunError(f'step is {step!r}; ask for "newest", "best" or the number of a step that has a checkpoint.')
        return _checkpoint_of_step(run, step)
    newest, skipped = checkpoint.newest_valid(run)
    manifest = checkpoint.read_manifest(newest)
    chosen, reason = newest, f"Using step {manifest['step']} instead."
    if step == "best":
        best = manifest["extra"].get("measured", {}).get("best")
        if best is None:
            raise RunError(
                f"{run.path} has no best step: no measured step was better than the untrained model. "
                f'Ask for step="newest".'
            )
        chosen = _checkpoint_of_step(run, int(best["step"]))
        reason = (
            f"Using step {best['step']}, the best of the steps up to {manifest['step']}, the newest whole checkpoint; later "
            f"measurements are unknown."
        )
    if skipped:  # the warning points to the line that called `load`
        warnings.warn(f"{' '.join(skipped)} {reason}", stacklevel=3)
    return chosen


def event_of(path: Path) -> Event:
    """Return the event of a checkpoint's model: what one example is.

    Args:
        path: the checkpoint's folder.

    Raises:
        RunError: the manifest is damaged, or describes no event.
    """
    described = checkpoint.read_manifest(path)["event"]
    try:
        return Event.from_json(described)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise RunError(f"{path / 'manifest.json'}: event: it describes no example ({error!r}).") from None


def _checkpoint_of_step(run: RunFolder, step: int) -> Path:
    path = run.checkpoint(step)
    if not path.is_dir():
        available = ", ".join(str(step) for step in checkpoint.steps(run))
        raise RunError(f"{run.path} has no checkpoint of step {step}; it has those of {available or 'no step'}.")
    return path
