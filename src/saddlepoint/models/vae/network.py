"""The network of a variational autoencoder: a trunk, two linear heads, a decoder, and what belongs to its prior."""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from saddlepoint.models.vae.priors import Components, PseudoInputs, mixture_log_prob, normal_log_prob
from saddlepoint.models.vae.top import TopLayer
from saddlepoint.networks.initialisation import glorot_
from saddlepoint.objectives.precision import at_least_float32
from saddlepoint.objectives.weighted_evidence import Draws, repeat_draws


class Pass(NamedTuple):
    """The result of one forward pass.

    Attributes:
        output: (B, *event) logits (Bernoulli) or location (the other likelihoods).
        mean: (B, latent) of q(z | x).
        log_variance: (B, latent) of q(z | x).
        log_std: () logarithm of the likelihood's scale, such as a Gaussian's standard deviation; None for Bernoulli.
    """

    output: Tensor
    mean: Tensor
    log_variance: Tensor
    log_std: Tensor | None


class VAENetwork(nn.Module):
    """The player of a VAE: a trunk shared by two heads, the heads `mean` and `log_variance`, and the decoder.

    The heads are linear, so that their outputs are unbounded. Trunk and decoder of a conditional VAE take labels as a second
    argument.

    Args:
        trunk: (B, *event) -> features, which are flattened to (B, features).
        decoder: (B, latent) -> (B, *event).
        features: number of features.
        latent: size of the code.
        log_std: the initial log scale of the likelihood; None for Bernoulli.
        learnt: whether it is a parameter.
        pseudo_inputs: of the prior; None for a standard normal one.
        top: the stochastic layer above the code; None for none.
    """

    log_std: Tensor | None
    pseudo_inputs: PseudoInputs | None
    top: TopLayer | None

    def __init__(
        self,
        trunk: nn.Module,
        decoder: nn.Module,
        features: int,
        latent: int,
        log_std: float | None = None,
        learnt: bool = False,
        pseudo_inputs: PseudoInputs | None = None,
        top: TopLayer | None = None,
    ) -> None:
        super().__init__()
        self.trunk = trunk
        self.mean = nn.Linear(features, latent)
        self.log_variance = nn.Linear(features, latent)
        glorot_(self.mean)
        glorot_(self.log_variance)
        self.decoder = decoder
        start = None if log_std is None else torch.tensor(log_std)
        if learnt and start is not None:
            self.log_std = nn.Parameter(start)
        else:
            self.register_buffer("log_std", start)
        self.pseudo_inputs, self.top = pseudo_inputs, top

    def heads(self, x: Tensor, *labels: Tensor) -> tuple[Tensor, Tensor]:
        """Return the parameters of q(z | x).

        Args:
            x: (B, *event).
            *labels: (B,) int64 or weights (B, classes), for a conditional VAE.

        Returns:
            Mean and log-variance, (B, latent) each.
        """
        features = self.trunk(x, *labels).flatten(1)
        return at_least_float32(self.mean(features)), at_least_float32(self.log_variance(features))

    def forward(self, x: Tensor, epsilon: Tensor, *labels: Tensor) -> Any:
        """Encode x, and decode the code mean + e^(log_variance / 2) epsilon.

        Args:
            x: (B, *event).
            epsilon: (B, latent), standard normal.
            *labels: (B,) int64 or weights (B, classes), for a conditional VAE.

        Returns:
            The `Pass`: the output and the parameters of q(z | x).
        """
        mean, log_variance = self.heads(x, *labels)
        output = self.decoder(mean + torch.exp(0.5 * log_variance) * epsilon, *labels)
        return Pass(output, mean, log_variance, self.log_std)

    def components(self) -> Components | None:
        """Return the components of the prior; None for a standard normal one."""
        return None if self.pseudo_inputs is None else Components(*self.heads(self.pseudo_inputs()))

    def draw(self, x: Tensor, epsilon: Tensor, *labels: Tensor, components: Components | None = None) -> Draws:
        """Draw several codes for each example, and decode them.

        Args:
            x: (B, *event).
            epsilon: (K, B, numbers), standard normal; with a layer above, its numbers follow those of the code.
            *labels: (B,) int64 or weights (B, classes), for a conditional VAE.
            components: of the prior, if they are known; None computes them.

        Returns:
            The draws.
        """
        mean, log_variance = self.heads(x, *labels)
        count, latent = len(epsilon), mean.shape[1]
        own = epsilon if self.top is None else epsilon[..., :latent]
        z = mean + torch.exp(0.5 * log_variance) * own
        output = self.decoder(z.flatten(0, 1), *(repeat_draws(each, count) for each in labels))
        # log q(z | x): the density of epsilon, divided by the Jacobian determinant of the map from epsilon to z.
        log_posterior = normal_log_prob(own) - 0.5 * log_variance.sum(1)
        if self.top is not None:
            log_prior, above = self.top(z, epsilon[..., latent:])
            log_posterior = log_posterior + above
        elif self.pseudo_inputs is not None:
            log_prior = mixture_log_prob(z, components or Components(*self.heads(self.pseudo_inputs())))
        else:
            log_prior = normal_log_prob(z)
        return Draws(output, log_prior, log_posterior, self.log_std)


class DrawingNetwork(VAENetwork):
    """A player whose forward pass draws several codes for each example, for bounds that are estimated from them."""

    def forward(self, x: Tensor, epsilon: Tensor, *labels: Tensor) -> Draws:
        """Encode x (B, *event) and decode K codes of each example, for epsilon (B, K, numbers)."""
        return self.draw(x, epsilon.transpose(0, 1), *labels)
