"""Write predicted frames: a folder of pictures for each sequence, and a film of the given and the predicted frames."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterable, Set
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from saddlepoint.applications.predict.applying import Continued
from saddlepoint.figures.frames import continuation_film
from saddlepoint.figures.video import film
from saddlepoint.records.leftovers import remove_tree

SPEED = 8.0  # frames a second
LONGEST = 100  # letters of a file's name


def write_continued(sequences: Iterable[Continued], folder: Path) -> list[dict[str, Any]]:
    """Write NAME/frame-00001.png, ... of the predicted frames and NAME-film.mp4 (.gif without PyAV); all appear together or not at all.

    NAME is that of the sequence, with other characters than letters, digits and _ replaced.

    Args:
        sequences: with their predicted frames.
        folder: does not exist, or is empty.

    Returns:
        Name, folder, given and predicted frames of each sequence.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    staging = folder.with_name(f".{folder.name}.part")
    if staging.exists():
        remove_tree(staging)
    staging.mkdir()
    facts: list[dict[str, Any]] = []
    try:
        for one in sequences:
            name = _file_name(one.name, {fact["folder"] for fact in facts})
            place = staging / name
            place.mkdir()
            for number, frame in enumerate(one.predicted.permute(1, 2, 3, 0).numpy(), one.given.shape[1] + 1):
                pixels = frame[..., 0] if frame.shape[-1] == 1 else frame
                Image.fromarray(np.ascontiguousarray(pixels)).save(place / f"frame-{number:05d}.png")
            film(
                continuation_film(one.given.numpy(), one.predicted.numpy()),
                staging / f"{name}-film",
                frames_per_second=SPEED,
            )
            facts.append(
                {"name": one.name, "folder": name, "given": one.given.shape[1], "predicted": one.predicted.shape[1]}
            )
        if folder.exists():
            folder.rmdir()
        staging.rename(folder)
    finally:
        if staging.exists():
            shutil.rmtree(staging)
    return facts


def _file_name(name: str, taken: Set[str]) -> str:
    """A file's name for a sequence, without dots and slashes, that is not taken."""
    plain = re.sub(r"[^\w]+", "-", name).strip("-")[:LONGEST] or "sequence"
    found, number = plain, 1
    while found in taken:
        number += 1
        found = f"{plain}-{number}"
    return found
