"""A model whose codes are the examples themselves, and points whose clusters are obvious."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from saddlepoint.applications.cluster.points import Labels, Points
from saddlepoint.applications.cluster.subject import Subject
from saddlepoint.data.event import Event


class Identity:
    """Codes are examples; decoding one whose first number is above `wrong` returns zeros."""

    def __init__(self, wrong: float = np.inf) -> None:
        self.wrong = wrong

    def encode(self, x: Tensor) -> Tensor:
        return x.flatten(1)

    def decode(self, z: Tensor) -> Tensor:
        return torch.where(z[:, :1] > self.wrong, torch.zeros_like(z), z)


def blobs(each: int = 40, centres: int = 3, dimensions: int = 2, seed: int = 0) -> tuple[Points, Labels]:
    """Points around centres that are 20 standard deviations apart, and the numbers of their centres."""
    labels = np.repeat(np.arange(centres), each)
    places = np.zeros((centres, dimensions))
    places[:, 0] = 20 * np.arange(centres)
    return places[labels] + np.random.default_rng(seed).normal(size=(len(labels), dimensions)), labels


def subject_of(points: Points, labels: Labels | None, model: Any = None, held_out: int = 0) -> Subject:
    """Points as examples; the last `held_out` ones are the held-out part."""
    x = torch.from_numpy(points).float()
    names = None if labels is None else tuple(f"class {n}" for n in range(int(labels.max()) + 1))
    event = Event(
        (x.shape[1],),
        "vector",
        mean=tuple(x.mean(0).tolist()),
        std=tuple(x.std(0, correction=0).tolist()),
        class_names=names,
    )
    parts = ("training",) * (len(x) - held_out) + ("held-out",) * held_out
    return Subject(
        model or Identity(), event, x, labels, np.arange(len(x)), tuple(f"row {n + 1}" for n in range(len(x))), parts
    )
