"""The loss of a normalising flow: the negative log density by the change-of-variables formula.

References:
    Density estimation using Real NVP (Laurent Dinh, Jascha Sohl-Dickstein, Samy Bengio, 2016), section 3.1,
        https://arxiv.org/abs/1605.08803
    A Note on the Evaluation of Generative Models (Lucas Theis, Aaron van den Oord, Matthias Bethge, 2016), section 3.1,
        https://arxiv.org/abs/1511.01844 (dequantisation)
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from saddlepoint.objectives.likelihood import standard_normal_log_prob
from saddlepoint.objectives.noise import noise_bundle
from saddlepoint.objectives.phase import Batch, Nets, Observations
from saddlepoint.objectives.precision import at_least_float32


@noise_bundle
@dataclass(frozen=True)
class FlowNoise:
    """The random numbers of one update.

    Attributes:
        dequantisation: (B, *event), added to examples of whole numbers, uniform over one unit of the data; None for real
            numbers.
        gaussian: (B, *event), added to every example; None without noise.
    """

    dequantisation: Tensor | None = None
    gaussian: Tensor | None = None


def negative_log_density(nets: Nets, batch: Batch, noise: FlowNoise) -> tuple[Tensor, Observations]:
    """-log p(x) = -log N(f(x); 0, I) - log |det df/dx|, a density in the model's units.

    The loss uses nets["flow"](x) -> (f(x) (B, D), log |det df/dx| (B,)), or nets["flow"](x, labels) if the batch has labels.

    Args:
        nets: of the flow.
        batch: examples in the model's units.
        noise: added to them.

    Returns:
        (B,) nats, and the observations `log_det` and `squared_code` (the squared length of f(x) over its number of entries,
        which is 1 for the base distribution).
    """
    x = batch.x
    for added in (noise.dequantisation, noise.gaussian):
        x = x if added is None else x + added
    z, log_det = nets["flow"](x) if batch.y is None else nets["flow"](x, batch.y)
    z, log_det = at_least_float32(z), at_least_float32(log_det)
    loss = -(standard_normal_log_prob(z) + log_det)
    return loss, {"log_det": log_det.detach(), "squared_code": z.detach().square().mean(1)}
