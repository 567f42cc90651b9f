"""Classical models fitted to arrays, for laws."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from saddlepoint.data.event import Event
from saddlepoint.models import build
from saddlepoint.models.classical.model import Classical
from saddlepoint.models.classical.settings import ClassicalSettings
from saddlepoint.objectives.phase import Batch


def fitted(event: Event, x: Tensor, y: Tensor | None = None, steps: int = 1, **settings: Any) -> Classical:
    """Return a model after some steps on all examples x (N, *event), with labels y (N,)."""
    model = build(ClassicalSettings(**settings), event)
    assert isinstance(model, Classical)
    model.pass_steps = 1
    for _ in range(steps):
        model.update({}, Batch(model.scaling.to_model(x), y), torch.tensor(3))
    return model
