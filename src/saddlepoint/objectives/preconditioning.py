"""What a denoising network gets and predicts: two preconditioners.

A denoiser estimates the example x and the noise n in x_t = a x + b n. One estimate gives the other. A preconditioner defines the
network's input, its target, and the estimates that follow from its output.

| preconditioner | input | target |
| --- | --- | --- |
| edm | x_t scaled to variance 1 | a combination of x and n with variance 1 at every noise level |
| velocity | x_t | the velocity dx_t/dt = a' x + b' n |

EDM's target in the notation of the paper is (x - c_skip (x + sigma n)) / c_out, and its loss weight cancels c_out.

References:
    Elucidating the Design Space of Diffusion-Based Generative Models (Tero Karras, Miika Aittala, Timo Aila, Samuli Laine,
        2022), table 1, https://arxiv.org/abs/2206.00364
    Flow Matching for Generative Modeling (Yaron Lipman, Ricky Chen, Heli Ben-Hamu, Maximilian Nickel, Matt Le, 2022),
        https://arxiv.org/abs/2210.02747
"""

from __future__ import annotations

from typing import NamedTuple, Protocol

from torch import Tensor

from saddlepoint.objectives.noise_paths import Path


class Estimate(NamedTuple):
    """What is in x_t, as far as it can be known from it.

    Attributes:
        example: (B, *event), the conditional mean of x.
        noise: (B, *event), the conditional mean of n.
    """

    example: Tensor
    noise: Tensor


class Preconditioner(Protocol):
    """The input and the target of a network at times t (B,) of a path."""

    def inputs(self, noisy: Tensor, t: Tensor, path: Path) -> tuple[Tensor, Tensor]:
        """Return the network's arguments (B, *event) and (B,) for x_t (B, *event)."""

    def target(self, x: Tensor, noise: Tensor, t: Tensor, path: Path) -> Tensor:
        """Return what the network predicts (B, *event) for an example and its noise."""

    def estimate(self, output: Tensor, noisy: Tensor, t: Tensor, path: Path) -> Estimate:
        """Return the estimates that follow from the network's output (B, *event) for x_t."""


class EDM:
    """EDM's preconditioner.

    Args:
        data_std: standard deviation of the data in the model's units, the paper's sigma_data.
    """

    def __init__(self, data_std: float = 1.0) -> None:
        self.data_std = data_std

    def inputs(self, noisy: Tensor, t: Tensor, path: Path) -> tuple[Tensor, Tensor]:
        """Return x_t scaled to variance 1, and log(sigma) / 4."""
        a, b, *_ = path.weights(t).like(noisy)
        return noisy / (b.square() + (a * self.data_std).square()).sqrt(), path.log_ratio(t) / 4

    def target(self, x: Tensor, noise: Tensor, t: Tensor, path: Path) -> Tensor:
        """Return (b x / s - a s n) / sqrt(b^2 + a^2 s^2) for data with the standard deviation s; its variance is 1."""
        a, b, *_ = path.weights(t).like(x)
        scale = (b.square() + (a * self.data_std).square()).sqrt()
        return (b * x / self.data_std - a * self.data_std * noise) / scale

    def estimate(self, output: Tensor, noisy: Tensor, t: Tensor, path: Path) -> Estimate:
        """Return c_skip x_t + c_out F, and the noise that fits it."""
        a, b, *_ = path.weights(t).like(noisy)
        variance = b.square() + (a * self.data_std).square()
        scaled = self.data_std * output / variance.sqrt()
        return Estimate(a * self.data_std**2 * noisy / variance + b * scaled, b * noisy / variance - a * scaled)


class Velocity:
    """No preconditioner: the network gets x_t and predicts its velocity."""

    def inputs(self, noisy: Tensor, t: Tensor, path: Path) -> tuple[Tensor, Tensor]:
        """Return x_t itself, and the path's clock."""
        return noisy, path.clock(t)

    def target(self, x: Tensor, noise: Tensor, t: Tensor, path: Path) -> Tensor:
        """Return a' x + b' n."""
        weights = path.weights(t).like(x)
        return weights.signal_slope * x + weights.noise_slope * noise

    def estimate(self, output: Tensor, noisy: Tensor, t: Tensor, path: Path) -> Estimate:
        """Solve x_t = a x + b n and dx_t/dt = a' x + b' n for x and n."""
        a, b, a_slope, b_slope = path.weights(t).like(noisy)
        determinant = a * b_slope - b * a_slope
        return Estimate((b_slope * noisy - b * output) / determinant, (a * output - a_slope * noisy) / determinant)
