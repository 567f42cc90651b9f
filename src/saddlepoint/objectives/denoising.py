"""The loss of diffusion models and of flow matching: the squared error of a network that removes noise.

A formulation has three independent parts: the path from data to noise, the preconditioner, and the distribution of noise levels
in training. EDM and flow matching are two rows of one table.

| formulation | path | preconditioner | noise levels |
| --- | --- | --- | --- |
| edm | variance-exploding | edm | log-normal |
| flow-matching | linear | velocity | uniform |

References:
    Elucidating the Design Space of Diffusion-Based Generative Models (Tero Karras, Miika Aittala, Timo Aila, Samuli Laine,
        2022), https://arxiv.org/abs/2206.00364
    Scaling Rectified Flow Transformers for High-Resolution Image Synthesis (Patrick Esser et al., 2024), section 3.1,
        https://arxiv.org/abs/2403.03206 (logit-normal times)
    Classifier-Free Diffusion Guidance (Jonathan Ho, Tim Salimans, 2022), https://arxiv.org/abs/2207.12598 (labels that are
        dropped)
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from saddlepoint.objectives.noise import noise_bundle
from saddlepoint.objectives.noise_paths import Path
from saddlepoint.objectives.phase import Batch, Loss, Nets, Observations
from saddlepoint.objectives.precision import at_least_float32
from saddlepoint.objectives.preconditioning import Preconditioner

# EDM's P_mean = -1.2 is log(sigma) of data with the standard deviation 0.5; relative to that of the data it is -1.2 - log 0.5.
LOG_MEAN, LOG_STD = -1.2 - math.log(0.5), 1.2


@noise_bundle
@dataclass(frozen=True)
class DenoisingNoise:
    """The random numbers of one update.

    Attributes:
        time: (B,) times on the path.
        noise: (B, *event), standard normal.
        kept: (B,) uniform on [0, 1]: a label is dropped where it is below the rate of dropping; None without labels.
    """

    time: Tensor
    noise: Tensor
    kept: Tensor | None = None


@dataclass(frozen=True)
class Formulation:
    """How noise is added and what the network predicts.

    Attributes:
        path: from data to noise.
        preconditioner: the network's input and target.
        levels: shares (B,) in (0, 1) -> times (B,), the quantile function of the times in training.
    """

    path: Path
    preconditioner: Preconditioner
    levels: Callable[[Tensor], Tensor]

    def noisy(self, x: Tensor, noise: Tensor, t: Tensor) -> Tensor:
        """Return x_t (B, *event) for examples, noise and times (B,)."""
        weights = self.path.weights(t).like(x)
        return weights.signal * x + weights.noise * noise


def log_normal_levels(path: Path, data_std: float) -> Callable[[Tensor], Tensor]:
    """Return the quantile function of times whose noise level is log-normal, relative to the standard deviation of the data."""
    return lambda share: path.time_of(data_std * (LOG_MEAN + LOG_STD * torch.special.ndtri(share)).exp())


def logit_normal_levels(path: Path, data_std: float) -> Callable[[Tensor], Tensor]:
    """Return the quantile function of times at which b / (a + b), the time of the linear path, is logit-normal."""
    return lambda share: path.time_of(torch.special.ndtri(share).exp())


def uniform_levels(path: Path, data_std: float) -> Callable[[Tensor], Tensor]:
    """Return the quantile function of times that are uniform on the path's own clock."""
    return path.uniform


LEVELS: dict[str, Callable[[Path, float], Callable[[Tensor], Tensor]]] = {
    "log-normal": log_normal_levels,
    "uniform": uniform_levels,
    "logit-normal": logit_normal_levels,
}


def denoising(formulation: Formulation, label_weights: Callable[[Tensor, Tensor | None], Tensor] | None = None) -> Loss:
    """Return the loss: the mean squared error of the network's output.

    It uses nets["dm"](input (B, *event), time (B,)) -> (B, *event), with the weights of the classes (B, classes) as a third
    argument for a model with labels.

    Args:
        formulation: the path and the target.
        label_weights: (labels, kept) -> weights of the classes (B, classes), with a row of zeros for a dropped label; None
            for a model without labels.
    """

    def loss(nets: Nets, batch: Batch, noise: DenoisingNoise) -> tuple[Tensor, Observations]:
        t, path, preconditioner = noise.time, formulation.path, formulation.preconditioner
        noisy = formulation.noisy(batch.x, noise.noise, t)
        inputs, clock = preconditioner.inputs(noisy, t, path)
        if label_weights is None or batch.y is None:
            output = nets["dm"](inputs, clock)
        else:
            output = nets["dm"](inputs, clock, label_weights(batch.y, noise.kept).to(inputs.dtype))
        target = preconditioner.target(batch.x, noise.noise, t, path)
        errors = (at_least_float32(output) - target).square().flatten(1).mean(1)
        return errors, {}

    return loss
