"""What `predict` returns: a trained predictor, what was measured, and examples to look at."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import Tensor

from saddlepoint.applications.predict.measuring import Measured
from saddlepoint.applications.predict.settings import METHODS, SCORES
from saddlepoint.models.capabilities import PredictsFrames


@dataclass(frozen=True, eq=False)
class Prediction:
    """A predictor of next frames and its scores on test sequences.

    Attributes:
        model: the trained predictor: `model.predict(frames)` predicts on.
        loss: the name of its loss.
        data: the source.
        measured: its scores beside those of the baselines.
        given: (K, C, T_in, H, W) in [0, 1], of some test sequences.
        truth: (K, C, T_out, H, W), what followed.
        predicted: (K, C, T_out, H, W).
        run: folder of the training run; None if it was not kept.
        steps: of training.
        seed: of training.
        notes: about the data.
    """

    model: PredictsFrames
    loss: str
    data: str
    measured: Measured
    given: Tensor
    truth: Tensor
    predicted: Tensor
    run: Path | None
    steps: int
    seed: int
    notes: tuple[str, ...] = ()

    @property
    def headline(self) -> str:
        """What was found, in at most twelve words."""
        return self.measured.headline

    def to_json(self) -> dict[str, Any]:
        """The facts and the measurement as values that JSON can hold."""
        return {
            "data": self.data,
            "loss": self.loss,
            "trained_with": METHODS[self.loss],
            "frames_in": self.given.shape[2],
            "frames_out": self.truth.shape[2],
            "frame": list(self.truth.shape[3:]),
            "channels": self.truth.shape[1],
            "steps": self.steps,
            "seed": self.seed,
            "run": None if self.run is None else str(self.run),
            "notes": list(self.notes),
            "scores": {name: score.meaning for name, score in SCORES.items()},
            **self.measured.to_json(),
        }
