"""Diffusion models: a one-player game; samples solve a differential equation from noise to data."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Literal

import torch
from torch import Tensor

from saddlepoint.data.event import Event
from saddlepoint.models.arrays import CHUNK, Numbers, as_tensor, in_chunks
from saddlepoint.models.assembly import check_roles
from saddlepoint.models.capabilities import DescribesDensity, HasClassDensity, HasDensity, HasPosterior
from saddlepoint.models.class_density import ClassDensity
from saddlepoint.models.diffusion.completion import Completion
from saddlepoint.models.diffusion.density import check_density, integrate
from saddlepoint.models.diffusion.formulations import formulation
from saddlepoint.models.diffusion.measuring import losses, steps_error
from saddlepoint.models.diffusion.networks import denoiser
from saddlepoint.models.diffusion.samplers import SAMPLERS, heun
from saddlepoint.models.diffusion.samplers.sampler import velocity
from saddlepoint.models.diffusion.settings import DiffusionSettings
from saddlepoint.models.held_out import held_out_scale
from saddlepoint.models.labels import check_conditional, count_classes
from saddlepoint.models.own_loss import ROLE, own_loss
from saddlepoint.models.own_noise import global_seed_from
from saddlepoint.networks.evaluating import evaluating
from saddlepoint.networks.labels import class_weights
from saddlepoint.objectives.denoising import DenoisingNoise, denoising
from saddlepoint.objectives.likelihood import standard_normal_log_prob
from saddlepoint.objectives.phase import Phase
from saddlepoint.objectives.preconditioning import EDM, Estimate

COMPARED = 32  # codes that are decoded with the usual and with twice the steps
DENSITIES = (HasDensity, DescribesDensity, HasClassDensity, HasPosterior)
THIRDS = ("low", "middle", "high")


class Diffusion(Completion, ClassDensity):
    """A denoising network; codes are the noise that samples start from.

    References:
        Denoising Diffusion Probabilistic Models (Jonathan Ho, Ajay Jain, Pieter Abbeel, 2020), https://arxiv.org/abs/2006.11239
        Elucidating the Design Space of Diffusion-Based Generative Models (Tero Karras, Miika Aittala, Timo Aila, Samuli Laine,
            2022), https://arxiv.org/abs/2206.00364
        Flow Matching for Generative Modeling (Yaron Lipman, Ricky Chen, Heli Ben-Hamu, Maximilian Nickel, Matt Le, 2022),
            https://arxiv.org/abs/2210.02747
    """

    family: ClassVar[str] = "diffusion"
    averaged = ("dm",)
    selection_metric = ("dm/held_out_loss", -1)
    log_prob_kind: Literal["exact", "lower bound"] = "exact"
    log_prob_of: Literal["density", "values", "black and white"] = "density"

    def __init__(self, settings: DiffusionSettings, event: Event, modules: Mapping[str, Any] | None = None) -> None:
        """Build the network.

        Args:
            settings: of the model.
            event: what one example is.
            modules: the user's own network as "denoiser", called with the noisy examples (B, *event), the times (B,) and, for
                a model with labels, the weights of the classes (B, classes); as "loss" the user's own loss.

        Raises:
            SettingError: the network does not fit; the model is to be conditional, and the data have no labels; or the density of
                data that have none is to be computed.
        """
        modules = modules or {}
        check_roles(modules, ("denoiser", ROLE))
        self.settings = settings
        self.classes = count_classes(settings.conditional, event)
        self.numbers = event.size
        check_density(settings, event)
        self.formulation = formulation(settings)
        self.path = self.formulation.path
        self.player = denoiser(settings.denoiser, event, self.classes or 0, modules)
        scaling = event.scaling("standard" if settings.scaling == "auto" else settings.scaling)
        super().__init__(event, scaling, {"dm": self.player}, {"dm": "denoiser"})
        label_weights = None if self.classes is None else self._label_weights
        loss = own_loss(settings.objective, modules) or denoising(self.formulation, label_weights)
        self._phases = (Phase("dm", loss),)
        self._chunk = max(CHUNK, min(2_000, 250_000 // event.size)) if event.kind != "image" else CHUNK
        end = self.path.weights(torch.tensor([self.path.largest], dtype=torch.float64))
        self._start_std = float((end.noise.square() + (end.signal * settings.data_std).square()).sqrt())

    @classmethod
    def check_settings(cls, settings: DiffusionSettings, classes: int | None = None) -> None:
        check_conditional(settings.conditional, classes)

    def lacks(self, capability: type) -> str | None:
        if capability in DENSITIES and not self.settings.density_steps:
            return (
                "it computes no density: for real data of at most 64 numbers, model.density_steps: 64 gives it one, by integrating "
                "its differential equation."
            )
        return super().lacks(capability)

    @property
    def phases(self) -> tuple[Phase, ...]:
        """One phase: the network learns to remove noise."""
        return self._phases

    @property
    def assumed_std(self) -> float:
        """The standard deviation that data must have in the model's units for the formulation to fit."""
        return self.settings.data_std if isinstance(self.formulation.preconditioner, EDM) else 1.0

    def noise(self, phase: Phase, n: int, step: int, generator: torch.Generator) -> DenoisingNoise:
        """Draw the times, the noise and which labels are dropped."""
        device = generator.device
        share = torch.rand(n, generator=generator, device=device)
        noise = torch.randn(n, *self.event.shape, generator=generator, device=device)
        kept = None if self.classes is None else torch.rand(n, generator=generator, device=device)
        return DenoisingNoise(self._times(share), noise, kept)

    def _times(self, share: Tensor) -> Tensor:
        """Times of training (B,) for shares (B,) in [0, 1); the ends, where normal quantiles are infinite, are left out."""
        return self.formulation.levels(share.clamp(1e-6, 1 - 1e-6))

    def _label_weights(self, labels: Tensor, kept: Tensor | None) -> Tensor:
        """Weights of the classes (B, classes): a row of zeros where a label is dropped."""
        weights = class_weights(labels, self.classes or 0, torch.empty(0) if kept is None else kept)
        return weights if kept is None else weights * (kept >= self.settings.label_dropout)[:, None]

    def player_inputs(self, x: Tensor, generator: torch.Generator | None) -> dict[str, tuple[Tensor, ...]]:
        share = torch.full((len(x),), 0.5, device=x.device)
        noise = torch.zeros_like(x)
        if generator is not None:
            share = torch.rand(len(x), generator=generator, device=generator.device).to(x)
            noise = torch.randn(x.shape, generator=generator, device=generator.device).to(x)
        t = self._times(share).to(x)
        arguments = self.formulation.preconditioner.inputs(self.formulation.noisy(x, noise, t), t, self.path)
        if self.classes is None:
            return {"dm": arguments}
        return {"dm": (*arguments, torch.zeros(len(x), self.classes, device=x.device, dtype=x.dtype))}

    def estimate(self, noisy: Tensor, t: Tensor, weights: Tensor | None = None, guidance: float = 1.0) -> Estimate:
        """Estimate the examples and the noise in x_t, in the network's current mode.

        Args:
            noisy: x_t (B, *event) in the model's units.
            t: (B,) times on the path.
            weights: of the classes (B, classes), zeros for an unknown class; None without labels.
            guidance: strength of classifier-free guidance.

        Returns:
            Their conditional means.
        """
        inputs, clock = self.formulation.preconditioner.inputs(noisy, t, self.path)
        output: Tensor
        if weights is None:
            output = self.player(inputs, clock)
        elif guidance == 1:
            output = self.player(inputs, clock, weights)
        else:
            both = torch.cat([weights, torch.zeros_like(weights)])
            with_label, without = self.player(torch.cat([inputs, inputs]), torch.cat([clock, clock]), both).chunk(2)
            output = without + guidance * (with_label - without)
        return self.formulation.preconditioner.estimate(output.to(noisy.dtype), noisy, t, self.path)

    @property
    def sampler(self) -> Callable[[Tensor], Tensor]:
        return lambda codes: self._generate(codes, self.settings.sampler.steps)

    def _generate(self, codes: Tensor, steps: int) -> Tensor:
        """(N, latent) codes -> (N, *event) in the model's units, by the sampler with so many steps."""
        z, weights = self.split_codes(codes)
        guidance = self.settings.guidance

        def estimate(noisy: Tensor, t: Tensor) -> Estimate:
            return self.estimate(noisy, t, weights, guidance)

        start = self._start_std * z.reshape(len(z), *self.event.shape)
        return SAMPLERS[self.settings.sampler.name](estimate, self.path, start, self.path.times(steps))

    def decode(self, z: Numbers) -> Tensor:
        """Run the sampler.

        Args:
            z: (N, latent), the noise to start from, and the class.

        Returns:
            (N, *event) in the data's units.
        """
        z = self.latent_codes(z)
        with evaluating(self.player), global_seed_from(z):
            return in_chunks(lambda part: self.scaling.to_data(self.sampler(part)), z, self._chunk)

    def encode(self, x: Numbers, labels: Tensor | None = None) -> Tensor:
        """Integrate the differential equation from examples to noise; `decode` leads back, up to the error of its steps.

        Args:
            x: (N, *event) in the data's units.
            labels: (N,) classes of the examples; a conditional model without them takes the most probable class if it computes
                densities (`model.density_steps`), and otherwise leaves the class unknown: its part of the code is 0.

        Returns:
            (N, latent).
        """
        labels = self.labels_for("encode", x, labels)
        examples = as_tensor(x)
        if self.classes is not None and labels is None:
            unknown = torch.zeros(len(examples), self.classes, device=self.device)
            labels = self.posterior(examples).argmax(1).to(self.device) if self.settings.density_steps else unknown
        times = self._rising_times(self.settings.sampler.steps)

        def run(index: Tensor) -> Tensor:
            weights = None if labels is None else self._label_weights(labels[index.to(labels.device)], None)
            estimate = self._conditional(weights, self.settings.guidance)
            end = heun(estimate, self.path, self._first(examples[index]), times)
            return end.flatten(1) / self._start_std

        with evaluating(self.player):
            index = torch.arange(len(examples), device=examples.device)
            return self.join_codes(in_chunks(run, index, self._chunk), labels)

    def _conditional(self, weights: Tensor | None, guidance: float) -> Callable[[Tensor, Tensor], Estimate]:
        """The estimate given the classes, as a function of x_t and t."""

        def estimate(noisy: Tensor, t: Tensor) -> Estimate:
            repeated = None if weights is None else weights.repeat(len(noisy) // max(len(weights), 1), 1).to(noisy)
            return self.estimate(noisy, t, repeated, guidance)

        return estimate

    def _rising_times(self, steps: int) -> list[float]:
        """The times of an integration from data to noise: the sampler's times without 0."""
        times = sorted(self.path.times(steps + 1))[1:]
        return times if times[0] <= self.path.smallest else [self.path.smallest, *times]

    def _first(self, x: Tensor) -> Tensor:
        """x (B, *event) in the data's units -> x_t at the smallest time, where its noise can be neglected."""
        units = self.model_units(x)
        return self.path.weights(torch.full((1,), self.path.smallest).to(units)).like(units).signal * units

    def _log_density(self, x: Tensor, labels: Tensor | None) -> Tensor:
        """As in `ClassDensity`; without guidance, with which the equation has another density."""
        times = self._rising_times(self.settings.density_steps)
        first = self.path.weights(torch.full((1,), self.path.smallest, dtype=torch.float64)).signal
        shift = self.scaling.log_abs_det + self.numbers * float(first.log())

        def run(index: Tensor) -> Tensor:
            weights = None if labels is None else self._label_weights(labels[index.to(labels.device)], None)
            estimate = self._conditional(weights, 1.0)
            end, divergence = integrate(
                lambda noisy, t: velocity(estimate, self.path, noisy, t), self._first(x[index]), times
            )
            start = standard_normal_log_prob(end.flatten(1) / self._start_std) - self.numbers * math.log(
                self._start_std
            )
            return start + divergence + shift

        if not len(x):
            return self.model_units(x).new_empty(0)
        with evaluating(self.player):
            return in_chunks(run, torch.arange(len(x), device=x.device), max(self._chunk // self.numbers, 1))

    @property
    def log_prob_note(self) -> str:
        """The meaning of `log_prob`."""
        return (
            f"Log density of a whole example in the data's own units, by integrating the model's differential equation and its exact "
            f"divergence in {self.settings.density_steps} steps (model.density_steps). The error of these steps remains; the noise at the "
            "smallest time and the share of the data at the largest one are neglected."
        )

    def held_out_series(self, x: Tensor, generator: torch.Generator, labels: Tensor | None = None) -> dict[str, Tensor]:
        """Measure held-out examples, each at one noise level; the levels are evenly spaced quantiles of those in training.

        Args:
            x: (N, *event) in the data's units.
            generator: draws the noise and codes.
            labels: (N,) of the examples; a conditional model without them is measured without labels.

        Returns:
            `dm/held_out_loss` (N,), the loss of training (lower is better), and its standard error `dm/held_out_loss_error` ();
            `dm/held_out_loss_low`, `..._middle`, `..._high`, the same for each third of the noise levels;
            `dm/sampler_error` (), the median distance between samples from the same codes with the sampler's and with twice as many
            steps: the root mean square over numbers, in the model's units.
        """
        values = self._losses(x, generator, labels)
        found = {"dm/held_out_loss": values}
        if len(values) >= len(THIRDS):
            found |= {
                f"dm/held_out_loss_{name}": part
                for name, part in zip(THIRDS, values.tensor_split(len(THIRDS)), strict=True)
            }
        found |= held_out_scale("dm", "loss", values)
        codes = self.latent_codes(self.fixed_noise(COMPARED, generator))
        found["dm/sampler_error"] = steps_error(self.player, self._generate, codes, self.settings.sampler.steps)
        return found

    def training_series(self, x: Tensor, generator: torch.Generator, labels: Tensor | None = None) -> dict[str, Tensor]:
        """Return `dm/train_loss` (N,), measured like `dm/held_out_loss`."""
        return {"dm/train_loss": self._losses(x, generator, labels)}

    def _losses(self, x: Tensor, generator: torch.Generator, labels: Tensor | None) -> Tensor:
        """The loss (N,) of x (N, *event) in the data's units; the noise levels rise from the first example to the last."""
        units, count = self.model_units(x), len(x)
        times = self._times((torch.arange(count, device=units.device) + 0.5) / max(count, 1)).to(units)
        noise = torch.randn(units.shape, generator=generator, device=generator.device).to(units)
        weights: Tensor | None = None
        if self.classes is not None:
            unknown = units.new_zeros(count, self.classes)
            weights = unknown if labels is None else self._label_weights(labels.to(units.device), None).to(units)
        return losses(self.player, self.formulation, units, DenoisingNoise(times, noise), weights, self._chunk)
