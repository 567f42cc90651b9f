"""The autoencoder's loss: the reconstruction error, with an optional penalty on the code."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from saddlepoint.objectives.divergence import kl_bernoulli
from saddlepoint.objectives.noise import noise_bundle
from saddlepoint.objectives.phase import Batch, Loss, Nets, Observations
from saddlepoint.objectives.precision import at_least_float32
from saddlepoint.objectives.reconstruction import RECONSTRUCTIONS


@noise_bundle
@dataclass(frozen=True)
class CodeNoise:
    """The random numbers of one update.

    Attributes:
        corruption: (B, *event), added to the input but not to the target; None for no corruption.
    """

    corruption: Tensor | None = None


def autoencoding(
    reconstruction: Literal["l2", "l1", "bernoulli"] = "l2",
    sparsity: Literal["none", "kl", "l1"] = "none",
    sparsity_weight: float = 0.0,
    sparsity_target: float = 0.05,
) -> Loss:
    """Return the loss of an autoencoder nets["ae"](x) -> (output, code): reconstruction error plus a weighted penalty on the code.

    Args:
        reconstruction: the kind of reconstruction error.
        sparsity: "kl" is the sum over units of KL(target || the unit's mean activation over the batch), for codes in (0, 1); it
            is a property of the batch, and the same for every example. "l1" is the sum of the absolute values of an example's
            code.
        sparsity_weight: weight of the penalty, at least 0.
        sparsity_target: the target of "kl", in (0, 1).

    References:
        Sparse autoencoder (Ng, CS294A lecture notes, 2011), https://web.stanford.edu/class/cs294a/sparseAutoencoder.pdf
        Extracting and Composing Robust Features with Denoising Autoencoders (Vincent, Larochelle, Bengio, Manzagol, 2008),
            https://doi.org/10.1145/1390156.1390294
    """
    error = RECONSTRUCTIONS[reconstruction]

    def loss(nets: Nets, batch: Batch, noise: CodeNoise) -> tuple[torch.Tensor, Observations]:
        seen = batch.x if noise.corruption is None else batch.x + noise.corruption
        output, code = nets["ae"](seen)
        code = at_least_float32(code)
        values = error(output, batch.x)
        observations = {"reconstruction": values.detach()}
        if sparsity == "kl":
            penalty = kl_bernoulli(sparsity_target, code.mean(0)).sum()
        elif sparsity == "l1":
            penalty = code.abs().sum(1)
        else:
            return values, observations
        observations["sparsity"] = penalty.detach()
        return values + sparsity_weight * penalty, observations

    return loss
