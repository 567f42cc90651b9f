"""The game of next-frame prediction: a predictor "p", and with an adversarial term a discriminator "d"."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch

from saddlepoint.objectives.noise import noise_bundle
from saddlepoint.objectives.phase import Batch, Loss, Nets, Observations, Phase
from saddlepoint.objectives.prediction.adversarial import discrimination
from saddlepoint.objectives.prediction.term import Predicted, load_term


@noise_bundle
@dataclass(frozen=True)
class NoNoise:
    """Nothing is random in an update."""


def prediction_game(frames_in: int, weights: Mapping[str, float]) -> tuple[Phase, ...]:
    """Return the phases of one step: the discriminator if a term needs it, then the predictor.

    Args:
        frames_in: number of frames that are given; the others of an example are predicted.
        weights: of each term, by its name in `TERMS`.
    """
    first = (Phase("d", discrimination(frames_in)),) if "adversarial" in weights else ()
    return (*first, Phase("p", prediction(frames_in, weights)))


def prediction(frames_in: int, weights: Mapping[str, float]) -> Loss:
    """Return the loss of the predictor nets["p"](given) -> frames: a weighted sum of terms, each of which is observed.

    Args:
        frames_in: number of frames that are given.
        weights: of each term, by its name in `TERMS`.
    """
    terms = {name: load_term(name) for name in weights}

    def loss(nets: Nets, batch: Batch, noise: object) -> tuple[torch.Tensor, Observations]:
        given, truth = batch.x[:, :, :frames_in], batch.x[:, :, frames_in:]
        predicted = Predicted(given, truth, nets["p"](given).to(truth.dtype))
        values = {name: term(nets, predicted) for name, term in terms.items()}
        total = torch.stack([weights[name] * value for name, value in values.items()]).sum(0)
        return total, {name: value.detach() for name, value in values.items()}

    return loss
