"""Checkpoints: folders that are written atomically, verified before they are loaded, and hold no pickle.

    step-00000120/
        weights.safetensors     players/NAME/..., averaged/NAME/... (moving averages), extra/... (the model's extra state),
                            scaling/scale and scaling/offset (model units = data units * scale + offset)
        optimiser.safetensors   moments and counters of the optimisers
        state.safetensors       states of the random generators, scalars of the current tick
        manifest.json           step, seconds, event, versions, bytes and SHA-256 of every file, the caller's extra

`saddlepoint.training.checkpoint_store` writes and verifies the folders.
"""

from __future__ import annotations

import contextlib
import platform
from collections.abc import Iterator, Mapping
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import safetensors
import safetensors.torch
import torch
from torch import Tensor

from saddlepoint.errors import RunError
from saddlepoint.models.base import Model
from saddlepoint.records import RunFolder, retrain_command
from saddlepoint.training.checkpoint_store import (
    MANIFEST,
    candidates,
    exists,
    prune,
    read_verified,
    remove_after,
    step_of,
    steps,
    write_checkpoint,
)
from saddlepoint.training.manifest import FORMAT, Manifest, digest, load_manifest
from saddlepoint.training.state import TrainingState

__all__ = [
    "candidates",
    "exists",
    "load",
    "load_matching",
    "load_weights",
    "newest_valid",
    "prune",
    "read_manifest",
    "remove_after",
    "save",
    "step_of",
    "steps",
]

SCALING = ("scaling/scale", "scaling/offset")
WEIGHTS, OPTIMISER, STATE = "weights.safetensors", "optimiser.safetensors", "state.safetensors"


def save(folder: RunFolder, model: Model, state: TrainingState, *, extra: Mapping[str, Any] | None = None) -> Path:
    """Write the checkpoint checkpoints/step-NNNNNNNN; an existing one of this step is replaced.

    If the process is killed at any moment, the earlier checkpoints stay intact. Checkpoints of later steps are removed (see
    `saddlepoint.training.checkpoint_store.write_checkpoint`).

    Args:
        folder: of the run.
        model: whose weights are saved.
        state: of training.
        extra: JSON values, which `load` returns as `manifest["extra"]`.

    Returns:
        The path of the checkpoint.
    """
    contents = {
        WEIGHTS: safetensors.torch.save(_storable(_weights(model, state))),
        OPTIMISER: safetensors.torch.save(_storable(state.optimiser_tensors())),
        STATE: safetensors.torch.save(_storable(state.tensors())),
    }
    manifest: Manifest = {
        "format": FORMAT,
        "step": state.step,
        "seconds": state.seconds,
        "tick_seconds": state.tick_seconds,
        "family": model.family,
        "optimisers": _kinds(state),
        "event": model.event.to_json(),
        "versions": {
            "saddlepoint": version("saddlepoint"),
            "torch": torch.__version__,
            "python": platform.python_version(),
        },
        "files": {name: {"bytes": len(data), "sha256": digest(data)} for name, data in contents.items()},
        "extra": dict(extra or {}),
    }
    return write_checkpoint(folder, state.step, contents, manifest)


def load(path: Path, model: Model, state: TrainingState | None = None) -> Manifest:
    """Restore a model and the state of its training from a checkpoint; call it before `play`.

    The SHA-256 of the files is verified before anything is changed.

    Args:
        path: of the checkpoint.
        model: gets the weights.
        state: gets the state of training; None loads the weights only.

    Returns:
        The manifest.

    Raises:
        RunError: the checkpoint is damaged, or belongs to another model or to other optimisers.
    """
    manifest, tensors = _read(path, (WEIGHTS, OPTIMISER, STATE) if state is not None else (WEIGHTS,))
    weights = tensors[WEIGHTS]
    if state is not None:
        _check_extra_state(path, model, manifest["step"], weights)
        averaged = {key.split("/")[1] for key in weights if key.startswith("averaged/")}
        if averaged != set(state.averages):
            raise RunError(
                f"{path} holds moving averages of {sorted(averaged) or 'no player'}, but training.ema requires "
                f"{sorted(state.averages) or 'none'}: resume with the training.ema that the run was started with."
            )
        if manifest["optimisers"] != _kinds(state):
            raise RunError(
                f"{path} was written with the optimisers {manifest['optimisers']}, but the recipe has {_kinds(state)}: "
                "resume with the optimisers that the run was started with."
            )
    _load_players(path, model, weights, "players")
    if state is not None:
        for name, average in state.averages.items():
            _load_module(path, average.module, weights, f"averaged/{name}/")
        with _name_file(path, OPTIMISER):
            state.load_optimiser_tensors(tensors[OPTIMISER])
        with _name_file(path, STATE):
            state.load_tensors(tensors[STATE])
        state.step, state.seconds = manifest["step"], manifest["seconds"]
        state.tick_seconds = manifest["tick_seconds"]
    return manifest


def load_matching(path: Path, model: Model, state: TrainingState) -> list[str]:
    """Restore what still matches after the model or its optimisers were changed.

    A player keeps its new weights if their shapes differ from those in the checkpoint, and its new optimiser state if the
    kind of its optimiser changed.

    Args:
        path: of the checkpoint.
        model: gets the weights.
        state: gets the state of training.

    Returns:
        The names of the players that keep their new weights.

    Raises:
        RunError: the checkpoint is damaged.
    """
    manifest, tensors = _read(path, (WEIGHTS, OPTIMISER, STATE))
    weights, kinds = tensors[WEIGHTS], _kinds(state)
    fresh = []
    optimiser_tensors: dict[str, Tensor] = {}
    for name, player in model.players.items():
        saved = _under(f"players/{name}/", weights)
        if {key: value.shape for key, value in saved.items()} != {k: v.shape for k, v in player.state_dict().items()}:
            fresh.append(name)
            continue
        player.load_state_dict(saved)
        if name in state.averages:
            state.averages[name].module.load_state_dict(_under(f"averaged/{name}/", weights) or saved)
        if name in kinds and manifest["optimisers"].get(name) == kinds[name]:
            optimiser_tensors |= {key: value for key, value in tensors[OPTIMISER].items() if key.startswith(f"{name}/")}
    with _name_file(path, OPTIMISER):
        state.load_optimiser_tensors(optimiser_tensors)
    with _name_file(path, STATE):
        state.load_tensors({key: value for key, value in tensors[STATE].items() if not key.startswith("pending/")})
    state.step, state.seconds, state.tick_seconds = manifest["step"], manifest["seconds"], 0.0
    return fresh


def load_weights(path: Path, model: Model, average: bool = True) -> Manifest:
    """Load the weights for sampling.

    Args:
        path: of the checkpoint.
        model: gets the weights.
        average: load the moving averages of the players that have one.

    Returns:
        The manifest.

    Raises:
        RunError: the checkpoint is damaged or belongs to another model.
    """
    manifest, tensors = _read(path, (WEIGHTS,))
    weights = tensors[WEIGHTS]
    _load_players(path, model, weights, "averaged" if average else "players")
    return manifest


def read_manifest(path: Path) -> Manifest:
    """Return the manifest of the checkpoint at `path`, without loading its tensors.

    Raises:
        RunError: the manifest is damaged.
    """
    return load_manifest(path / MANIFEST)


def newest_valid(folder: RunFolder, last: int | None = None) -> tuple[Path, list[str]]:
    """Find the newest checkpoint that is not damaged.

    This only reads, so that it is safe while another process trains.

    Args:
        folder: of the run.
        last: the largest step that is considered; None for all.

    Returns:
        The path of the checkpoint, and a sentence about each damaged one that was skipped.

    Raises:
        RunError: there is none.
    """
    skipped = []
    for path in candidates(folder, last):
        try:
            read_verified(path, (WEIGHTS, OPTIMISER, STATE))
        except RunError as error:
            skipped.append(f"Skipped a damaged checkpoint: {error}")
        else:
            return path, skipped
    reasons = f" ({' '.join(skipped)})" if skipped else ""
    raise RunError(
        f"{folder.path} holds no checkpoint that can be loaded{reasons}. To train again: {retrain_command(folder.path)}"
    )


def _weights(model: Model, state: TrainingState) -> dict[str, Tensor]:
    tensors = {
        f"players/{name}/{key}": value
        for name, player in model.players.items()
        for key, value in player.state_dict().items()
    }
    for name, average in state.averages.items():
        tensors |= {f"averaged/{name}/{key}": value for key, value in average.module.state_dict().items()}
    tensors |= {f"extra/{key}": value for key, value in model.extra_state().items()}
    units = model.scaling
    return tensors | {
        name: torch.tensor(values, dtype=torch.float64)
        for name, values in zip(SCALING, (units.scale, units.offset), strict=True)
    }


def _kinds(state: TrainingState) -> dict[str, str]:
    """The class name of each player's optimiser: the moments of one class cannot be loaded into another."""
    return {player: type(optimiser).__name__ for player, optimiser in state.optimisers.items()}


def _storable(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Contiguous copies on the host; tied weights become separate tensors, since safetensors refuses shared memory."""
    return {name: value.detach().cpu().clone(memory_format=torch.contiguous_format) for name, value in tensors.items()}


def _load_players(path: Path, model: Model, weights: Mapping[str, Tensor], kind: str) -> None:
    for name, player in model.players.items():
        prefix = f"{kind}/{name}/"
        has_kind = any(key.startswith(prefix) for key in weights)
        _load_module(path, player, weights, prefix if has_kind else f"players/{name}/")
    _load_scaling(path, model, weights)
    try:
        model.load_extra_state(_under("extra/", weights))
    except (RuntimeError, KeyError, TypeError, ValueError, IndexError) as error:
        raise RunError(f"{path / WEIGHTS} does not fit this model (extra): {error!r}") from None


def _check_extra_state(path: Path, model: Model, step: int, weights: Mapping[str, Tensor]) -> None:
    """Raise RunError if the state of a part of the model is not in the checkpoint, or that in it belongs to no part of the model."""
    saved = _under("extra/", weights).keys()
    for holds, names in (
        ("no state of {}", model.state_names - saved),
        ("the state of {}, which the recipe does not have", model.unread_state(saved)),
    ):
        if step > 0 and names:
            parts = " and ".join(sorted({f"model.{name.partition('/')[0]}" for name in names}))
            run = path.parent.parent
            raise RunError(
                f"{path} holds {holds.format(parts)}, so the recipe was changed after training began: restore the earlier "
                f"recipe in {run / 'recipe.yaml'}, or train again with this one: {retrain_command(run)}"
            )


def _load_scaling(path: Path, model: Model, weights: Mapping[str, Tensor]) -> None:
    """Restore the scaling of the model. Checkpoints of earlier versions have none; there it follows from the event."""
    if not any(name in weights for name in SCALING):
        return
    channels = model.event.shape[model.event.channel_axis]
    scale, offset = (weights.get(name, torch.empty(0)).double() for name in SCALING)
    fits = scale.shape == offset.shape and scale.shape in ((1,), (channels,))
    if not (fits and scale.isfinite().all() and offset.isfinite().all() and (scale != 0).all()):
        raise RunError(
            f"{path / WEIGHTS} does not fit this model (scaling): its units are damaged or of another shape."
        )
    model.scaling = replace(model.scaling, scale=tuple(scale.tolist()), offset=tuple(offset.tolist()))


def _load_module(path: Path, module: torch.nn.Module, weights: Mapping[str, Tensor], prefix: str) -> None:
    try:
        module.load_state_dict(_under(prefix, weights))
    except (RuntimeError, KeyError, TypeError, ValueError) as error:
        reason = _difference(module.state_dict(), _under(prefix, weights)) or " ".join(str(error).split())
        raise RunError(f"{path / WEIGHTS} does not fit this model ({prefix.rstrip('/')}): {reason}") from error


def _difference(own: Mapping[str, Any], saved: Mapping[str, Tensor]) -> str:
    """A sentence about the first tensor that differs between a network and a checkpoint; empty if there is none."""
    for name in (*own, *saved):
        if name not in saved:
            return f"the network has {name}, which the checkpoint does not have."
        if name not in own:
            return f"the checkpoint has {name}, which the network does not have."
        if (mine := getattr(own[name], "shape", None)) != saved[name].shape:
            return f"{name} has shape {tuple(mine or ())} in the network, {tuple(saved[name].shape)} in the checkpoint."
    return ""


@contextlib.contextmanager
def _name_file(path: Path, name: str) -> Iterator[None]:
    """Turn a ValueError about the tensors of a file into a RunError that names the file."""
    try:
        yield
    except ValueError as error:
        raise RunError(f"{path / name} does not fit this model and its optimisers: {error}.") from None


def _under(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The tensors whose names start with a prefix, under the rest of their names."""
    return {key.removeprefix(prefix): value for key, value in tensors.items() if key.startswith(prefix)}


def _read(path: Path, names: tuple[str, ...]) -> tuple[Manifest, dict[str, dict[str, Tensor]]]:
    """Return the manifest and the tensors of the files `names`, after verifying them."""
    manifest, contents = read_verified(path, names)
    tensors = {}
    for name, data in contents.items():
        try:
            tensors[name] = safetensors.torch.load(data)
        except (safetensors.SafetensorError, ValueError, KeyError, TypeError, AttributeError, RuntimeError) as error:
            raise RunError(f"{path / name} cannot be read as tensors: {error}.") from None
    return manifest, tensors
