"""Snapshots of a run: samples and codes of every step at which samples were drawn, for the pictures over time.

The files are stored beside the sample pictures, so that a resumed run can read those of earlier sessions.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from saddlepoint.errors import RunError
from saddlepoint.records import RunFolder, read_arrays, replaced

Numbers = npt.NDArray[Any]

ROWS = 10  # snapshots shown at most
_NAME = re.compile(r"step-(\d{8,18})\.npz")
_KINDS = {"samples": ("u", 4), "mean": ("f", 2), "log_variance": ("f", 2)}  # name: (kinds of dtype, number of axes)


def write_snapshot(folder: RunFolder, step: int, arrays: Mapping[str, Numbers]) -> None:
    """Write the arrays of a step to samples/step-NNNNNNNN.npz.

    Args:
        folder: the run's.
        step: steps done.
        arrays: "samples" (N, C, H, W), unsigned integers; "mean" and "log_variance" (N, latent), floats.
    """
    with replaced(_path(folder, step), "wb") as file:
        np.savez_compressed(file, **dict(arrays))  # type: ignore[arg-type]


def read_snapshots(
    folder: RunFolder, last: int, attempt: Callable[[str], AbstractContextManager[object]] = contextlib.nullcontext
) -> list[tuple[int, dict[str, Numbers]]]:
    """Read at most ROWS evenly spaced snapshots up to step `last`, including the first and the last one.

    Args:
        folder: the run's.
        last: the run's current step.
        attempt: returns a context for reading the file with this name; if it suppresses an exception, only this snapshot is
            left out.

    Returns:
        (step, arrays) of each snapshot, in order.
    """
    names = [match for path in folder.samples.glob("step-*.npz") if (match := _NAME.fullmatch(path.name))]
    # A run that was resumed from an earlier step has snapshots of later steps.
    steps = sorted(step for step in (int(match[1]) for match in names) if step <= last)
    if len(steps) > ROWS:
        steps = [steps[i] for i in np.unique(np.linspace(0, len(steps) - 1, ROWS).round().astype(int))]
    snapshots: list[tuple[int, dict[str, Numbers]]] = []
    for step in steps:
        path = _path(folder, step)
        with attempt(f"samples/{path.name}"):
            arrays = read_arrays(path)
            _check(path, arrays, snapshots[0][1] if snapshots else arrays)
            snapshots.append((step, arrays))
    return snapshots


def _check(path: Path, arrays: Mapping[str, Numbers], first: Mapping[str, Numbers]) -> None:
    """Raise RunError if these are not the arrays of a snapshot, or their shapes differ from those of the first one."""
    for name, (kinds, axes) in _KINDS.items():
        if (name in arrays) != (name in first):
            raise RunError(f"{path}: {name} is missing here or in the first of these files. Remove the file.")
        if name not in arrays:
            continue
        array = arrays[name]
        if array.dtype.kind not in kinds or array.ndim != axes or not array.size:
            raise RunError(
                f"{path}: {name} is {array.dtype} of shape {array.shape}, not {axes} axes of numbers. Remove it."
            )
        if array.shape[1:] != first[name].shape[1:]:
            raise RunError(
                f"{path}: {name} has shape {array.shape}, and {first[name].shape} in the first file. Remove it."
            )
    if ("mean" in arrays) != ("log_variance" in arrays):
        raise RunError(f"{path}: mean and log_variance belong together. Remove the file.")


def _path(folder: RunFolder, step: int) -> Path:
    return folder.sample_grid(step).with_suffix(".npz")
