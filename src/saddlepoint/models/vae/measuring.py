"""What a VAE says of examples: bounds on their log probability, and its series of held-out examples."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor

from saddlepoint.arguments import check_count
from saddlepoint.models import bayes
from saddlepoint.models.arrays import CHUNK, Numbers, as_tensor, check_generator, in_chunks, uniform_like
from saddlepoint.models.held_out import held_out_scale
from saddlepoint.models.vae.checks import needs_draws
from saddlepoint.models.vae.coding import CodingVAE
from saddlepoint.models.vae.semi_supervised import EveryClassNetwork
from saddlepoint.networks.evaluating import evaluating
from saddlepoint.objectives.binarisation import to_black_and_white
from saddlepoint.objectives.divergence import kl_standard_normal
from saddlepoint.objectives.likelihood import importance_bound
from saddlepoint.objectives.weighted_evidence import combine, evidence_terms

ACTIVE = 0.01  # variance over examples from which on a unit's mean counts as active


class MeasuringVAE(CodingVAE):
    """A VAE's bounds."""

    log_prob_kind: Literal["exact", "lower bound"] = "lower bound"

    @property
    def log_prob_of(self) -> Literal["density", "values", "black and white", "mixed"]:
        """The kind of `log_prob`: of black-and-white examples for a Bernoulli likelihood, of bytes for a discretised one, of numbers and
        categories for a mixed one, otherwise a density in the data's units."""
        return self.likelihood.of

    @property
    def log_prob_note(self) -> str:
        """The meaning of the bound, and the numbers with which it can be compared."""
        bound = f"Importance bound (IWAE) with {self.settings.importance_samples} draws for each example"
        if self.log_prob_of == "density":
            return (
                f"{bound}; it is the log density of a whole example in the data's own units, and differs in other units, such "
                "as bytes scaled to [0, 1]."
            )
        if self.log_prob_of == "mixed":
            return (
                f"{bound}; it is the log density of numbers in the data's own units, together with the log probability of categories and "
                "of values that many rows share. Do not compare it with a density of all columns."
            )
        if self.log_prob_of == "values":
            return f"{bound}; it is the log probability of the values of a whole example, not a density."
        binarisation = {
            "none": "grey values in [0, 1] are used unchanged, for which it is not a likelihood",
            "stochastic": "pixels are drawn black or white with the probabilities given by their grey values, as in training",
        }
        return (
            f"{bound}; it is the log probability of a whole black-and-white example ({binarisation[self.settings.binarise]}). "
            "Do not compare it with a log density or with another way of making examples black and white."
        )

    def log_prob(self, x: Numbers, *, samples: int | None = None, generator: torch.Generator | None = None) -> Tensor:
        """Return a lower bound on log p(x).

        For a Bernoulli likelihood it is a log probability of the values in [0, 1]; they are drawn black or white first if they
        were in training. For a discretised likelihood it is a log probability of the bytes, for a mixed one of categories and a log density of
        numbers, for all others a log density in the data's own units. Constant channels and columns, which samples repeat exactly, are left out.

        Args:
            x: (N, *event) in the data's units.
            samples: draws of z for each example; None takes `importance_samples` of the settings.
            generator: draws z; None takes a generator with seed 0, so that the result is reproducible.

        Returns:
            (N,) nats.

        Raises:
            SettingError: an argument is invalid.
        """
        if self.classes is not None:
            check_generator("log_prob", generator)
            x = as_tensor(x)
            if self.settings.binarise != "none":  # the same black-and-white example for every class
                x = self.scaling.to_data(self._binarise(self.model_units(x), generator or self._usual_generator()))
            return bayes.marginal_log_prob(self, x, samples=samples, generator=generator)
        return self._log_prob(x, None, samples, generator)

    def class_log_prob(
        self, x: Numbers, labels: Tensor, *, samples: int | None = None, generator: torch.Generator | None = None
    ) -> Tensor:
        """Return a lower bound on log p(x | y), for labels (N,) int64; otherwise like `log_prob`."""
        return self._log_prob(x, self.labels_for("class_log_prob", x, labels), samples, generator)

    def posterior(self, x: Numbers) -> Tensor:
        """Return the probabilities of the classes.

        Args:
            x: (N, *event) in the data's units.

        Returns:
            (N, classes) float64: q(y | x) of a semi-supervised model, otherwise p(y | x) by Bayes' rule from the bounds of all classes.
        """
        if isinstance(self.player, EveryClassNetwork):
            player = self.player
            with evaluating(player):
                return in_chunks(lambda part: player.logits(self.model_units(part)).double().softmax(1), x)
        return bayes.posterior(self, as_tensor(x))

    def _log_prob(
        self, x: Numbers, labels: Tensor | None, samples: int | None, generator: torch.Generator | None
    ) -> Tensor:
        check_generator("log_prob", generator)
        samples = (
            self.settings.importance_samples if samples is None else check_count("log_prob", "samples", samples, 1)
        )
        generator = generator or self._usual_generator()
        shift = self.scaling.log_abs_det if self.log_prob_of == "density" else 0.0
        with evaluating(self.player):
            components = self.player.components()

        def bound(part: Tensor, *given: Tensor) -> Tensor:
            inputs = self._binarise(part, generator)
            shape = (samples, len(part), self.numbers)
            epsilon = torch.randn(shape, generator=generator, device=generator.device).to(inputs)
            draws = self.player.draw(inputs, epsilon, *given, components=components)
            # The numbers of an example are independent given z, so that leaving some out gives the marginal density of the others.
            varying, output = self.event.without_constants(inputs), self.event.without_constants(draws.output)
            fit, _ = evidence_terms(varying, draws._replace(output=output), self.likelihood.log_prob)
            return importance_bound(fit + draws.log_prior - draws.log_posterior) + shift

        return self._on_examples(bound, x, labels, max(CHUNK * 4 // samples, 1))

    def _usual_generator(self) -> torch.Generator:
        return torch.Generator(self.device).manual_seed(0)

    def _binarise(self, x: Tensor, generator: torch.Generator) -> Tensor:
        if self.settings.binarise == "none":
            return x
        return to_black_and_white(x, uniform_like(x, generator))

    def held_out_series(self, x: Tensor, generator: torch.Generator, labels: Tensor | None = None) -> dict[str, Tensor]:
        """Measure held-out examples, with one draw of z for each, or as many as the bound takes.

        Args:
            x: (N, *event) in the data's units.
            generator: draws z.
            labels: (N,) int64 of a conditional VAE.

        Returns:
            `vae/held_out_bound` (N,) nats, the bound that training maximises, in the model's units (higher is better; for one
            draw comparable with -(vae/reconstruction + vae/kl)), and its standard error `vae/held_out_bound_error` ();
            `vae/density_numbers` () of a density; `vae/held_out_reconstruction` (N,) nats (lower is better); `vae/active_units` (), the number of units whose
            posterior mean has a variance over examples above 0.01; for a semi-supervised model with labels
            `vae/held_out_accuracy` (N,).

        References:
            Importance Weighted Autoencoders (Yuri Burda, Roger Grosse, Ruslan Salakhutdinov, 2015), section 5.2,
            https://arxiv.org/abs/1509.00519
        """
        bound, reconstruction = self._terms(x, generator, labels)
        active = (self._means(x, labels).var(0, correction=0) > ACTIVE).sum()
        series = {
            "vae/held_out_bound": bound,
            "vae/held_out_reconstruction": reconstruction,
            "vae/active_units": active.to(torch.float32),
        }
        series |= held_out_scale(
            "vae", "bound", bound, self.event if self.log_prob_of in ("density", "mixed") else None
        )
        if labels is not None and isinstance(self.player, EveryClassNetwork):
            right = (self.posterior(x).argmax(1) == labels.to(self.device))[labels.to(self.device) >= 0]
            if len(right):
                series["vae/held_out_accuracy"] = right.to(torch.float32)
        return series

    def training_series(self, x: Tensor, generator: torch.Generator, labels: Tensor | None = None) -> dict[str, Tensor]:
        """Return `vae/train_bound` (N,), measured like `vae/held_out_bound`."""
        return {"vae/train_bound": self._terms(x, generator, labels)[0]}

    def _means(self, x: Tensor, labels: Tensor | None) -> Tensor:
        """The means of q(z | x), and with a second layer of q(z2 | z1) at these, (N, numbers)."""
        top = self.player.top

        def means(part: Tensor, *given: Tensor) -> Tensor:
            mean = self.player.heads(part, *given)[0]
            return mean if top is None else torch.cat([mean, top.up(mean)[0]], 1)

        return self._on_examples(means, x, labels)

    def _terms(self, x: Tensor, generator: torch.Generator, labels: Tensor | None) -> tuple[Tensor, Tensor]:
        """The bound and the negative log likelihood, (N,) nats each, for x (N, *event) in the data's units."""
        drawn = needs_draws(self.settings)
        with evaluating(self.player):
            components = self.player.components()

        def terms(part: Tensor, *given: Tensor) -> Tensor:
            inputs = self._binarise(part, generator)
            if drawn:
                shape = (self.settings.bound_samples, len(part), self.numbers)
                epsilon = torch.randn(shape, generator=generator, device=generator.device).to(inputs)
                draws = self.player.draw(inputs, epsilon, *given, components=components)
                fit, divergence = evidence_terms(inputs, draws, self.likelihood.log_prob)
                return torch.stack((combine(fit - divergence, self.settings.bound), -fit.mean(0)), 1)
            epsilon = torch.randn(len(part), self.settings.latent, generator=generator, device=generator.device)
            mean, log_variance = self.player.heads(inputs, *given)
            z = mean + torch.exp(0.5 * log_variance) * epsilon.to(inputs)
            reconstruction = -self.likelihood.log_prob(inputs, self.player.decoder(z, *given), self.player.log_std)
            kl = kl_standard_normal(mean, log_variance)
            return torch.stack((-(reconstruction + kl), reconstruction), 1)

        bound, reconstruction = self._on_examples(terms, x, labels).unbind(1)
        return bound.contiguous(), reconstruction
