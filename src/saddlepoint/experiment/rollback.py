"""Return a run to an earlier checkpoint with other settings, and keep the part after it in attempts/N/.

If the process is killed at any moment, the run can be resumed: with the old settings if the intervention was not yet written to
cures.jsonl, otherwise with the new settings (see `unfinished_rollback`).
"""

from __future__ import annotations

import contextlib
import math
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from saddlepoint.errors import RunError, SettingError
from saddlepoint.evaluation.monitors.quality import HALF_WAY, share_of_the_way
from saddlepoint.experiment.interventions import Intervention, read_interventions
from saddlepoint.recipe import Recipe
from saddlepoint.records import JsonLines, RunFolder, read_bytes, replaced
from saddlepoint.training import checkpoint

ACTIVE_FAILURES = "standing"  # key in a checkpoint's extra: codes of the failures that were active when it was written


def roll_back(folder: RunFolder, intervention: Intervention, changed: Recipe) -> None:
    """Archive the failed part, record the intervention, and return the run to the earlier step.

    Args:
        folder: the run's.
        intervention: the changes, and the step to return to.
        changed: the recipe to continue with.
    """
    archive = folder.attempt(intervention.number)
    part = archive.with_name(f".part-{archive.name}")
    for old in (part, archive):
        shutil.rmtree(old, ignore_errors=True)
    part.mkdir(parents=True)
    for path in (folder.recipe, folder.records, folder.findings):
        if path.exists():
            shutil.copyfile(path, part / path.name)
    if (best := _best_checkpoint(folder)) is not None:
        shutil.copytree(best, RunFolder(part).checkpoints / best.name)
    part.rename(archive)
    with JsonLines(folder.cures) as file:
        file.append(intervention.to_json())
        file.sync()
    finish_rollback(folder, intervention, changed)


def unfinished_rollback(recipe: Recipe, folder: RunFolder) -> tuple[Recipe, Intervention | None]:
    """Find an intervention during which the run was killed; writes nothing.

    It is the last intervention, if recipe.yaml still equals the archived recipe. A different recipe.yaml was written by the
    intervention or by the user.

    Args:
        recipe: the content of recipe.yaml.
        folder: the run's.

    Returns:
        The recipe to resume with, and the intervention that `finish_rollback` must complete, or None.

    Raises:
        RunError: cures.jsonl is damaged, or its changes are not valid in the recipe.
    """
    earlier = read_interventions(folder)
    if not earlier:
        return recipe, None
    archived = RunFolder(folder.attempt(earlier[-1].number)).recipe
    if not archived.is_file() or read_bytes(archived) != read_bytes(folder.recipe):
        return recipe, None
    try:
        return recipe.override(earlier[-1].settings(), where="resume"), earlier[-1]
    except SettingError as error:
        raise RunError(f"{folder.cures}: the changes of its last line do not fit the recipe ({error})") from None


def finish_rollback(folder: RunFolder, intervention: Intervention, changed: Recipe) -> None:
    """Remove the checkpoints after the step to return to, and write the recipe to continue with.

    Args:
        folder: the run's.
        intervention: has the step to return to.
        changed: the recipe to continue with.
    """
    if folder.checkpoints.is_dir():
        checkpoint.remove_after(folder, intervention.returned_to)
    with replaced(folder.recipe) as file:
        file.write(changed.to_yaml())


def last_healthy_step(folder: RunFolder, before: int) -> int:
    """Return the step of the newest healthy checkpoint.

    At a healthy checkpoint no failure was active, and the energy distance to the data had come at least half of the way from the
    untrained model's to that of real examples. A less trained model may already be failing, and little is lost if it starts again.

    Args:
        folder: the run's.
        before: only checkpoints of earlier steps are considered.

    Returns:
        The step; 0 if there is no such checkpoint.
    """
    for path in checkpoint.candidates(folder):
        try:
            manifest = checkpoint.read_manifest(path)
        except RunError:
            continue
        extra = manifest["extra"]
        healthy = not extra.get(ACTIVE_FAILURES) and _has_learnt(extra.get("measured", {}))
        if manifest["step"] < before and healthy:
            return int(manifest["step"])
    return 0


def _best_checkpoint(folder: RunFolder) -> Path | None:
    """Return the checkpoint of the best step so far, otherwise the newest; None if none is complete."""
    manifests = {}
    for path in checkpoint.candidates(folder):
        with contextlib.suppress(RunError):
            manifests[path] = checkpoint.read_manifest(path)
    if not manifests:
        return None
    newest = next(iter(manifests))
    best = manifests[newest]["extra"].get("measured", {}).get("best") or {}
    return next((path for path, manifest in manifests.items() if manifest["step"] == best.get("step")), newest)


def _has_learnt(measured: Mapping[str, Any]) -> bool:
    """Whether the energy distance had come half of the way to that of real examples; True if it was not measured."""
    last = measured.get("last_quality")
    if last is not None and not math.isfinite(last):
        return False
    way = share_of_the_way({"first": measured.get("first_quality"), "last": last})
    return way is None or way >= HALF_WAY
