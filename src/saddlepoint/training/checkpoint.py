"""Checkpoints: a folder that appears whole or not at all, is checked before it is believed, and holds no pickle.

    step-00000120/
        weights.safetensors     players/NAME/..., averaged/NAME/... (the moving averages), extra/... (the model's own),
                            scaling/scale and scaling/offset (model units = data units * scale + offset)
        optimiser.safetensors   the optimisers' moments and counters
        state.safetensors       generators' states, the scalars of the tick under way
        manifest.json           step, seconds, event, versions, bytes and SHA-256 of every file, the caller's extra

How it appears and is checked: `saddlepoint.training.checkpoint_store`.
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
    place,
    prune,
    remove_after,
    step_of,
    steps,
    verified,
)
from saddlepoint.training.manifest import FORMAT, Manifest, digest, unsealed
from saddlepoint.training.state import TrainingState

__all__ = [
    "candidates",
    "exists",
    "load",
    "load_fitting",
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
    """Write checkpoints/step-NNNNNNNN and return its path; one that exists already is replaced.

    `extra` (JSON values) comes back as `manifest["extra"]`. Killed at any moment, this leaves the earlier checkpoints as
    they were. Those of later steps are removed (see `place`).
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
    return place(folder, state.step, contents, manifest)


def load(path: Path, model: Model, state: TrainingState | None = None) -> Manifest:
    """Bring `model`, and `state` where given, to the moment of the checkpoint at `path`; returns its manifest.

    The files' SHA-256 are verified before anything is changed. Raises RunError where the checkpoint is damaged, or is
    of another model or of other optimisers. Load before calling `play`.
    """
    manifest, tensors = _read(path, (WEIGHTS, OPTIMISER, STATE) if state is not None else (WEIGHTS,))
    weights = tensors[WEIGHTS]
    if state is not None:
        kept = {key.split("/")[1] for key in weights if key.startswith("averaged/")}
        if kept != set(state.averages):
            raise RunError(
                f"{path} holds moving averages of {sorted(kept) or 'no player'}, training.ema asks for "
                f"{sorted(state.averages) or 'none'}: resume with the setting the run was started with."
            )
        if manifest["optimisers"] != _kinds(state):
            raise RunError(
                f"{path} was written with the optimisers {manifest['optimisers']}, the recipe names {_kinds(state)}: "
                "resume with those the run was started with."
            )
    _load_players(path, model, weights, "players")
    if state is not None:
        for name, average in state.averages.items():
            _load_module(path, average.module, weights, f"averaged/{name}/")
        with _damage(path, OPTIMISER):
            state.load_optimiser_tensors(tensors[OPTIMISER])
        with _damage(path, STATE):
            state.load_tensors(tensors[STATE])
        state.step, state.seconds = manifest["step"], manifest["seconds"]
        state.tick_seconds = manifest["tick_seconds"]
    return manifest


def load_fitting(path: Path, model: Model, state: TrainingState) -> list[str]:
    """Like `load`, for a model or optimisers that were changed since: what still fits is loaded, and the rest stays as new.

    Returns the players that stay as new, because their weights have other shapes. Raises RunError for a damaged checkpoint.
    """
    manifest, tensors = _read(path, (WEIGHTS, OPTIMISER, STATE))
    weights, kinds = tensors[WEIGHTS], _kinds(state)
    fresh = []
    memories: dict[str, Tensor] = {}
    for name, player in model.players.items():
        kept = _under(f"players/{name}/", weights)
        if {key: value.shape for key, value in kept.items()} != {k: v.shape for k, v in player.state_dict().items()}:
            fresh.append(name)
            continue
        player.load_state_dict(kept)
        if name in state.averages:
            state.averages[name].module.load_state_dict(_under(f"averaged/{name}/", weights) or kept)
        if name in kinds and manifest["optimisers"].get(name) == kinds[name]:
            memories |= {key: value for key, value in tensors[OPTIMISER].items() if key.startswith(f"{name}/")}
    with _damage(path, OPTIMISER):
        state.load_optimiser_tensors(memories)
    with _damage(path, STATE):
        state.load_tensors({key: value for key, value in tensors[STATE].items() if not key.startswith("pending/")})
    state.step, state.seconds, state.tick_seconds = manifest["step"], manifest["seconds"], 0.0
    return fresh


def load_weights(path: Path, model: Model, average: bool = True) -> Manifest:
    """Load what sampling needs: the moving averages of the players that have one (with `average`), else the weights."""
    manifest, tensors = _read(path, (WEIGHTS,))
    weights = tensors[WEIGHTS]
    _load_players(path, model, weights, "averaged" if average else "players")
    return manifest


def read_manifest(path: Path) -> Manifest:
    """The manifest of the checkpoint at `path`, verified: what it is of, before any model is built for it."""
    return unsealed(path / MANIFEST)


def newest_valid(folder: RunFolder, last: int | None = None) -> tuple[Path, list[str]]:
    """The newest checkpoint, of step `last` at most, that is whole, and a sentence about each damaged one that was skipped.

    Reads only, so that it is safe beside a process that trains. Raises RunError where there is none.
    """
    skipped = []
    for path in candidates(folder, last):
        try:
            verified(path, (WEIGHTS, OPTIMISER, STATE))
        except RunError as error:
            skipped.append(f"Skipped a damaged checkpoint: {error}")
        else:
            return path, skipped
    reasons = f" ({' '.join(skipped)})" if skipped else ""
    raise RunError(
        f"{folder.path} holds no checkpoint that can be loaded{reasons}. To train it again: {retrain_command(folder.path)}"
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
    """The kind of optimiser by player: moments of one kind mean nothing to another."""
    return {player: type(optimiser).__name__ for player, optimiser in state.optimisers.items()}


def _storable(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """On the host and contiguous; tied weights become copies, since safetensors stores no tensor twice."""
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


def _load_scaling(path: Path, model: Model, weights: Mapping[str, Tensor]) -> None:
    """Give the model the units it was trained in. Earlier versions wrote none: there the event alone decides them."""
    if not any(name in weights for name in SCALING):
        return
    channels = model.event.shape[model.event.channel_axis]
    scale, offset = (weights.get(name, torch.empty(0)).double() for name in SCALING)
    fits = scale.shape == offset.shape and scale.shape in ((1,), (channels,))
    if not (fits and scale.isfinite().all() and offset.isfinite().all() and (scale != 0).all()):
        raise RunError(f"{path / WEIGHTS} does not fit this model (scaling): its units are damaged.")
    model.scaling = replace(model.scaling, scale=tuple(scale.tolist()), offset=tuple(offset.tolist()))


def _load_module(path: Path, module: torch.nn.Module, weights: Mapping[str, Tensor], prefix: str) -> None:
    try:
        module.load_state_dict(_under(prefix, weights))
    except (RuntimeError, KeyError, TypeError, ValueError) as error:
        reason = _difference(module.state_dict(), _under(prefix, weights)) or " ".join(str(error).split())
        raise RunError(f"{path / WEIGHTS} does not fit this model ({prefix.rstrip('/')}): {reason}") from error


def _difference(own: Mapping[str, Any], kept: Mapping[str, Tensor]) -> str:
    """The first tensor that a network and a checkpoint do not have alike, in words; empty where there is none."""
    for name in (*own, *kept):
        if name not in kept:
            return f"the network has {name}, the checkpoint has not."
        if name not in own:
            return f"the checkpoint has {name}, the network has not."
        if (mine := getattr(own[name], "shape", None)) != kept[name].shape:
            return f"{name} is {tuple(mine or ())} in the network, {tuple(kept[name].shape)} in the checkpoint."
    return ""


@contextlib.contextmanager
def _damage(path: Path, name: str) -> Iterator[None]:
    """Name the file of the checkpoint whose tensors are not those that belong there."""
    try:
        yield
    except ValueError as error:
        raise RunError(f"{path / name} does not fit this model and its optimisers: {error}.") from None


def _under(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {key.removeprefix(prefix): value for key, value in tensors.items() if key.startswith(prefix)}


def _read(path: Path, names: tuple[str, ...]) -> tuple[Manifest, dict[str, dict[str, Tensor]]]:
    """The manifest and the tensors of the files `names`, verified."""
    manifest, contents = verified(path, names)
    tensors = {}
    for name, data in contents.items():
        try:
            tensors[name] = safetensors.torch.load(data)
        except (safetensors.SafetensorError, ValueError, KeyError, TypeError, AttributeError, RuntimeError) as error:
            raise RunError(f"{path / name} holds no tensors that can be read: {error}.") from None
    return manifest, tensors
