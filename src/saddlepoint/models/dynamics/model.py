"""A model of dynamics: the outcome of a state and an action, in one of several kinds."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any, ClassVar

import torch
from torch import Tensor

from saddlepoint.data.event import Event, ScalingKind
from saddlepoint.errors import RunError, SettingError
from saddlepoint.models.arrays import device_of
from saddlepoint.models.base import Model
from saddlepoint.models.dynamics.layout import Layout
from saddlepoint.models.dynamics.outcome import Outcome
from saddlepoint.models.dynamics.settings import OUTCOMES, DynamicsSettings
from saddlepoint.models.held_out import held_out_scale
from saddlepoint.networks.evaluating import evaluating
from saddlepoint.objectives.outcomes import OutcomeNoise
from saddlepoint.objectives.phase import Phase

KNOWN = 4_096  # given rows that are remembered, to sample whole examples


class Dynamics(Model):
    """p(rest | given): the last numbers of an example given the first ones.

    Whole examples are sampled by drawing what is given from training examples.
    """

    family: ClassVar[str] = "dynamics"
    selection_metric = ("dyn/held_out_error", -1)

    def __init__(self, settings: DynamicsSettings, event: Event, modules: Mapping[str, Any] | None = None) -> None:
        """Build the networks.

        Args:
            settings: of the model.
            event: what one example is.
            modules: must be empty: the networks are built in.

        Raises:
            SettingError: nothing is left to predict, or columns are named for examples without columns.
        """
        if modules:
            raise SettingError(f"modules: a model of dynamics builds its own networks; leave out {', '.join(modules)}.")
        self.settings = settings
        self.layout = Layout(event, settings.given, settings.flags)
        module, _, name = OUTCOMES[settings.outcome][0].partition(":")
        self.outcome: Outcome = getattr(import_module(module), name)(settings, self.layout)
        automatic: ScalingKind = "symmetric" if event.bounded else "standard"
        scaling = self.layout.scaling(automatic if settings.scaling == "auto" else settings.scaling)
        super().__init__(event, scaling, self.outcome.players, self.outcome.roles)
        self.averaged = tuple(name for name in self.players if name != "critic")
        self.known: Tensor | None = None  # (K, given) in the model's units

    @property
    def phases(self) -> tuple[Phase, ...]:
        """Those of the kind of outcome."""
        return self.outcome.phases

    @property
    def given(self) -> int:
        """How many of an example's first numbers are given."""
        return self.layout.given

    @property
    def members(self) -> int:
        """Number of networks, each of which predicts by itself."""
        return self.outcome.members

    @property
    def noise_size(self) -> int:
        """Standard normal numbers of one prediction."""
        return self.outcome.noise_size

    def noise(self, phase: Phase, n: int, step: int, generator: torch.Generator) -> OutcomeNoise:
        """Draw the random numbers of one update."""
        return self.outcome.noise(n, generator)

    def player_inputs(self, x: Tensor, generator: torch.Generator | None) -> dict[str, tuple[Tensor, ...]]:
        shape = (len(x), self.noise_size)
        noise = (
            torch.zeros(shape)
            if generator is None
            else torch.randn(shape, generator=generator, device=generator.device)
        )
        return self.outcome.inputs(x, noise.to(x))

    def fit(self, x: Tensor, generator: torch.Generator) -> None:
        """Remember what is given in some training examples, from which `sample` draws.

        Args:
            x: (N, *event) in the data's units.
            generator: chooses the examples.
        """
        if not self.given:
            return
        chosen = torch.randperm(len(x), generator=generator, device=generator.device)[:KNOWN].to(x.device)
        self.known = self.model_units(x[chosen]).flatten(1)[:, : self.given]

    def _sample(self, n: int, labels: Tensor | None, generator: torch.Generator | None) -> Tensor:
        """Draw what is given from training examples, and the rest from the model."""
        if self.known is None and self.given:
            raise RunError(
                "sample: this model has no examples of what is given yet: finish its training, or call model.fit(examples, generator)."
            )
        device, groups = device_of(generator), -(-n // self.members)
        shape = (self.members, groups)
        given = torch.zeros(*shape, 0, device=self.device)
        if self.known is not None:
            chosen = torch.randint(len(self.known), shape, generator=generator, device=device)
            given = self.known.to(self.device)[chosen.to(self.device)]
        noise = torch.randn(*shape, self.noise_size, generator=generator, device=device).to(self.device)
        with evaluating(*self.players.values()):
            numbers, flags = self.outcome.predict(given, noise)
        uniform = torch.rand(flags.shape, generator=generator, device=device).to(flags)
        rows = torch.cat([given, self.layout.join(numbers, (uniform < flags).to(flags))], -1)
        # Members in turn, so that the first samples are of all of them.
        rows = rows.transpose(0, 1).reshape(-1, self.event.size)[:n]
        return self.scaling.to_data(rows.view(n, *self.event.shape))

    def outcomes(self, given: Tensor, noise: Tensor) -> Tensor:
        """Predict what follows.

        Args:
            given: (members, B, given) in the data's units; each member predicts its own rows.
            noise: (members, B, noise_size) standard normal.

        Returns:
            (members, B, event's size - given) in the data's units; flags are probabilities.
        """
        scale, offset, constant, varies = self._units
        given = given.to(scale.device) * scale[: self.given] + offset[: self.given]
        with evaluating(*self.players.values()):
            numbers, flags = self.outcome.predict(given, noise.to(scale.device))
        rest = (self.layout.join(numbers, flags) - offset[self.given :]) / scale[self.given :]
        return torch.where(varies, rest, constant)

    @property
    def _units(self) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Scale and offset of each column (D,); of the predicted ones, the values of constant columns, and whether they vary."""
        if self._prepared is None or self._prepared[0].device != self.device:
            size = self.event.size
            scale, offset = (
                torch.tensor(part if len(part) > 1 else part * size, device=self.device)
                for part in (self.scaling.scale, self.scaling.offset)
            )
            constants = dict(self.event.constants) if self.event.kind == "vector" else {}
            values = torch.tensor([constants.get(n, 0.0) for n in range(self.given, size)], device=self.device)
            varies = torch.tensor([n not in constants for n in range(self.given, size)], device=self.device)
            self._prepared = (scale, offset, values, varies)
        return self._prepared

    _prepared: tuple[Tensor, Tensor, Tensor, Tensor] | None = None

    def held_out_series(self, x: Tensor, generator: torch.Generator, labels: Tensor | None = None) -> dict[str, Tensor]:
        """Measure held-out examples.

        Args:
            x: (N, *event) in the data's units.
            generator: draws predictions where the model has no mean of its own.
            labels: not used.

        Returns:
            `dyn/held_out_error` (N,), the squared error of the mean prediction per number, in the model's units (standard deviations of
            the data, squared; flags in squares of probabilities), and its standard error `dyn/held_out_error_error` ().
        """
        errors = self._errors(x, generator)
        return {"dyn/held_out_error": errors} | held_out_scale("dyn", "error", errors)

    def training_series(self, x: Tensor, generator: torch.Generator, labels: Tensor | None = None) -> dict[str, Tensor]:
        """Return `dyn/train_error` (N,), of training examples, measured like `dyn/held_out_error`."""
        return {"dyn/train_error": self._errors(x, generator)}

    def _errors(self, x: Tensor, generator: torch.Generator) -> Tensor:
        """(N, *event) in the data's units -> (N,) squared errors per number."""
        given, numbers, flags = self.layout.split(self.model_units(x))
        found: list[Tensor] = []
        draws = self.outcome.mean_draws
        for _ in range(draws):
            shape = (self.members, len(given), self.noise_size)
            noise = (
                torch.zeros(shape) if draws == 1 else torch.randn(shape, generator=generator, device=generator.device)
            )
            with evaluating(*self.players.values()):
                predicted = self.outcome.predict(given.expand(self.members, *given.shape), noise.to(given))
            found.append(torch.cat(predicted, -1).mean(0))
        error = torch.stack(found).mean(0) - torch.cat([numbers, flags], -1)
        return error.square().sum(1) / max(1, error.shape[1])

    def extra_state(self) -> dict[str, Tensor]:
        return {} if self.known is None else {"known": self.known}

    def load_extra_state(self, state: Mapping[str, Tensor]) -> None:
        known = state.get("known")
        if known is not None and (known.ndim != 2 or known.shape[1] != self.given or not len(known)):
            raise ValueError(f"its given rows have the shape {tuple(known.shape)}, and not (N, {self.given})")
        self.known = known
