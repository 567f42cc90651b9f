"""Trained models as latent-variable models: what annealing and importance sampling need to know of them.

A VAE is one. A GAN is not, since its samples fill no volume and its density is zero nearly everywhere; with Gaussian
noise on its output it becomes one, whose likelihood is that of generator *and* noise.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
from torch import Tensor
from torch.nn import functional

from saddlepoint.data.dataset import Event
from saddlepoint.errors import DataError, SettingError
from saddlepoint.evaluation.metrics.annealing import Annealing, Share, annealed_evidence
from saddlepoint.evaluation.metrics.hamiltonian import LogLikelihood
from saddlepoint.models.capabilities import DecodesNormal, HasLikelihood


@dataclass(frozen=True)
class LatentModel:
    """p(x) = integral of p(x | z) N(z; 0, I), in a model's own units.

    latent: numbers in z. log_likelihood: (B, latent), (B, *event) -> (B,) nats, differentiable in z. draw: z (B, latent)
    and a generator -> one x (B, *event) from p(x | z). prepare: examples in the data's units -> the model's.
    shift: nats to add to a log density in the model's units for one in the data's; 0 where p is a probability.
    notes: what to know when its likelihood is read.
    """

    latent: int
    log_likelihood: LogLikelihood
    draw: Callable[[Tensor, torch.Generator], Tensor]
    prepare: Callable[[Tensor], Tensor]
    shift: float = 0.0
    notes: tuple[str, ...] = ()

    def simulate(self, n: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """x (n, *event) in the model's units, and z (n, latent) it comes from: an exact draw from the posterior."""
        z = torch.randn(n, self.latent, generator=generator, device=generator.device)
        return self.draw(z, generator), z


def bernoulli_model(latent: int, decoder: Callable[[Tensor], Tensor]) -> LatentModel:
    """decoder: (B, latent) -> logits (B, *event). Examples are black and white, 0 or 1."""

    def log_likelihood(z: Tensor, x: Tensor) -> Tensor:
        losses = functional.binary_cross_entropy_with_logits(decoder(z), x, reduction="none")
        return -losses.flatten(1).sum(1)

    def draw(z: Tensor, generator: torch.Generator) -> Tensor:
        with torch.no_grad():
            probabilities: Tensor = decoder(z).sigmoid()
        uniform = torch.rand(probabilities.shape, generator=generator, device=generator.device).to(probabilities)
        return (uniform < probabilities).to(probabilities.dtype)

    return LatentModel(latent, log_likelihood, draw, lambda x: x)


def gaussian_model(latent: int, decoder: Callable[[Tensor], Tensor], std: float) -> LatentModel:
    """decoder: (B, latent) -> means (B, *event); every number of an example scatters about its mean by `std`."""

    def log_likelihood(z: Tensor, x: Tensor) -> Tensor:
        mean = decoder(z)
        constant = mean[0].numel() * (math.log(std) + 0.5 * math.log(2 * math.pi))
        return -0.5 * ((mean - x) / std).square().flatten(1).sum(1) - constant

    def draw(z: Tensor, generator: torch.Generator) -> Tensor:
        with torch.no_grad():
            mean = decoder(z)
        return mean + std * torch.randn(mean.shape, generator=generator, device=generator.device).to(mean)

    return LatentModel(latent, log_likelihood, draw, lambda x: x)


def with_own_likelihood(model: HasLikelihood) -> LatentModel:
    """The model's prior, decoder and likelihood; an encoder has no part in it.

    A Bernoulli likelihood is one of black-and-white examples: `prepare` raises DataError for others (`binarise`).
    """
    decoder, std = model.normal_decoder(), model.likelihood_std
    if std is None:

        def prepare(x: Tensor) -> Tensor:
            units = model.model_units(x)
            if not ((units == 0) | (units == 1)).all():
                raise DataError(
                    "a Bernoulli likelihood is a probability for black and white examples alone; these hold greys: give "
                    "binarise(x, event), with a generator where the model was trained on draws."
                )
            return units

        found = bernoulli_model(model.latent, decoder)
        return replace(found, prepare=prepare, notes=("Of black and white examples.",))
    found = gaussian_model(model.latent, decoder, std)
    return replace(found, prepare=model.model_units, shift=model.scaling.log_abs_det)


def with_output_noise(model: DecodesNormal, std: float) -> LatentModel:
    """A model without a density, such as a GAN, with Gaussian noise on every output of its generator.

    Args:
        model: its decoder of standard normal codes is used.
        std: standard deviation of the noise, in the model's units, above 0.

    Raises:
        SettingError: std is not above 0.

    References:
        On the Quantitative Analysis of Decoder-Based Generative Models (Yuhuai Wu, Yuri Burda, Ruslan Salakhutdinov, Roger
        Grosse, 2017). https://arxiv.org/abs/1611.04273
    """
    if not std > 0:
        raise SettingError(
            f"with_output_noise: the noise's standard deviation must be above 0, got {std}: a GAN without noise has no "
            "density."
        )
    note = f"A GAN has no density: this is its generator with Gaussian noise of {std:.3g} (model units) on its output."
    found = gaussian_model(model.latent, model.normal_decoder(), std)
    return replace(found, prepare=model.model_units, shift=model.scaling.log_abs_det, notes=(note,))


def fit_std(
    of: Callable[[float], LatentModel],
    x: Tensor,
    start: float,
    *,
    generator: torch.Generator,
    annealing: Annealing | None = None,
    rounds: int = 10,
    progress: Share | None = None,
) -> float:
    """The Gaussian noise under which examples x (N, *event), in the data's units, are likeliest; in the model's units.

    of: makes the model with a standard deviation, such as `lambda std: with_output_noise(model, std)`; `start`: its first value.
    Expectation maximisation: codes from the annealed posterior, then the root mean square of the residuals they leave.
    Fit on other examples than are scored. Every round anneals again, so give few examples and a short annealing. progress:
    called with the completed share.

    A Monte Carlo Implementation of the EM Algorithm (Greg C. G. Wei, Martin A. Tanner, 1990).
    https://doi.org/10.1080/01621459.1990.10474930

    Raises:
        DataError: as `annealed_evidence`. SettingError: as `of`.
    """
    std = start
    for done in range(rounds):
        model = of(std)
        inputs = model.prepare(x)
        found = annealed_evidence(model.log_likelihood, inputs, model.latent, generator=generator, annealing=annealing)
        shares = found.log_weights.softmax(0)
        size = inputs[0].numel()
        # The squared residual is what the Gaussian's log density holds of z.
        constant = size * (math.log(std) + 0.5 * math.log(2 * math.pi))
        with torch.no_grad():
            squares = torch.stack([-2 * std**2 * (model.log_likelihood(z, inputs) + constant) for z in found.z])
        std = math.sqrt(float((shares * squares).sum(0).mean()) / size)
        if progress is not None:
            progress((done + 1) / rounds)
    return std


def binarise(x: Tensor, event: Event, generator: torch.Generator | None = None) -> Tensor:
    """x (N, *event) as black and white, its lowest and highest value: white with the probability of its grey, or,
    without a generator, where it is half way or more. The two are different data, whose likelihoods do not compare.

    Raises:
        DataError: data without a known range.
    """
    if event.low is None or event.high is None:
        raise DataError("binarise: these data have no lowest and highest value; black and white would be a guess.")
    grey = (x.float() - event.low) / (event.high - event.low)
    drawn = None if generator is None else torch.rand(x.shape, generator=generator, device=generator.device)
    white = grey >= 0.5 if drawn is None else drawn.to(grey.device) < grey
    return torch.where(white, event.high, event.low).to(x.dtype)
