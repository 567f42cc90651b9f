"""A term of a loss of predicted frames: a pure function of what was given, what followed and what was predicted."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import NamedTuple

from torch import Tensor

from saddlepoint.objectives.phase import Nets
from saddlepoint.objectives.prediction.settings import TERMS


class Predicted(NamedTuple):
    """A batch of predictions in the model's units.

    Attributes:
        given: (B, C, T_in, H, W) frames.
        truth: (B, C, T_out, H, W), the frames that followed.
        frames: (B, C, T_out, H, W), the prediction.
    """

    given: Tensor
    truth: Tensor
    frames: Tensor


Term = Callable[[Nets, Predicted], Tensor]


def load_term(name: str) -> Term:
    """Return a term by its name in `TERMS`: (nets, predicted) -> (B,)."""
    module, function = TERMS[name].split(":")
    term: Term = getattr(import_module(module), function)
    return term
