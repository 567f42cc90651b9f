"""What a run keeps of every moment at which it drew samples, so that its end can show them one above another.

Files of their own beside the sample pictures: a resumed run finds those of the sessions before it.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from saddlepoint.records import RunFolder, replaced

Numbers = npt.NDArray[Any]

ROWS = 10  # moments shown at most


def keep(folder: RunFolder, step: int, arrays: Mapping[str, Numbers]) -> None:
    """samples/step-NNNNNNNN.npz."""
    with replaced(_path(folder, step), "wb") as file:
        np.savez_compressed(file, **dict(arrays))  # type: ignore[arg-type]


def kept(folder: RunFolder, last: int) -> list[tuple[int, dict[str, Numbers]]]:
    """(step, arrays) of evenly chosen moments up to step `last`, first and last included, at most ROWS of them."""
    steps = sorted(int(path.stem.removeprefix("step-")) for path in folder.samples.glob("step-*.npz"))
    # A run resumed from before its last frames has moments that it has yet to come to.
    steps = [step for step in steps if step <= last]
    if len(steps) > ROWS:
        steps = [steps[i] for i in np.unique(np.linspace(0, len(steps) - 1, ROWS).round().astype(int))]
    moments = []
    for step in steps:
        with np.load(_path(folder, step), allow_pickle=False) as arrays:
            moments.append((step, dict(arrays)))
    return moments


def _path(folder: RunFolder, step: int) -> Path:
    return folder.sample_grid(step).with_suffix(".npz")
