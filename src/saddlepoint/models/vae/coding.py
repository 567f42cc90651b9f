"""Codes of a VAE: from examples to codes and back, with the class of a conditional VAE at a code's end."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from saddlepoint.models.arrays import Numbers, as_tensor, in_chunks
from saddlepoint.models.class_codes import ClassCodes
from saddlepoint.models.copying import frozen_copy
from saddlepoint.models.labels import draw_labels
from saddlepoint.models.likelihoods import Likelihood
from saddlepoint.models.own_noise import global_seed_from
from saddlepoint.models.vae.network import VAENetwork
from saddlepoint.models.vae.priors import mixture_log_prob, normal_log_prob
from saddlepoint.models.vae.semi_supervised import EveryClassNetwork
from saddlepoint.models.vae.settings import VAESettings
from saddlepoint.networks.evaluating import evaluating
from saddlepoint.objectives.divergence import kl_standard_normal
from saddlepoint.objectives.weighted_evidence import evidence_terms


class CodingVAE(ClassCodes):
    """A VAE's codes.

    Attributes:
        settings: of the VAE.
        player: its network.
        likelihood: of an example given the decoder's output.
    """

    settings: VAESettings
    player: VAENetwork
    likelihood: Likelihood

    def _draw_numbers(self, n: int, generator: torch.Generator | None) -> Tensor:
        if self.settings.prior == "normal":
            return super()._draw_numbers(n, generator)
        component = draw_labels((1.0,) * self.settings.pseudo_inputs, n, generator)
        z = super()._draw_numbers(n, generator)
        with evaluating(self.player):
            components = self.player.components()
            assert components is not None
            mean, log_variance = (part[component.to(part.device)].to(z) for part in components)
        return mean + torch.exp(0.5 * log_variance) * z

    def prior_log_prob(self, z: Tensor) -> Tensor:
        """Codes (N, latent) -> (N,) nats, the log density of the prior; of a conditional VAE that of a code without its class."""
        z = self.split_codes(self.latent_codes(z))[0]
        with evaluating(self.player):
            components = self.player.components()
            return normal_log_prob(z) if components is None else mixture_log_prob(z, components)

    def normal_decoder(self) -> Callable[[Tensor], Tensor]:
        """Return a frozen copy of the decoder; its output is logits for a Bernoulli likelihood, means for a Gaussian."""
        if self.player.top is None:
            return frozen_copy(self.player.decoder)
        copied = frozen_copy(nn.ModuleList([self.player.top, self.player.decoder]))
        assert isinstance(copied, nn.ModuleList)
        top, decoder = copied

        def decode(codes: Tensor) -> Tensor:
            output: Tensor = decoder(top.descend(codes))  # type: ignore[operator]
            return output

        return decode

    @property
    def sampler(self) -> Callable[[Tensor], Tensor]:
        return self._mean

    def decode(self, z: Numbers) -> Tensor:
        """Decode codes.

        Args:
            z: (N, latent).

        Returns:
            (N, *event) in the data's units, the means of p(x | z).
        """
        return self._evaluate(self._mean, z)

    def _evaluate(self, function: Callable[[Tensor], Tensor], z: Numbers) -> Tensor:
        """Apply a function to chunks of codes z (N, latent), and convert its output to the data's units."""
        z = self.latent_codes(z)
        with evaluating(self.player), global_seed_from(z):
            return in_chunks(lambda part: self.scaling.to_data(function(part)), z)

    def _mean(self, codes: Tensor) -> Tensor:
        """(B, latent) -> mean (B, *event) of p(x | z), in the model's units."""
        z, weights = self.split_codes(codes)
        if self.player.top is not None:
            z = self.player.top.descend(z)
        output: Tensor = self.player.decoder(z) if weights is None else self.player.decoder(z, weights)
        return self.likelihood.mean(output)

    def _draw(self, z: Tensor, generator: torch.Generator | None) -> Tensor:
        """(B, latent) -> (B, *event) in the model's units: a draw from p(x | z), or its mean if the likelihood draws none."""
        mean = self._mean(z)
        if self.likelihood.draw is None:
            return mean
        assert self.player.log_std is not None
        return self.likelihood.draw(mean, self.player.log_std, generator)

    def encode(self, x: Numbers, labels: Tensor | None = None) -> Tensor:
        """Encode examples.

        Args:
            x: (N, *event) in the data's units.
            labels: (N,) int64 of a conditional VAE; None, or -1, takes the class that fits an example best.

        Returns:
            (N, latent), the means of q(z | x), and the class of a conditional VAE.

        Raises:
            SettingError: labels are given to a model without labels, or are not N valid classes.
        """
        labels = self.labels_for("encode", x, labels, unknown=True)

        def codes(part: Tensor, *given: Tensor) -> Tensor:
            mean = self.player.heads(part, *given)[0]
            z = mean if self.player.top is None else self.player.top.ascend(mean)
            return self.join_codes(z, *given) if given else z

        return self._on_examples(codes, x, labels)

    def heads(self, x: Numbers, labels: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Return the parameters of q(z | x), computed in evaluation mode.

        Args:
            x: (N, *event) in the data's units.
            labels: as for `encode`.

        Returns:
            Mean and log-variance, (N, model.latent) each.

        Raises:
            SettingError: as for `encode`.
        """
        labels = self.labels_for("heads", x, labels, unknown=True)

        def both(part: Tensor, *given: Tensor) -> Tensor:
            return torch.cat(self.player.heads(part, *given), 1)

        mean, log_variance = self._on_examples(both, x, labels).chunk(2, 1)
        return mean, log_variance

    def infer(self, x: Tensor, labels: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Return the parameters of q(z | x) without changing the network's mode.

        Args:
            x: (B, *event) in the model's units.
            labels: as for `encode`.

        Returns:
            Mean and log-variance, (B, model.latent) each.

        Raises:
            SettingError: as for `encode`.
        """
        labels = self.labels_for("infer", x, labels, unknown=True)
        return self.player.heads(x, *self._labels(x, labels))

    def _on_examples(
        self, function: Callable[..., Tensor], x: Numbers, labels: Tensor | None, size: int | None = None
    ) -> Tensor:
        """Apply a function of examples in the model's units, and their labels in a conditional VAE, in chunks.

        Args:
            function: x (B, *event) in the model's units, and labels (B,) of a conditional VAE -> (B, ...).
            x: (N, *event) in the data's units.
            labels: (N,) int64, or None.
            size: rows in a chunk.
        """
        x = as_tensor(x)

        def apply(index: Tensor) -> Tensor:
            part = self.model_units(x[index])
            return function(part, *self._labels(part, None if labels is None else labels[index.to(labels.device)]))

        rows = torch.arange(len(x), device=x.device)
        with evaluating(self.player):
            return in_chunks(apply, rows) if size is None else in_chunks(apply, rows, size)

    def _labels(self, x: Tensor, labels: Tensor | None) -> tuple[Tensor, ...]:
        """The labels (B,) of x (B, *event) in the model's units as further arguments of the network; none without classes."""
        if self.classes is None:
            return ()
        if labels is not None:
            labels = labels.to(x.device)
            if not bool((labels < 0).any()):
                return (labels,)
        best = self._best_labels(x)
        return (best if labels is None else torch.where(labels < 0, best, labels),)

    def _best_labels(self, x: Tensor) -> Tensor:
        """The class (B,) with the highest bound at the posterior's mean, or the one that the classifier finds.

        The KL to the prior has a closed form, except with a second layer, whose prior of the code is p(z1 | z2).
        """
        assert self.classes is not None
        if isinstance(self.player, EveryClassNetwork):
            return self.player.logits(x).argmax(1)
        bounds = []
        for label in range(self.classes):
            labels = torch.full((len(x),), label, device=x.device)
            if self.player.top is not None:
                draws = self.player.draw(x, x.new_zeros(1, len(x), self.numbers), labels)
                fit, divergence = evidence_terms(x, draws, self.likelihood.log_prob)
                bounds.append((fit - divergence)[0])
                continue
            mean, log_variance = self.player.heads(x, labels)
            fit = self.likelihood.log_prob(x, self.player.decoder(mean, labels), self.player.log_std)
            bounds.append(fit - kl_standard_normal(mean, log_variance))
        return torch.stack(bounds, 1).argmax(1)
