"""Checkpoints of replicas: one file without pickle, which appears by rename and is checked before it is loaded."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import safetensors
import safetensors.torch
import torch
from torch import Tensor

from saddlepoint.errors import RunError
from saddlepoint.lanes.replica import Replica
from saddlepoint.lanes.replicas import Replicas
from saddlepoint.records import replaced

FORMAT = 1
# Training settings that may differ between the saved replicas and those that continue.
FREE = {"steps", "device", "threads", "precision", "stop_on", "checkpoint_every", "keep", "sample_every", "samples"}


def save(path: str | Path, replicas: Replicas) -> None:
    """Write the state of the replicas to a file, completely or not at all.

    Args:
        path: of the file; an existing one is replaced.
        replicas: whose state is saved.
    """
    tensors = {name: value.detach().cpu().contiguous().clone() for name, value in replicas.state_tensors().items()}
    manifest = {
        "format": FORMAT,
        "step": replicas.step,
        "seconds": replicas.seconds,
        "odd": replicas.noise_is_odd,
        "lanes": _identity(replicas),
        "sha256": _digest(tensors),
    }
    with replaced(path, "wb") as file:
        file.write(safetensors.torch.save(tensors, metadata={"saddlepoint lanes": json.dumps(manifest)}))


def load(path: str | Path, replicas: Replicas) -> None:
    """Set the state of `replicas` to the saved one; training then continues as if it had not been interrupted.

    Args:
        path: of the file.
        replicas: with the same settings and data as those that were saved.

    Raises:
        RunError: the file is damaged, or belongs to other replicas; `replicas` is unchanged.
    """
    manifest, tensors = _read(path)
    if manifest["lanes"] != _identity(replicas):
        raise RunError(
            f"{path} is of other replicas (their settings or data differ): load it into those that it was saved from."
        )
    expected = {name: (value.shape, value.dtype) for name, value in replicas.state_tensors().items()}
    if expected != {name: (value.shape, value.dtype) for name, value in tensors.items()}:
        raise RunError(f"{path} holds tensors of other names or shapes than these replicas have.")
    replicas.load_state_tensors(tensors, step=manifest["step"], seconds=manifest["seconds"], odd=manifest["odd"])


def _read(path: str | Path) -> tuple[dict[str, Any], dict[str, Tensor]]:
    try:
        with safetensors.safe_open(str(path), "pt") as file:
            manifest = json.loads((file.metadata() or {})["saddlepoint lanes"])
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (it is no dict)
    except FileNotFoundError as error:
        raise RunError(f"{path} does not exist: there is no checkpoint of replicas to continue from.") from error
    except (safetensors.SafetensorError, OSError, KeyError, ValueError) as error:
        raise RunError(f"{path} is damaged, or no checkpoint of replicas: {error}.") from error
    if manifest.get("format") != FORMAT:
        raise RunError(f"{path} has format {manifest.get('format')}; this version of saddlepoint reads {FORMAT}.")
    if manifest["sha256"] != _digest(tensors):
        raise RunError(f"{path} is damaged: its tensors do not have the SHA-256 that it names.")
    return manifest, tensors


def _identity(replicas: Replicas) -> str:
    """SHA-256 of the settings and data of all replicas."""
    return hashlib.sha256(json.dumps([_settings_of(replica) for replica in replicas.replicas]).encode()).hexdigest()


def _settings_of(replica: Replica) -> list[Any]:
    training = replica.training.model_dump(mode="json", exclude=FREE)
    return [replica.model.model_dump(mode="json"), training, replica.dataset.name, replica.dataset.fingerprint]


def _digest(tensors: dict[str, Tensor]) -> str:
    found = hashlib.sha256()
    for name in sorted(tensors):
        found.update(name.encode())
        found.update(tensors[name].contiguous().view(-1).view(torch.uint8).numpy().tobytes())
    return found.hexdigest()
