"""DATA405: examples that hold nothing, or sounds that were cut off at full scale, found before training.

- Empty: all numbers of a sound, volume or series are the same, or a sound is silent (below -80 dB of full scale). Warning where this
  is more than 1 % of the examples, else information.
- Clipped: a sound stays at its extreme for `FLAT` samples or more, several times, at almost full scale. Recordings that are too loud
  look so; a model learns the flat tops, which are heard as noise. Warning where this is more than 1 % of the sounds.
"""

from __future__ import annotations

import torch
from torch import Tensor

from saddlepoint.data.dataset import Dataset
from saddlepoint.records import Finding
from saddlepoint.records.schema import Severity

MANY = 0.01  # share of the examples above which a finding is a warning
SILENT = 1e-4  # of full scale
FULL_SCALE = 0.98
FLAT, TIMES = 4, 2  # samples in a row at the extreme, and how often


def check_kind(dataset: Dataset, x: Tensor) -> list[Finding]:
    """Findings about examples x (N, *event) of the training part that suit their kind alone."""
    event = dataset.event
    if event.kind not in ("sound", "volume", "video", "series"):
        return []
    flat = x.flatten(1).float()
    level = event.high if event.high is not None and event.high > 0 else float(flat.abs().max())
    empty = (flat == flat[:, :1]).all(1)
    if event.kind == "sound":
        empty |= flat.abs().amax(1) < SILENT * level
    word = "silent" if event.kind == "sound" else "constant in every number"
    advice = "Leave them out, unless they are meant: a model learns to make them too."
    found = [_finding(empty, event.plural, word, advice)]
    if event.kind == "sound":
        advice = "Record them with less gain, or leave them out: flat tops are heard as noise, and a model learns them."
        found.append(_finding(_clipped(x.float(), level), event.plural, "clipped at full scale", advice))
    return [finding for finding in found if finding is not None]


def _clipped(sounds: Tensor, level: float) -> Tensor:
    """(N,) whether each sound (C, T) has several flat tops at almost full scale."""
    top = sounds.abs().amax(2, keepdim=True)
    at_top = (sounds.abs() >= top * (1 - 1e-6)) & (top >= FULL_SCALE * level)
    if sounds.shape[2] < FLAT:
        return torch.zeros(len(sounds), dtype=torch.bool)
    runs = at_top.unfold(2, FLAT, 1).all(3)
    starts = runs[..., :1].sum(2) + (runs[..., 1:] & ~runs[..., :-1]).sum(2)
    return (starts >= TIMES).any(1)


def _finding(bad: Tensor, plural: str, word: str, advice: str) -> Finding | None:
    count, checked = int(bad.sum()), len(bad)
    if not count:
        return None
    severity: Severity = "warning" if count > MANY * checked else "info"
    title = f"{count:,} of {checked:,} {plural} checked are {word} ({count / checked:.1%})."
    return Finding("DATA405", severity, 0, title, {"examples": count, "checked": checked}, advice)
