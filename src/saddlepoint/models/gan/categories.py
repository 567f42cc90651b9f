"""Categories of a generator: each group of one-hot columns is a Gumbel softmax of the network's outputs.

The largest of logits with Gumbel noise is a draw from the categorical distribution of the logits, whatever the temperature; the softmax
of their sum, divided by a low temperature, is near its one-hot code and has a gradient. The noise belongs to the generator's input, so
that a code determines its sample.

References:
    Categorical Reparameterization with Gumbel-Softmax (Eric Jang, Shixiang Gu, Ben Poole, 2016), https://arxiv.org/abs/1611.01144
    Modeling Tabular data using Conditional GAN (Lei Xu, Maria Skoularidou, Alfredo Cuesta-Infante, Kalyan Veeramachaneni, 2019),
        https://arxiv.org/abs/1907.00503 (temperature)
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from saddlepoint.data.groups import Groups, grouped_columns
from saddlepoint.objectives.precision import at_least_float32

TEMPERATURE = 0.2
LEAST = 1e-30  # of -log of a probability, which rounds to 0 beside 1


def count_numbers(groups: Groups) -> int:
    """How many numbers of noise the columns of groups take."""
    return sum(stop - start for start, stop in groups)


class WithCategories(nn.Module):
    """A generator whose groups of columns are a Gumbel softmax.

    Args:
        network: (B, latent + further) -> (B, D), logits in the columns of groups; it may take labels.
        groups: (start, stop) of each, in ascending order.
        latent: numbers of the input before the noise of the groups, which `count_numbers` counts; further ones follow it.
        log_share: numbers of noise -> log of the probability of smaller ones, in (-inf, 0].
        straight_through: whether the output is exactly one-hot, with the gradient of the softmax.
    """

    def __init__(
        self,
        network: nn.Module,
        groups: Groups,
        latent: int,
        log_share: Callable[[Tensor], Tensor],
        *,
        straight_through: bool,
    ) -> None:
        super().__init__()
        self.network = network
        self.groups, self.latent, self.log_share, self.straight_through = groups, latent, log_share, straight_through
        places = [place for start, stop in groups for place in range(start, stop)]
        source = torch.zeros(max(places) + 1, dtype=torch.int64)
        source[places] = torch.arange(len(places))
        self.register_buffer("source", source, persistent=False)

    source: Tensor  # of the noise of each column

    def forward(self, z: Tensor, **named: Tensor) -> Tensor:
        """z (B, inputs) -> (B, D)."""
        own, noise, further = z.tensor_split((self.latent, self.latent + count_numbers(self.groups)), 1)
        made: Tensor = self.network(torch.cat([own, further], 1) if further.shape[1] else own, **named)
        columns = grouped_columns(self.groups, made.shape[1], made.device)
        rest = made.shape[1] - len(self.source)
        gumbel = -torch.log(-self.log_share(at_least_float32(noise)).clamp(max=-LEAST))
        spread = nn.functional.pad(gumbel[:, self.source], (0, rest))
        logits = columns.split(at_least_float32(made) + spread, -torch.inf)
        soft = columns.join((logits / TEMPERATURE).softmax(-1), made)
        if not self.straight_through:
            return soft
        return soft + (columns.one_hot(logits.argmax(-1), made) - soft).detach()
