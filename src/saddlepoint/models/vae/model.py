"""Variational autoencoders: a one-player game in which codes have a known prior."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Literal

import torch
from torch import Tensor, nn

from saddlepoint.arguments import check_count
from saddlepoint.data.dataset import Event, ScalingKind
from saddlepoint.errors import SettingError
from saddlepoint.models.assembly import check_roles, is_own, network
from saddlepoint.models.base import CHUNK, Numbers, check_generator, in_chunks
from saddlepoint.models.codes import CodeModel
from saddlepoint.models.copying import frozen_copy
from saddlepoint.models.own_loss import ROLE, own_loss
from saddlepoint.models.own_noise import global_seed_from
from saddlepoint.models.units import UNIT, scaling
from saddlepoint.models.vae.network import VAENetwork
from saddlepoint.models.vae.settings import VAESettings
from saddlepoint.networks.evaluating import evaluating
from saddlepoint.objectives.divergence import kl_standard_normal
from saddlepoint.objectives.evidence import BoundNoise, negative_evidence
from saddlepoint.objectives.likelihood import importance_bound, log_likelihood, standard_normal_log_prob
from saddlepoint.objectives.phase import Phase


class VAE(CodeModel):
    """A variational autoencoder; `log_prob` is a lower bound computed by importance sampling.

    References:
        Auto-Encoding Variational Bayes (Diederik Kingma, Max Welling, 2013), https://arxiv.org/abs/1312.6114
        Simple and Effective VAE Training with Calibrated Decoders (Oleh Rybkin, Kostas Daniilidis, Sergey Levine, 2021),
            https://arxiv.org/abs/2006.13202 (a learnt standard deviation)
    """

    selection_metric = ("vae/held_out_bound", 1)
    family: ClassVar[str] = "vae"
    log_prob_kind: Literal["exact", "lower bound"] = "lower bound"
    encoder_player = "vae"

    def __init__(self, settings: VAESettings, event: Event, modules: Mapping[str, Any] | None = None) -> None:
        """Build the networks.

        Args:
            settings: of the VAE.
            event: what one example is.
            modules: the user's own networks by role, and as "loss" the user's own loss, instead of `settings.objective`.

        Raises:
            SettingError: a network does not fit, or the likelihood is Bernoulli and the data are not in [0, 1].
        """
        modules = modules or {}
        check_roles(modules, ("encoder", "decoder", ROLE))
        self.settings = settings
        bernoulli = settings.likelihood == "bernoulli"
        if settings.binarise != "none" and not bernoulli:
            raise SettingError(
                f"model.binarise: it needs model.likelihood bernoulli, which is {settings.likelihood} here."
            )
        kind: ScalingKind
        if settings.scaling != "auto":
            kind = settings.scaling
        elif not bernoulli:
            kind = "symmetric" if event.bounded else "standard"
        elif event.bounded:
            kind = "unit"
        else:
            raise SettingError(
                "model.likelihood: bernoulli needs data with a known range, and the range of these data is unknown: use "
                "gaussian, or set model.scaling to unit."
            )
        series = event.kind == "series"
        trunk = network("encoder", settings.encoder, event.shape, None, modules, series=series)
        with evaluating(trunk):
            like = next(trunk.parameters(), torch.empty(0))
            features = trunk(torch.zeros(2, *event.shape, device=like.device, dtype=like.dtype)).flatten(1).shape[1]
        self.player = VAENetwork(
            trunk,
            network("decoder", settings.decoder, (settings.latent,), event.shape, modules, series=series),
            features,
            settings.latent,
            log_std=None if bernoulli else math.log(settings.observation_std),
            learnt=settings.likelihood == "gaussian-learnt",
        )
        super().__init__(
            event, scaling(event, kind, self.output_range, "bernoulli"), {"vae": self.player}, {"vae": "vae"}
        )
        if features == 2 * settings.latent and is_own("encoder", settings.encoder, modules):
            self.notes = (
                f"The encoder returns {features} numbers for each example, twice model.latent. This model uses them as "
                "features and adds heads for the mean and the log-variance. If they already are mean and log-variance, remove "
                "the encoder's last layer.",
            )
        self._phases = (Phase("vae", own_loss(settings.objective, modules) or negative_evidence(settings.free_bits)),)

    @property
    def phases(self) -> tuple[Phase, ...]:
        """One phase: encoder and decoder maximise the evidence lower bound."""
        return self._phases

    @property
    def output_range(self) -> tuple[float, float] | None:
        return UNIT if self.settings.likelihood == "bernoulli" else None

    def noise(self, phase: Phase, n: int, step: int, generator: torch.Generator) -> BoundNoise:
        """Draw the random numbers of one update, and add the weight of the KL term at this step."""
        device = generator.device
        epsilon = torch.randn(n, self.settings.latent, generator=generator, device=device)
        kl_weight = torch.full((), self.kl_weight(step), device=device)
        if self.settings.binarise != "stochastic":
            return BoundNoise(epsilon, kl_weight)
        threshold = torch.rand(n, *self.event.shape, generator=generator, device=device)
        return BoundNoise(epsilon, kl_weight, threshold)

    def kl_weight(self, step: int) -> float:
        """Return the weight of the KL term at a step."""
        warm = step / self.settings.warm_up if self.settings.warm_up else 1.0
        return self.settings.beta * min(warm, 1.0)

    def fixed_noise(self, n: int, generator: torch.Generator) -> Tensor:
        n = self.check_request(n, None, generator)
        device = torch.device("cpu") if generator is None else generator.device
        return torch.randn(n, self.settings.latent, generator=generator, device=device)

    def sample(self, n: int, *, labels: Tensor | None = None, generator: torch.Generator | None = None) -> Tensor:
        """Draw z from the prior and x from p(x | z).

        For a Bernoulli likelihood the mean of p(x | z) is returned, since a draw would be black and white.

        Args:
            n: number of samples.
            labels: must be None: the model takes no labels.
            generator: draws the noise; None takes torch's global generator.

        Returns:
            (n, *event) in the data's units.

        Raises:
            SettingError: an argument is invalid.
        """
        n = self.check_request(n, labels, generator)
        device = torch.device("cpu") if generator is None else generator.device
        z = torch.randn(n, self.settings.latent, generator=generator, device=device)
        return self._evaluate(lambda part: self._draw(part, generator), z)

    @property
    def latent(self) -> int:
        return self.settings.latent

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
        """Standard deviation of a Gaussian p(x | z) in the model's units; None for a Bernoulli likelihood."""
        return None if self.player.log_std is None else float(self.player.log_std.detach().exp())

    @property
    def binarises(self) -> bool:
        """Whether training draws black-and-white values with the probabilities given by the grey values."""
        return self.settings.binarise == "stochastic"

    def normal_decoder(self) -> Callable[[Tensor], Tensor]:
        """Return a frozen copy of the decoder; its output is logits for a Bernoulli likelihood, means for a Gaussian."""
        return frozen_copy(self.player.decoder)

    def output_network(self) -> tuple[nn.Module, Callable[[Tensor], Tensor]]:
        bernoulli = self.settings.likelihood == "bernoulli"
        return self.player.decoder, (torch.sigmoid if bernoulli else lambda mean: mean)

    def player_inputs(self, x: Tensor, generator: torch.Generator | None) -> dict[str, tuple[Tensor, ...]]:
        shape = (len(x), self.latent)
        if generator is None:
            return {"vae": (x, torch.zeros(shape, device=x.device, dtype=x.dtype))}
        return {"vae": (x, torch.randn(shape, generator=generator, device=generator.device).to(x))}

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

    def _mean(self, z: Tensor) -> Tensor:
        """(B, latent) -> mean (B, *event) of p(x | z), in the model's units."""
        output: Tensor = self.player.decoder(z)
        return output.sigmoid() if self.settings.likelihood == "bernoulli" else output

    def _draw(self, z: Tensor, generator: torch.Generator | None) -> Tensor:
        """(B, latent) -> (B, *event) in the model's units: a draw from a Gaussian p(x | z), the mean of a Bernoulli one."""
        mean = self._mean(z)
        if self.player.log_std is None:
            return mean
        device = torch.device("cpu") if generator is None else generator.device
        noise = torch.randn(mean.shape, generator=generator, device=device).to(mean)
        return mean + torch.exp(self.player.log_std) * noise

    def encode(self, x: Numbers) -> Tensor:
        """Encode examples.

        Args:
            x: (N, *event) in the data's units.

        Returns:
            (N, latent), the means of q(z | x).
        """
        return self.heads(x)[0]

    def heads(self, x: Numbers) -> tuple[Tensor, Tensor]:
        """Return the parameters of q(z | x), computed in evaluation mode.

        Args:
            x: (N, *event) in the data's units.

        Returns:
            Mean and log-variance, (N, latent) each.
        """
        with evaluating(self.player):
            both = in_chunks(lambda part: torch.cat(self.player.heads(self.model_units(part)), 1), x)
        mean, log_variance = both.chunk(2, 1)
        return mean, log_variance

    def infer(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return the parameters of q(z | x) without changing the network's mode.

        Args:
            x: (B, *event) in the model's units.

        Returns:
            Mean and log-variance, (B, latent) each.
        """
        return self.player.heads(x)

    @property
    def log_prob_of(self) -> Literal["density", "values", "black and white"]:
        """The kind of `log_prob`: of black-and-white examples for a Bernoulli likelihood, otherwise a density in the data's units."""
        return "black and white" if self.settings.likelihood == "bernoulli" else "density"

    @property
    def log_prob_note(self) -> str:
        """The meaning of the bound, and the numbers with which it can be compared."""
        bound = f"Importance bound (IWAE) with {self.settings.importance_samples} draws for each example"
        if self.log_prob_of == "density":
            return (
                f"{bound}; it is the log density of a whole example in the data's own units, and differs in other units, such "
                "as bytes scaled to [0, 1]."
            )
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

        For a Gaussian likelihood it is a log density in the data's own units. For a Bernoulli likelihood it is a log
        probability of the values in [0, 1]; they are drawn black or white first if they were in training. Constant channels and
        columns, which samples repeat exactly, are left out.

        Args:
            x: (N, *event) in the data's units.
            samples: draws of z for each example; None takes `importance_samples` of the settings.
            generator: draws z; None takes a generator with seed 0, so that the result is reproducible.

        Returns:
            (N,) nats.

        Raises:
            SettingError: an argument is invalid.
        """
        check_generator("log_prob", generator)
        samples = (
            self.settings.importance_samples if samples is None else check_count("log_prob", "samples", samples, 1)
        )
        generator = generator or torch.Generator(self.device).manual_seed(0)
        shift = self.scaling.log_abs_det if self.settings.likelihood != "bernoulli" else 0.0
        with evaluating(self.player):
            return in_chunks(
                lambda part: self._bound(part, samples, generator) + shift, x, max(CHUNK * 4 // samples, 1)
            )

    def _bound(self, x: Tensor, samples: int, generator: torch.Generator) -> Tensor:
        """The bound (B,) in nats, as a density in the model's units, for x (B, *event) in the data's units."""
        inputs = self._binarise(self.model_units(x), generator)
        mean, log_variance = self.player.heads(inputs)
        epsilon = torch.randn(samples, *mean.shape, generator=generator, device=generator.device).to(mean)
        z = mean + torch.exp(0.5 * log_variance) * epsilon  # (K, B, latent)
        output = self.player.decoder(z.flatten(0, 1))
        repeated = inputs.expand(samples, *inputs.shape).flatten(0, 1)
        # The numbers of an example are independent given z, so that leaving some out gives the marginal density of the others.
        varying, output = self.event.without_constants(repeated), self.event.without_constants(output)
        log_joint = log_likelihood(varying, output, self.player.log_std) + standard_normal_log_prob(z.flatten(0, 1))
        # log q(z | x): the density of epsilon, divided by the Jacobian determinant of the map from epsilon to z.
        log_posterior = standard_normal_log_prob(epsilon.flatten(0, 1)).view(samples, -1) - 0.5 * log_variance.sum(1)
        return importance_bound(log_joint.view(samples, -1) - log_posterior)

    def _binarise(self, x: Tensor, generator: torch.Generator) -> Tensor:
        if self.settings.binarise == "none":
            return x
        return (torch.rand(x.shape, generator=generator, device=generator.device).to(x) < x).to(x.dtype)

    def held_out_series(self, x: Tensor, generator: torch.Generator, labels: Tensor | None = None) -> dict[str, Tensor]:
        """Measure held-out examples, with one draw of z for each.

        Args:
            x: (N, *event) in the data's units.
            generator: draws z.

        Returns:
            `vae/held_out_bound` (N,) nats, the evidence lower bound in the model's units (higher is better), comparable with
            -(vae/reconstruction + vae/kl), and its standard error `vae/held_out_bound_error` ();
            `vae/held_out_reconstruction` (N,) nats (lower is better); `vae/active_units` (), the number of units whose
            posterior mean has a variance over examples above 0.01.

        References:
            Importance Weighted Autoencoders (Yuri Burda, Roger Grosse, Ruslan Salakhutdinov, 2015), section 5.2,
            https://arxiv.org/abs/1509.00519
        """
        reconstruction, kl = self._terms(x, generator)
        bound = -(reconstruction + kl)
        active = (self.encode(x).var(0, correction=0) > 0.01).sum()
        series = {
            "vae/held_out_bound": bound,
            "vae/held_out_reconstruction": reconstruction,
            "vae/active_units": active.to(torch.float32),
        }
        if len(bound) > 1:
            error = float(bound.std()) / math.sqrt(len(bound))
            series["vae/held_out_bound_error"] = torch.tensor(error, dtype=torch.float64)
        return series

    def training_series(self, x: Tensor, generator: torch.Generator, labels: Tensor | None = None) -> dict[str, Tensor]:
        """Return `vae/train_bound` (N,), measured like `vae/held_out_bound`."""
        reconstruction, kl = self._terms(x, generator)
        return {"vae/train_bound": -(reconstruction + kl)}

    def _terms(self, x: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """Negative log likelihood and KL, (N,) nats each, for x (N, *event) in the data's units, with one draw of z each."""

        def terms(part: Tensor) -> Tensor:
            inputs = self._binarise(self.model_units(part), generator)
            epsilon = torch.randn(len(part), self.settings.latent, generator=generator, device=generator.device)
            output, mean, log_variance, log_std = self.player(inputs, epsilon.to(inputs))
            return torch.stack((-log_likelihood(inputs, output, log_std), kl_standard_normal(mean, log_variance)), 1)

        with evaluating(self.player):
            reconstruction, kl = in_chunks(terms, x).unbind(1)
        return reconstruction, kl
