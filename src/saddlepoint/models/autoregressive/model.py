"""Autoregressive models: a one-player game that maximises the exact likelihood."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

import torch
from torch import Tensor

from saddlepoint.data.event import Event
from saddlepoint.models.arrays import CHUNK, Numbers, as_tensor, check_generator
from saddlepoint.models.assembly import check_roles
from saddlepoint.models.autoregressive.construction import NETWORK, build_player, check_network
from saddlepoint.models.autoregressive.generation import in_row_chunks, leaking_steps
from saddlepoint.models.autoregressive.likelihoods import build_likelihood, build_scaling
from saddlepoint.models.autoregressive.sampling import SamplesInOrder
from saddlepoint.models.autoregressive.settings import AutoregressiveSettings
from saddlepoint.models.class_density import ClassDensity
from saddlepoint.models.held_out import held_out_scale
from saddlepoint.models.labels import check_conditional, draw_labels
from saddlepoint.models.own_loss import ROLE, own_loss
from saddlepoint.models.units import UNIT
from saddlepoint.networks.evaluating import evaluating
from saddlepoint.objectives.autoregression import BinarisationNoise, negative_log_likelihood, prediction_log_prob
from saddlepoint.objectives.autoregressive_likelihood import Bernoulli, GaussianMixture
from saddlepoint.objectives.mu_law import MuLaw
from saddlepoint.objectives.phase import Noise, Phase

NUMBERS_IN_A_PASS = 2**25  # that a chunk may store in one layer


class Autoregressive(SamplesInOrder, ClassDensity):
    """p(x) = prod_s p(x_s | x_1, ..., x_{s - 1}); `log_prob` is exact.

    References:
        Neural Autoregressive Distribution Estimation (Benigno Uria, Marc-Alexandre Cote, Karol Gregor, Iain Murray, Hugo
            Larochelle, 2016), https://arxiv.org/abs/1605.02226
    """

    selection_metric = ("ar/held_out_log_prob", 1)
    family: ClassVar[str] = "autoregressive"
    averaged = ("ar",)
    log_prob_kind: Literal["exact", "lower bound"] = "exact"

    def __init__(
        self, settings: AutoregressiveSettings, event: Event, modules: Mapping[str, Any] | None = None
    ) -> None:
        """Build the network.

        Args:
            settings: of the model.
            event: what one example is.
            modules: the user's own network as "network", and as "loss" the user's own loss, instead of `settings.objective`.

        Raises:
            SettingError: the network or the likelihood does not fit the data, or the data have no labels to condition on.
        """
        modules = modules or {}
        check_roles(modules, (NETWORK, ROLE))
        classes = len(event.class_names or ()) if settings.conditional else 0
        self.check_settings(settings, len(event.class_names or ()))
        self.settings = settings
        self.classes = classes or None
        convolutional = check_network(settings, event, modules)
        self.likelihood = build_likelihood(settings, event, pixels=convolutional)
        scaling = build_scaling(self.likelihood, event)
        self.player = build_player(settings, event, scaling, self.likelihood, classes, modules)
        super().__init__(event, scaling, {"ar": self.player}, {"ar": NETWORK})
        loss = own_loss(settings.objective, modules)
        cut = settings.binarise == "threshold"
        self._phases = (Phase("ar", loss or negative_log_likelihood(self.likelihood, event.size, cut)),)

    @classmethod
    def check_settings(cls, settings: AutoregressiveSettings, classes: int | None = None) -> None:
        """Check that a conditional model has labels.

        Args:
            settings: of the model.
            classes: number of classes in the data, 0 without labels; None if it is unknown.

        Raises:
            SettingError: the model is conditional and the data have no labels.
        """
        check_conditional(settings.conditional, classes)

    @property
    def phases(self) -> tuple[Phase, ...]:
        """One phase: the network minimises the negative log likelihood."""
        return self._phases

    @property
    def output_range(self) -> tuple[float, float] | None:
        if isinstance(self.likelihood, Bernoulli):
            return UNIT
        return None if isinstance(self.likelihood, GaussianMixture) else (-1.0, 1.0)

    def noise(self, phase: Phase, n: int, step: int, generator: torch.Generator) -> Noise:
        """Draw the thresholds of one update, if greys are drawn black or white."""
        if self.settings.binarise != "stochastic":
            return BinarisationNoise()
        return BinarisationNoise(torch.rand(n, *self.event.shape, generator=generator, device=generator.device))

    def player_inputs(self, x: Tensor, generator: torch.Generator | None) -> dict[str, tuple[Tensor, ...]]:
        if self.classes is None:
            return {"ar": (x,)}
        if generator is None:
            return {"ar": (x, torch.zeros(len(x), dtype=torch.int64, device=x.device))}
        return {"ar": (x, draw_labels(self.event.shares, len(x), generator).to(x.device))}

    @property
    def log_prob_of(self) -> Literal["density", "values", "black and white"]:
        """The kind of `log_prob`: of black-and-white examples, of discrete values, or a density in the data's units."""
        if isinstance(self.likelihood, Bernoulli):
            return "black and white"
        return "density" if isinstance(self.likelihood, GaussianMixture) else "values"

    @property
    def log_prob_note(self) -> str:
        """The meaning of the log probability, and the numbers with which it can be compared."""
        if self.log_prob_of == "density":
            return (
                "Exact; it is the log density of a whole example in the data's own units, and differs in other units, such as bytes "
                "scaled to [0, 1]."
            )
        if isinstance(self.likelihood, MuLaw):
            return (
                f"Exact; it is the log probability of a whole example whose numbers are rounded to the {self.likelihood.levels} levels of "
                "mu-law. Do not compare it with a log density or with other numbers of levels."
            )
        if self.log_prob_of == "values":
            return "Exact; it is the log probability of the values of a whole example. Do not compare it with a log density."
        greys = {
            "none": "of values between black and white it is minus the cross-entropy, which is no log probability",
            "stochastic": "pixels are drawn black or white with the probabilities given by their grey values, as in training",
            "threshold": "pixels are white above the middle of their range, as in training",
        }
        return (
            f"Exact; it is the log probability of a whole black-and-white example ({greys[self.settings.binarise]}). Do not compare "
            "it with a log density or with another way of making examples black and white."
        )

    def log_prob(self, x: Numbers, *, generator: torch.Generator | None = None) -> Tensor:
        """Return log p(x), summed over the classes for a conditional model.

        Constant channels and columns, which samples repeat exactly, are left out.

        Args:
            x: (N, *event) in the data's units.
            generator: draws greys black or white for stochastic binarisation; None takes a generator with seed 0, so that the
                result is reproducible.

        Returns:
            (N,) nats.

        Raises:
            SettingError: an argument is invalid.
        """
        check_generator("log_prob", generator)
        if self.classes is None:
            return self._log_prob(as_tensor(x), None, generator)
        x = as_tensor(x)
        if self.settings.binarise == "stochastic":  # the same for every class
            x = self.scaling.to_data(self._binarise(self.model_units(x), generator))
        return super().log_prob(x)

    def _log_density(self, x: Tensor, labels: Tensor | None) -> Tensor:
        return self._log_prob(x, labels, None)

    def _log_prob(self, x: Tensor, labels: Tensor | None, generator: torch.Generator | None) -> Tensor:
        """(N,) nats, of x given its class if there are labels."""
        shift = self.scaling.log_abs_det if self.log_prob_of == "density" else 0.0
        inputs = self._binarise(self.model_units(x), generator)
        widest = max((parameter.shape[0] for parameter in self.player.parameters() if parameter.ndim > 1), default=1)
        per_example = self.event.size * max(self.likelihood.parameters, min(widest, 4 * CHUNK))
        size = min(max(NUMBERS_IN_A_PASS // per_example, 1), CHUNK)

        def log_prob(rows: slice) -> Tensor:
            prediction = self.player(inputs[rows], self._rows(labels, rows))
            return prediction_log_prob(prediction, self.likelihood)

        with evaluating(self.player):
            return in_row_chunks(log_prob, len(inputs), size) + shift

    def find_leaks(self, x: Numbers, labels: Tensor | None, generator: torch.Generator) -> Tensor:
        """Find predictions that depend on the numbers they predict or on later ones; built-in networks have none.

        Args:
            x: (N, *event) in the data's units.
            labels: (N,) int64 for a conditional model, otherwise None.
            generator: draws places and numbers for the test.

        Returns:
            (K,) int64, increasing: positions in the model's order.
        """
        with evaluating(self.player):
            return leaking_steps(self.player, self._binarise(self.model_units(x), generator), labels, generator)

    def held_out_series(
        self, x: Numbers, generator: torch.Generator, labels: Tensor | None = None
    ) -> dict[str, Tensor]:
        """Measure held-out examples.

        Args:
            x: (N, *event) in the data's units.
            generator: draws greys black or white.
            labels: (N,) int64; a conditional model then measures log p(x | y).

        Returns:
            `ar/held_out_log_prob` (N,) nats of an example (higher is better), `ar/held_out_nats_per_number` () (lower is better),
            and the standard error `ar/held_out_log_prob_error` (); `ar/density_numbers` () of a density.
        """
        log_prob = self._series(x, generator, labels)
        series = {
            "ar/held_out_log_prob": log_prob,
            "ar/held_out_nats_per_number": -log_prob.mean() / self.event.size,
        }
        return series | held_out_scale(
            "ar", "log_prob", log_prob, self.event if self.log_prob_of == "density" else None
        )

    def training_series(
        self, x: Numbers, generator: torch.Generator, labels: Tensor | None = None
    ) -> dict[str, Tensor]:
        """Return `ar/train_log_prob` (N,), measured like `ar/held_out_log_prob`."""
        return {"ar/train_log_prob": self._series(x, generator, labels)}

    def _series(self, x: Numbers, generator: torch.Generator, labels: Tensor | None) -> Tensor:
        if self.classes is None or labels is None:
            return self.log_prob(x, generator=generator)
        return self._log_prob(as_tensor(x), labels, generator)
