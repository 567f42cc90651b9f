"""Examples as a Bernoulli likelihood takes them: black and white."""

from __future__ import annotations

import torch
from torch import Tensor

from saddlepoint.evaluation.metrics.latent_models import binarise
from saddlepoint.evaluation.scorecard.subject import Subject
from saddlepoint.models.capabilities import HasUnits, require

EXAMPLES = 1_000  # held-out examples behind the evidence bound and the bits per dimension
GREYS = (
    "a Bernoulli likelihood is a probability of black and white alone, and these examples hold greys: train with "
    "model.binarise stochastic, or on black and white."
)


def draws_black_and_white(model: object) -> bool:
    """Whether the model was trained on examples drawn black or white by their greys."""
    return bool(getattr(model, "binarises", False))


def black_and_white(subject: Subject, x: Tensor) -> Tensor:
    """x (N, *event) in black and white: drawn where the model was trained on draws, else by a threshold at the middle."""
    generator = torch.Generator().manual_seed(subject.seed) if draws_black_and_white(subject.model) else None
    return binarise(x, subject.dataset.event, generator)


def is_black_and_white(model: object, x: Tensor) -> bool:
    """Whether x (N, *event) holds no greys."""
    units = require(model, HasUnits).model_units(x)
    return bool(((units == 0) | (units == 1)).all())
