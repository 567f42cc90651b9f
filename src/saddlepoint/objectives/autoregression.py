"""The loss of autoregressive models: the negative log likelihood of an example, number by number."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from torch import Tensor

from saddlepoint.objectives.autoregressive_likelihood import ConditionalLikelihood
from saddlepoint.objectives.binarisation import to_black_and_white
from saddlepoint.objectives.noise import noise_bundle
from saddlepoint.objectives.phase import Batch, Loss, Nets, Observations


class Prediction(NamedTuple):
    """What an autoregressive network returns.

    Attributes:
        numbers: (B, S, block), the example in the order of the model.
        parameters: (B, S, P) of the distribution of each block given those before it.
        varying: (S,) 1 where a block counts, and 0 where it is constant.
    """

    numbers: Tensor
    parameters: Tensor
    varying: Tensor | None


@noise_bundle
@dataclass(frozen=True)
class BinarisationNoise:
    """The random numbers of one update.

    Attributes:
        threshold: (B, *event), uniform on [0, 1]: each value of x becomes 1 if it is above its threshold, otherwise 0. None
            leaves x unchanged.
    """

    threshold: Tensor | None = None


def prediction_log_prob(prediction: Prediction, likelihood: ConditionalLikelihood) -> Tensor:
    """Return log p(x) = sum_s log p(x_s | x_<s).

    Args:
        prediction: of the network for x.
        likelihood: of each block of numbers.

    Returns:
        (B,) nats.
    """
    return step_log_probs(prediction, likelihood).sum(1)


def step_log_probs(prediction: Prediction, likelihood: ConditionalLikelihood) -> Tensor:
    """Return log p(x_s | x_<s) of each block, 0 where it is constant: (B, S) nats, for arguments as in `prediction_log_prob`."""
    log_probs = likelihood.log_prob(prediction.numbers, prediction.parameters)
    return log_probs if prediction.varying is None else log_probs * prediction.varying


def negative_log_likelihood(likelihood: ConditionalLikelihood, size: int, black_and_white: bool = False) -> Loss:
    """Return the loss -log p(x) in nats.

    The loss uses nets["ar"](x, labels) -> `Prediction` and a `BinarisationNoise`. It observes the nats for each number.

    Args:
        likelihood: of each block of numbers.
        size: numbers in an example.
        black_and_white: whether x becomes 1 above 1/2 and 0 elsewhere, where the noise has no thresholds.
    """

    def loss(nets: Nets, batch: Batch, noise: BinarisationNoise) -> tuple[Tensor, Observations]:
        x = batch.x
        if noise.threshold is not None or black_and_white:
            x = to_black_and_white(x, 0.5 if noise.threshold is None else noise.threshold)
        nats = -prediction_log_prob(nets["ar"](x, batch.y), likelihood)
        return nats, {"nats_per_number": nats.detach() / size}

    return loss
