"""Normalising flows: a one-player game with an exact density."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Literal

import torch
from torch import Tensor

from saddlepoint.data.event import Event
from saddlepoint.errors import MissingExtraError
from saddlepoint.models.arrays import Numbers, as_tensor, check_generator, in_chunks
from saddlepoint.models.assembly import check_roles
from saddlepoint.models.bayes import marginal_log_prob
from saddlepoint.models.class_codes import ClassCodes
from saddlepoint.models.class_density import ClassDensity
from saddlepoint.models.flow.network import FlowNetwork
from saddlepoint.models.flow.settings import FlowSettings
from saddlepoint.models.held_out import held_out_scale
from saddlepoint.models.labels import check_conditional, count_classes
from saddlepoint.models.own_loss import ROLE, own_loss
from saddlepoint.models.varying import VaryingNumbers
from saddlepoint.networks.evaluating import evaluating
from saddlepoint.objectives.change_of_variables import FlowNoise, negative_log_density
from saddlepoint.objectives.likelihood import standard_normal_log_prob
from saddlepoint.objectives.phase import Phase

INVERTED = 64  # examples on which the accuracy of the inverse is measured
SLOW_FROM = 64  # numbers in an example from which on an autoregressive flow samples slowly


class Flow(ClassCodes, ClassDensity):
    """A normalising flow: x = f^-1(z), z ~ N(0, I); f is trained by maximum likelihood.

    References:
        Variational Inference with Normalizing Flows (Danilo Rezende, Shakir Mohamed, 2015), https://arxiv.org/abs/1505.05770
        Density estimation using Real NVP (Laurent Dinh, Jascha Sohl-Dickstein, Samy Bengio, 2016),
            https://arxiv.org/abs/1605.08803
    """

    family: ClassVar[str] = "flow"
    averaged = ("flow",)
    selection_metric = ("flow/held_out_log_prob", 1)
    log_prob_kind: Literal["exact", "lower bound"] = "exact"
    log_prob_of: Literal["density", "values", "black and white"] = "density"

    def __init__(self, settings: FlowSettings, event: Event, modules: Mapping[str, Any] | None = None) -> None:
        """Build the layers.

        Args:
            settings: of the flow.
            event: what one example is.
            modules: as "loss" the user's own loss, instead of `settings.objective`.

        Raises:
            MissingExtraError: the package zuko is not installed.
            SettingError: the model is to be conditional, and the data have no labels.
            DataError: no number of the data varies.
        """
        modules = modules or {}
        check_roles(modules, (ROLE,))
        self.settings = settings
        self.classes = count_classes(settings.conditional, event)
        varying = VaryingNumbers(event)
        self.numbers = varying.size
        self.player = FlowNetwork(_layers(settings, varying.size, self.classes or 0), varying, self.classes or 0)
        scaling = event.scaling("standard" if settings.scaling == "auto" else settings.scaling)
        super().__init__(event, scaling, {"flow": self.player}, {"flow": "flow"})
        self._phases = (Phase("flow", own_loss(settings.objective, modules) or negative_log_density),)
        if settings.flow == "maf" and varying.size >= SLOW_FROM:
            self.notes = (
                f"An autoregressive flow (model.flow: maf) samples one number after another: a sample of these data takes "
                f"{varying.size} passes through each of the {settings.transforms} layers. model.flow: spline samples in one.",
            )

    @classmethod
    def check_settings(cls, settings: FlowSettings, classes: int | None = None) -> None:
        check_conditional(settings.conditional, classes)

    @property
    def phases(self) -> tuple[Phase, ...]:
        """One phase: the flow maximises the likelihood."""
        return self._phases

    def noise(self, phase: Phase, n: int, step: int, generator: torch.Generator) -> FlowNoise:
        """Draw the random numbers of one update: dequantisation of whole numbers, and Gaussian noise if it is set."""
        shape, device = (n, *self.event.shape), generator.device
        dequantisation = gaussian = None
        if self.event.levels is not None:
            dequantisation = self._in_model_units(torch.rand(shape, generator=generator, device=device) - 0.5)
        if self.settings.noise_std:
            gaussian = self.settings.noise_std * torch.randn(shape, generator=generator, device=device)
        return FlowNoise(dequantisation, gaussian)

    def _in_model_units(self, difference: Tensor) -> Tensor:
        """Convert differences (B, *event) from the data's units to the model's."""
        scale = self.scaling.scale
        return difference * (scale[0] if len(scale) == 1 else self.event.along_channels(scale, difference))

    def player_inputs(self, x: Tensor, generator: torch.Generator | None) -> dict[str, tuple[Tensor, ...]]:
        if self.classes is None:
            return {"flow": (x,)}
        return {"flow": (x, torch.zeros(len(x), dtype=torch.int64, device=x.device))}

    @property
    def sampler(self) -> Callable[[Tensor], Tensor]:
        return self._generate

    def _generate(self, codes: Tensor) -> Tensor:
        """(N, latent) codes -> (N, *event) in the model's units."""
        return self.player.inverse(*self.split_codes(codes))

    def decode(self, z: Numbers) -> Tensor:
        """Map codes to examples.

        Args:
            z: (N, latent).

        Returns:
            (N, *event) in the data's units.
        """
        z = self.latent_codes(z)
        with evaluating(self.player):
            return in_chunks(lambda part: self.scaling.to_data(self._generate(part)), z)

    def encode(self, x: Numbers, labels: Tensor | None = None) -> Tensor:
        """Map examples to codes; `decode` maps them back, exactly up to rounding.

        Args:
            x: (N, *event) in the data's units.
            labels: (N,) classes of the examples. A conditional model without given labels takes the most probable class.

        Returns:
            (N, latent).
        """
        labels = self.labels_for("encode", x, labels)
        if self.classes is not None and labels is None:
            labels = self.posterior(as_tensor(x)).argmax(1).to(self.device)
        return self.join_codes(self._pass(x, labels)[:, : self.numbers], labels)

    def _pass(self, x: Numbers, labels: Tensor | None) -> Tensor:
        """x (N, *event) in the data's units -> codes and log density in the model's units in one row, (N, numbers + 1)."""

        def run(index: Tensor) -> Tensor:
            part = self.model_units(examples[index])
            z, log_det = self.player(part) if labels is None else self.player(part, labels[index.to(labels.device)])
            return torch.cat([z, (standard_normal_log_prob(z) + log_det)[:, None]], 1)

        examples = as_tensor(x)
        if not len(examples):  # of which zuko cannot sum the log determinants
            return self.model_units(examples).new_empty(0, self.numbers + 1)
        with evaluating(self.player):
            return in_chunks(run, torch.arange(len(examples), device=examples.device))

    def _log_density(self, x: Tensor, labels: Tensor | None, generator: torch.Generator | None = None) -> Tensor:
        """As in `ClassDensity`; whole numbers (uint8) are spread evenly over their unit, by the same random numbers every time without a
        generator."""
        check_generator("log_prob", generator)
        if not x.is_floating_point() and self.event.levels is not None:
            generator = generator or torch.Generator(x.device).manual_seed(0)
            x = x + torch.rand(x.shape, generator=generator, device=generator.device).to(x.device) - 0.5
        return self._pass(x, labels)[:, -1] + self.scaling.log_abs_det

    @property
    def log_prob_note(self) -> str:
        """The meaning of `log_prob`."""
        density = (
            "Exact log density of a whole example in the data's own units; it differs in other units, such as bytes scaled to "
            "[0, 1]."
        )
        return f"{density} Whole numbers are spread evenly over one unit." if self.event.levels is not None else density

    def held_out_series(self, x: Tensor, generator: torch.Generator, labels: Tensor | None = None) -> dict[str, Tensor]:
        """Measure held-out examples.

        Args:
            x: (N, *event) in the data's units.
            generator: draws the dequantisation of whole numbers, and codes.
            labels: (N,) of the examples; a conditional model without them sums over classes.

        Returns:
            `flow/held_out_log_prob` (N,) nats in the data's units (higher is better), given the labels if there are any, and its
            standard error `flow/held_out_log_prob_error` (); `flow/density_numbers` (); `flow/highest_density` and `flow/lowest_density` (), the highest and
            lowest log density in the model's units, in nats per number; `flow/highest_density_per_unit` (), the highest in the
            data's units, of whole numbers alone; `flow/inverse_error` (), the largest error of the inverse, in the model's units.
        """
        values = self._series(x, generator, labels)
        found = {"flow/held_out_log_prob": values}
        if len(values):
            each = (values - self.scaling.log_abs_det) / self.numbers
            found |= {"flow/highest_density": each.max(), "flow/lowest_density": each.min()}
            if self.event.levels is not None:
                found["flow/highest_density_per_unit"] = values.max() / self.numbers
            found["flow/inverse_error"] = self._inverse_error(x[:INVERTED], labels, generator)
        return found | held_out_scale("flow", "log_prob", values, self.event)

    def training_series(self, x: Tensor, generator: torch.Generator, labels: Tensor | None = None) -> dict[str, Tensor]:
        """Measure training examples.

        Args:
            x: (N, *event) in the data's units.
            generator: draws the dequantisation of whole numbers.
            labels: as in `held_out_series`.

        Returns:
            `flow/train_log_prob` (N,), measured like `flow/held_out_log_prob`; `flow/below_normal` (), the largest amount by
            which an example's log density is below that of a standard normal distribution in the model's units, nats per number
            (0 for a new flow).
        """
        values = self._series(x, generator, labels)
        found = {"flow/train_log_prob": values}
        if len(values):
            rows = self.player.varying.rows(self.model_units(x))
            below = standard_normal_log_prob(rows) - (values - self.scaling.log_abs_det)
            found["flow/below_normal"] = below.max() / self.numbers
        return found

    def _series(self, x: Tensor, generator: torch.Generator, labels: Tensor | None) -> Tensor:
        self.model_units(x[:0])  # checks the shape
        if self.classes is not None and labels is None:
            return marginal_log_prob(self, x)
        return self._log_density(
            x, None if labels is None or self.classes is None else labels.to(self.device), generator
        )

    def _inverse_error(self, x: Tensor, labels: Tensor | None, generator: torch.Generator) -> Tensor:
        """The largest |f^-1(f(x)) - x| and |f(f^-1(z)) - z| over examples x (N, *event) and as many codes z ~ N(0, I), ()."""
        if self.classes is not None:
            labels = torch.zeros(len(x), dtype=torch.int64) if labels is None else labels[: len(x)]
        classes = () if self.classes is None or labels is None else (labels.to(self.device),)
        with evaluating(self.player):
            units = self.model_units(x)
            there = self.player.varying.rows(self.player.inverse(self.player(units, *classes)[0], *classes))
            z = torch.randn(len(x), self.numbers, generator=generator, device=generator.device).to(units)
            back = self.player(self.player.inverse(z, *classes), *classes)[0]
            return torch.maximum((there - self.player.varying.rows(units)).abs().max(), (back - z).abs().max())


def _layers(settings: FlowSettings, features: int, context: int) -> Any:
    """The layers of a flow, for which zuko is needed."""
    try:
        from saddlepoint.models.flow.transforms import layers
    except ModuleNotFoundError as error:
        if error.name is None or error.name.split(".")[0] != "zuko":
            raise
        raise MissingExtraError("zuko", "flows", "A normalising flow (model.family: flow)") from None
    return layers(settings, features, context)
