"""Trained models as latent-variable models, for annealing and importance sampling.

A VAE is a latent-variable model. A GAN is not: its samples lie on a set without volume, so its density is zero nearly
everywhere. With Gaussian noise on its output it becomes one, and the likelihood is that of generator *and* noise.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
from torch import Tensor
from torch.nn import functional

from saddlepoint.data.event import Event
from saddlepoint.errors import DataError, SettingError
from saddlepoint.evaluation.metrics.annealing import Annealing, Share, annealed_evidence
from saddlepoint.evaluation.metrics.hamiltonian import LogLikelihood
from saddlepoint.models.arrays import uniform_like
from saddlepoint.models.capabilities import DecodesNormal, HasLikelihood
from saddlepoint.objectives.binarisation import to_black_and_white


@dataclass(frozen=True)
class LatentModel:
    """A model p(x) = integral of p(x | z) N(z; 0, I), in the model's units.

    Attributes:
        latent: size of z.
        log_likelihood: (B, latent), (B, *event) -> (B,) nats, differentiable in z.
        draw: z (B, latent) and a generator -> one x (B, *event) from p(x | z) for each z.
        prepare: examples in the data's units -> examples in the model's units.
        shift: nats to add to a log density in the model's units to get one in the data's units; 0 if p is a
            probability.
        notes: remarks for readers of the likelihood.
    """

    latent: int
    log_likelihood: LogLikelihood
    draw: Callable[[Tensor, torch.Generator], Tensor]
    prepare: Callable[[Tensor], Tensor]
    shift: float = 0.0
    notes: tuple[str, ...] = ()

    def simulate(self, n: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """Draw codes from the prior and examples from the codes; each code is an exact sample from its posterior.

        Args:
            n: number of examples.
            generator: of codes and examples.

        Returns:
            x (n, *event) in the model's units, and z (n, latent).
        """
        z = torch.randn(n, self.latent, generator=generator, device=generator.device)
        return self.draw(z, generator), z


def bernoulli_model(latent: int, decoder: Callable[[Tensor], Tensor]) -> LatentModel:
    """A model of black and white examples, 0 or 1.

    Args:
        latent: size of z.
        decoder: (B, latent) -> logits (B, *event).
    """

    def log_likelihood(z: Tensor, x: Tensor) -> Tensor:
        losses = functional.binary_cross_entropy_with_logits(decoder(z), x, reduction="none")
        return -losses.flatten(1).sum(1)

    def draw(z: Tensor, generator: torch.Generator) -> Tensor:
        with torch.no_grad():
            probabilities: Tensor = decoder(z).sigmoid()
        return to_black_and_white(probabilities, uniform_like(probabilities, generator))

    return LatentModel(latent, log_likelihood, draw, lambda x: x)


def gaussian_model(latent: int, decoder: Callable[[Tensor], Tensor], std: float) -> LatentModel:
    """A model with Gaussian noise on the output of its decoder.

    Args:
        latent: size of z.
        decoder: (B, latent) -> means (B, *event).
        std: standard deviation of each number around its mean.
    """

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
    """The latent-variable model of a VAE: its prior, decoder and likelihood, without its encoder.

    A Bernoulli likelihood needs black and white examples: `prepare` raises DataError for others (see `binarise`). Constant
    channels and columns are left out.
    """
    decoder, std = _varying(model), model.likelihood_std
    if std is None:

        def prepare(x: Tensor) -> Tensor:
            units = model.model_units(x)
            if not ((units == 0) | (units == 1)).all():
                raise DataError(
                    "a Bernoulli likelihood is a probability for black and white examples alone; these hold greys: give "
                    "binarise(x, event), with a generator where the model was trained on draws."
                )
            return model.scaling.event.without_constants(units)

        found = bernoulli_model(model.latent, decoder)
        return replace(found, prepare=prepare, notes=("Of black and white examples.",))
    found = gaussian_model(model.latent, decoder, std)
    return replace(found, prepare=_varying_units(model), shift=model.scaling.log_abs_det)


def with_output_noise(model: DecodesNormal, std: float) -> LatentModel:
    """A model without a density, such as a GAN, with Gaussian noise on every output of its generator that is not constant.

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
    found = gaussian_model(model.latent, _varying(model), std)
    return replace(found, prepare=_varying_units(model), shift=model.scaling.log_abs_det, notes=(note,))


def _varying(model: DecodesNormal) -> Callable[[Tensor], Tensor]:
    """The model's decoder, without the constant channels and columns of its output."""
    decoder, event = model.normal_decoder(), model.scaling.event
    return (lambda z: event.without_constants(decoder(z))) if event.constants else decoder


def _varying_units(model: DecodesNormal) -> Callable[[Tensor], Tensor]:
    """The map of examples to the model's units, without their constant channels and columns."""
    return lambda x: model.scaling.event.without_constants(model.model_units(x))


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
    """Fit the standard deviation of Gaussian output noise to examples, by maximum likelihood.

    Expectation maximisation: codes from the annealed posterior, then the root mean square of the residuals. Each round
    anneals again, so use few examples and a short annealing. Fit on other examples than those that are scored.

    Args:
        of: makes the model for a standard deviation, such as `lambda std: with_output_noise(model, std)`.
        x: (N, *event) in the data's units.
        start: first standard deviation.
        generator: of the annealing.
        annealing: settings; the defaults if None.
        rounds: of expectation maximisation.
        progress: callback for the completed share of the work.

    Returns:
        The standard deviation in the model's units.

    Raises:
        DataError: as `annealed_evidence`.
        SettingError: as `of`.

    References:
        A Monte Carlo Implementation of the EM Algorithm (Greg C. G. Wei, Martin A. Tanner, 1990),
        https://doi.org/10.1080/01621459.1990.10474930
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
    """Convert examples to black and white, their lowest and highest value.

    The two ways give different data, whose likelihoods are not comparable.

    Args:
        x: (N, *event) in the data's units.
        event: with a known range.
        generator: draws white with the probability of the grey value; if None, grey values of at least one half become
            white.

    Raises:
        DataError: data without a known range.
    """
    if event.low is None or event.high is None:
        raise DataError("binarise: these data have no lowest and highest value; black and white would be a guess.")
    grey = (x.float() - event.low) / (event.high - event.low)
    drawn = None if generator is None else torch.rand(x.shape, generator=generator, device=generator.device)
    white = grey >= 0.5 if drawn is None else drawn.to(grey.device) < grey
    return torch.where(white, event.high, event.low).to(x.dtype)
