"""Variational autoencoders: a one-player game in which codes have a known prior."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from saddlepoint.data.event import Event, Scaling
from saddlepoint.models.assembly import check_roles, is_own
from saddlepoint.models.capabilities import (
    Completes,
    CompletesIteratively,
    DecodesNormal,
    HasLatentPosterior,
    HasLearntPrior,
    HasLikelihood,
    Variational,
)
from saddlepoint.models.labels import check_conditional, count_classes, draw_labels
from saddlepoint.models.likelihoods import LIKELIHOODS, scaling_for
from saddlepoint.models.own_loss import ROLE, own_loss
from saddlepoint.models.units import UNIT
from saddlepoint.models.vae.checks import check_combination, needs_draws
from saddlepoint.models.vae.completion import Completion
from saddlepoint.models.vae.construction import build_player
from saddlepoint.models.vae.measuring import MeasuringVAE
from saddlepoint.models.vae.settings import VAESettings
from saddlepoint.objectives.evidence import BoundNoise, negative_evidence
from saddlepoint.objectives.phase import Loss, Phase
from saddlepoint.objectives.semi_supervised import negative_labelled_evidence
from saddlepoint.objectives.weighted_evidence import negative_weighted_evidence

LABELLED = 0.1  # share of a batch that has labels where some are missing


class VAE(Completion, MeasuringVAE):
    """A variational autoencoder; `log_prob` is a lower bound computed by importance sampling.

    A conditional one gives the labels to encoder and decoder, and its codes (`HasCodes`) end with one number for each class.

    References:
        Auto-Encoding Variational Bayes (Diederik Kingma, Max Welling, 2013), https://arxiv.org/abs/1312.6114
        Simple and Effective VAE Training with Calibrated Decoders (Oleh Rybkin, Kostas Daniilidis, Sergey Levine, 2021),
            https://arxiv.org/abs/2006.13202 (a learnt standard deviation)
        Learning Structured Output Representation using Deep Conditional Generative Models (Kihyuk Sohn, Honglak Lee, Xinchen Yan,
            2015), https://papers.nips.cc/paper/5775 (labels)
    """

    selection_metric = ("vae/held_out_bound", 1)
    family: ClassVar[str] = "vae"
    encoder_player = "vae"

    def __init__(self, settings: VAESettings, event: Event, modules: Mapping[str, Any] | None = None) -> None:
        """Build the networks.

        Args:
            settings: of the VAE.
            event: what one example is.
            modules: the user's own networks by role, and as "loss" the user's own loss, instead of `settings.objective`.

        Raises:
            SettingError: a network does not fit, settings exclude each other, labels are missing, or the likelihood does not fit
                the data.
        """
        modules = modules or {}
        roles = ("encoder", "decoder", *(["classifier"] if settings.semi_supervised else []), ROLE)
        check_roles(modules, roles)
        check_combination(settings)
        self.settings = settings
        self.classes = count_classes(settings.conditional, event)
        shares = event.shares if settings.conditional else ()
        self.numbers = settings.latent + (settings.top_latent if settings.layers == 2 else 0)
        units = scaling_for(settings.likelihood, settings.scaling, event)
        self.likelihood = LIKELIHOODS[settings.likelihood](settings, units)
        data_range = UNIT if settings.likelihood == "bernoulli" else _data_range(event, units)
        self.player, features = build_player(settings, event, self.likelihood, data_range, len(shares), modules)
        super().__init__(event, units, {"vae": self.player}, {"vae": "vae"})
        if features == 2 * settings.latent and is_own("encoder", settings.encoder, modules):
            self.notes = (
                f"The encoder returns {features} numbers for each example, twice model.latent. This model uses them as "
                "features and adds heads for the mean and the log-variance. If they already are mean and log-variance, remove "
                "the encoder's last layer.",
            )
        self._phases = (Phase("vae", own_loss(settings.objective, modules) or self._loss(shares)),)

    @classmethod
    def check_settings(cls, settings: VAESettings, classes: int | None = None) -> None:
        check_combination(settings)
        check_conditional(settings.conditional, classes)

    def _loss(self, shares: tuple[float, ...]) -> Loss:
        settings, log_prob = self.settings, self.likelihood.log_prob
        if settings.semi_supervised:
            return negative_labelled_evidence(shares, log_prob, settings.classifier_weight)
        if needs_draws(settings):
            return negative_weighted_evidence(settings.bound, log_prob, conditional=settings.conditional)
        weight = settings.mmd_weight if settings.regulariser == "mmd" else 0.0
        return negative_evidence(
            settings.free_bits, log_prob=log_prob, conditional=settings.conditional, discrepancy_weight=weight
        )

    def labelled_share(self, *, complete: bool) -> float | None:
        return LABELLED if self.settings.semi_supervised and not complete else None

    @property
    def phases(self) -> tuple[Phase, ...]:
        """One phase: encoder and decoder maximise the bound."""
        return self._phases

    @property
    def output_range(self) -> tuple[float, float] | None:
        return UNIT if self.settings.likelihood == "bernoulli" else None

    def noise(self, phase: Phase, n: int, step: int, generator: torch.Generator) -> BoundNoise:
        """Draw the random numbers of one update, and add the weight of the KL term at this step."""
        device, settings = generator.device, self.settings
        draws = (settings.bound_samples,) if needs_draws(settings) else ()
        epsilon = torch.randn(n, *draws, self.numbers, generator=generator, device=device)
        kl_weight = torch.full((), self.kl_weight(step), device=device)
        threshold = prior = None
        if settings.binarise == "stochastic":
            threshold = torch.rand(n, *self.event.shape, generator=generator, device=device)
        if settings.regulariser == "mmd":
            prior = torch.randn(n, settings.latent, generator=generator, device=device)
        return BoundNoise(epsilon, kl_weight, threshold, prior)

    def kl_weight(self, step: int) -> float:
        """Return the weight of the KL term at a step."""
        warm = step / self.settings.warm_up if self.settings.warm_up else 1.0
        return self.settings.beta * min(warm, 1.0)

    def _sample(self, n: int, labels: Tensor | None, generator: torch.Generator | None) -> Tensor:
        """Draw z from the prior and x from p(x | z); for a Bernoulli likelihood its mean, since a draw would be black and white."""
        codes = self._draw_codes(n, labels, generator)
        return self._evaluate(lambda part: self._draw(part, generator), codes)

    @property
    def beta(self) -> float:
        """Weight of the KL term after its warm-up."""
        return self.settings.beta

    @property
    def free_bits(self) -> float:
        """Nats of KL of each latent unit that are not penalised."""
        return self.settings.free_bits

    @property
    def likelihood_std(self) -> float | None:
        """Standard deviation of a Gaussian p(x | z), or of the numbers of a mixed one, in the model's units; None for a Bernoulli likelihood."""
        return None if self.player.log_std is None else float(self.player.log_std.detach().exp())

    @property
    def binarises(self) -> bool:
        """Whether training draws black-and-white values with the probabilities given by the grey values."""
        return self.settings.binarise == "stochastic"

    def lacks(self, capability: type) -> str | None:
        settings = self.settings
        if capability is HasLearntPrior and settings.prior == "normal":
            return "its prior is standard normal."
        if capability is HasLatentPosterior and settings.layers == 2:
            return "its code has two layers, whose posterior is not Gaussian."
        if capability in (Completes, CompletesIteratively) and settings.layers == 2:
            return "its code has two layers, and completion is made for one."
        if capability in (DecodesNormal, HasLikelihood, Variational):
            if settings.prior != "normal":
                return "its prior is a mixture of the posteriors of pseudo-inputs, and not standard normal."
            if settings.conditional:
                return "its codes end with the class, and are not standard normal."
            if not self.likelihood.annealed:
                return f"its likelihood is {settings.likelihood}, and only Bernoulli and Gaussian ones are supported."
        if capability is Variational and needs_draws(settings):
            return "its bound is estimated from draws, and has no KL term in closed form."
        return super().lacks(capability)

    def output_network(self) -> tuple[nn.Module, Callable[[Tensor], Tensor]] | None:
        # The mean of a category depends on the logits of the others, so that columns have no range in common.
        if self.classes is not None or self.player.top is not None or self.likelihood.groups:
            return None
        return self.player.decoder, self.likelihood.mean

    def player_inputs(self, x: Tensor, generator: torch.Generator | None) -> dict[str, tuple[Tensor, ...]]:
        draws = (1,) if needs_draws(self.settings) else ()
        shape = (len(x), *draws, self.numbers)
        if generator is None:
            epsilon = torch.zeros(shape, device=x.device, dtype=x.dtype)
        else:
            epsilon = torch.randn(shape, generator=generator, device=generator.device).to(x)
        if self.classes is None or self.settings.semi_supervised:
            return {"vae": (x, epsilon)}
        source = generator or torch.Generator(x.device).manual_seed(0)
        return {"vae": (x, epsilon, draw_labels(self.event.shares, len(x), source))}


def _data_range(event: Event, units: Scaling) -> tuple[float, float] | None:
    """The range of the data in the model's units where it is that of a sigmoid or of tanh; otherwise None."""
    if event.low is None or event.high is None or len(units.scale) > 1:
        return None
    low, high = (value * units.scale[0] + units.offset[0] for value in (event.low, event.high))
    return (low, high) if abs(high - 1) < 1e-4 and min(abs(low), abs(low + 1)) < 1e-4 else None
