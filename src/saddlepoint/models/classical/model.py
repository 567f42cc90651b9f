"""Classical models: a game whose phase needs no gradient, around one distribution."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any, ClassVar, Literal

import torch
from torch import Tensor

from saddlepoint.data.event import Event
from saddlepoint.errors import DataError, SettingError
from saddlepoint.models.arrays import Numbers, as_tensor, in_chunks
from saddlepoint.models.bayes import marginal_log_prob, posterior
from saddlepoint.models.capabilities import HasCodes
from saddlepoint.models.classical.codes import CodesOfPCA
from saddlepoint.models.classical.completion import Completion
from saddlepoint.models.classical.distribution import Distribution
from saddlepoint.models.classical.per_class import PerClass
from saddlepoint.models.classical.settings import DISTRIBUTIONS, ClassicalSettings
from saddlepoint.models.held_out import held_out_scale
from saddlepoint.models.labels import draw_labels
from saddlepoint.models.varying import VaryingNumbers
from saddlepoint.objectives.phase import Batch, Nets, Noise, Observations, Phase

ROWS = 2_000  # of a chunk
ROUNDING = 1e-9  # relative change of a log-likelihood that may come from rounding
ERRORS = 3.0  # standard errors by which the log-likelihoods of two batches may differ


class Classical(CodesOfPCA, Completion):
    """A Gaussian, mixture, kernel density, naive Bayes, PCA, hidden Markov model, Markov chain or decision trees, fitted without gradients.

    `em/loss` and `em/log_likelihood` are those of the batch before it is learnt from, in nats an example and in the data's units. The
    units of both are those of `log_prob`.
    """

    family: ClassVar[str] = "classical"
    selection_metric = ("em/held_out_log_prob", 1)
    log_prob_kind: Literal["exact", "lower bound"] = "exact"

    def __init__(self, settings: ClassicalSettings, event: Event, modules: Mapping[str, Any] | None = None) -> None:
        """Build the distribution.

        Args:
            settings: of the model.
            event: what one example is.
            modules: must be empty: there are no networks.

        Raises:
            SettingError: the distribution does not suit the data, or needs labels and there are none.
        """
        if modules:
            raise SettingError(
                f"modules: a classical model has no networks, so it takes none; got {', '.join(modules)}: leave them out."
            )
        self.check_settings(settings, len(event.class_names or ()))
        kind = _class_of(settings)
        kind.check_event(settings, event)
        auto = settings.scaling == "auto"
        super().__init__(
            event,
            event.scaling(kind.usual_scaling(settings, event) if settings.scaling == "auto" else settings.scaling),
            {},
            {"em": settings.distribution},
        )
        self.settings = settings
        self._varying = VaryingNumbers(event)
        shape = event.without_constants(torch.empty(1, *event.shape, device="cpu")).shape[1:]
        if settings.by_class:
            self.classes = len(event.class_names or ())
        if self.classes is None or DISTRIBUTIONS[settings.distribution].by_class:
            self.distribution = kind(settings, event, tuple(shape))
        else:
            self.distribution = PerClass([kind(settings, event, tuple(shape)) for _ in range(self.classes)])
        if self.log_prob_of != "density" and not auto:
            raise SettingError(
                f"model.scaling: {settings.distribution} works on the values themselves here: leave it at auto."
            )
        # Steps done, and for EM the last mean log-likelihood with its standard error, the falls and the largest one.
        self._steps = torch.zeros((), dtype=torch.int64, device="cpu")
        self._last = torch.zeros(2, dtype=torch.float64, device="cpu")
        self._falls = torch.zeros(2, dtype=torch.float64, device="cpu")

    @classmethod
    def check_settings(cls, settings: ClassicalSettings, classes: int | None = None) -> None:
        unused = settings.unused()
        if unused:
            raise SettingError(
                f"model.{unused[0]}: {settings.distribution} does not use it: leave it out. It uses "
                f"{', '.join(DISTRIBUTIONS[settings.distribution].settings)}."
            )
        if settings.by_class and classes == 0:
            why = "naive-bayes needs" if settings.distribution == "naive-bayes" else "model.conditional needs"
            raise SettingError(f"{why} labels, and these data have none: give labelled data, or take another model.")

    def check_first_batch(self, examples: int, labels: Tensor | None) -> None:
        if isinstance(self.distribution, PerClass):
            if labels is not None:
                self.distribution.check_examples(labels)
        elif examples < self.distribution.fewest:
            raise self.distribution.too_few(examples)

    @property
    def phases(self) -> tuple[Phase, ...]:
        """One phase without gradient."""
        return (Phase("em", self.update, gradient=False),)

    def noise(self, phase: Phase, n: int, step: int, generator: torch.Generator) -> Tensor:
        """Draw the seed of the first parameters, () int64."""
        return torch.randint(2**31 - 1, (), generator=generator, device=generator.device)

    def update(self, nets: Nets, batch: Batch, noise: Noise) -> tuple[Tensor, Observations]:
        """Learn from a batch.

        Returns:
            The negative log-likelihood (B,) before that, and observations.
        """
        distribution = self.distribution
        x, y = self._inside(batch.x), None if batch.y is None else batch.y.cpu()
        if distribution.iterative:
            distribution.begin(x, y, int(noise))
        log_prob = distribution.training_log_prob(x, y) + self._shift
        observations: Observations = {"log_likelihood": log_prob}
        if distribution.iterative:
            observations |= self._compare(log_prob)
        if distribution.iterative or self.pass_steps is None or int(self._steps) < self.pass_steps:
            distribution.learn(x, y)
        self._steps = self._steps + 1
        return -log_prob, observations | distribution.observations()

    def _compare(self, log_prob: Tensor) -> Observations:
        """Count the steps after which the log-likelihood was lower than before, beyond rounding and the choice of the batch."""
        mean, error = log_prob.mean(), log_prob.std() / len(log_prob) ** 0.5
        fall = self._last[0] - mean if self._steps else torch.zeros(())
        gain = {"gain": -fall} if self._steps else {}
        allowed = ROUNDING * (1 + mean.abs())
        if self.pass_steps != 1:
            allowed = allowed + ERRORS * torch.hypot(error, self._last[1])
        if fall > allowed:
            self._falls = torch.stack((self._falls[0] + 1, torch.maximum(self._falls[1], fall)))
        self._last = torch.stack((mean, error))
        return {**gain, "falls": self._falls[0], "largest_fall": self._falls[1]}

    @property
    def _shift(self) -> float:
        """What turns a log density in the model's units into one in the data's units."""
        return self.scaling.log_abs_det if self.log_prob_of == "density" else 0.0

    @property
    def log_prob_of(self) -> Literal["density", "values", "black and white"]:
        """The kind of `log_prob`."""
        return self.distribution.log_prob_of

    @property
    def log_prob_note(self) -> str:
        """What the log probability may be compared with."""
        if self.log_prob_of == "density":
            note = "It is the exact log density of a whole example in the data's own units, and differs in other units"
            if self.event.dtype == "uint8":
                return f"{note}; the data are whole numbers, of which a density can be arbitrarily high."
            return f"{note}."
        if self.log_prob_of == "values":
            return "It is the exact log probability of the values of a whole example."
        return "It is the exact log probability of a whole example that is set to black or white at the middle of the range."

    def log_prob(self, x: Numbers, *, trained_on: bool = False) -> Tensor:
        """Return log p(x).

        Args:
            x: (N, *event) in the data's units.
            trained_on: whether x are training examples, for each of which a kernel density leaves out the kernel at the example itself.

        Returns:
            (N,) nats, float64: see `log_prob_of`. For a model of classes it is the log of the sum over classes.
        """
        x = as_tensor(x)
        if self.classes is not None:
            return marginal_log_prob(self, x, trained_on=trained_on)
        log_prob = self.distribution.training_log_prob if trained_on else self.distribution.log_prob
        return in_chunks(lambda part: log_prob(self._inside(self.model_units(part))), x, ROWS) + self._shift

    def class_log_prob(self, x: Tensor, labels: Tensor, *, trained_on: bool = False) -> Tensor:
        """Return log p(x | y) for labels y (N,), as (N,) nats; `trained_on` as for `log_prob`."""
        self.labels_for("class_log_prob", x, labels)
        log_prob = self.distribution.training_log_prob if trained_on else self.distribution.log_prob
        return log_prob(self._inside(self.model_units(x)), labels.cpu()) + self._shift

    def posterior(self, x: Numbers) -> Tensor:
        """Return the probabilities of the classes, (N, *event) in the data's units -> (N, classes)."""
        return posterior(self, as_tensor(x))

    def held_out_series(self, x: Tensor, generator: torch.Generator, labels: Tensor | None = None) -> dict[str, Tensor]:
        """Return `em/held_out_log_prob` (N,) nats of held-out examples (higher is better), its standard error
        `em/held_out_log_prob_error` () and `em/density_numbers` () of a density, and for a model of classes `em/held_out_accuracy` () of
        the most probable class."""
        values = self.log_prob(x)
        series = {"em/held_out_log_prob": values}
        series |= held_out_scale("em", "log_prob", values, self.event if self.log_prob_of == "density" else None)
        if self.classes is not None and labels is not None:
            series["em/held_out_accuracy"] = (self.posterior(x).argmax(1) == labels.cpu()).double().mean()
        return series

    def training_series(self, x: Tensor, generator: torch.Generator, labels: Tensor | None = None) -> dict[str, Tensor]:
        """Return `em/train_log_prob` (N,), measured like `em/held_out_log_prob`: without the kernel at the example itself."""
        return {"em/train_log_prob": self.log_prob(x, trained_on=True)}

    def _sample(self, n: int, labels: Tensor | None, generator: torch.Generator | None) -> Tensor:
        if self.classes is not None and labels is None:
            labels = draw_labels(self.event.shares, n, generator)
        return self._outside(self.distribution.sample(n, None if labels is None else labels.cpu(), generator))

    def responsibilities(self, x: Numbers) -> Tensor:
        """Return the probabilities of the components of a mixture, or of the states of a hidden Markov model.

        Args:
            x: (N, *event) in the data's units.

        Returns:
            (N, K) of a mixture, (N, T, K) of a hidden Markov model.

        Raises:
            DataError: this distribution has neither.
        """
        found = getattr(self.distribution, "responsibilities", None)
        if found is None:
            raise DataError(
                f"responsibilities: the model is {self._kind}, and they are those of a mixture or hmm without classes: fit one "
                "with such a model.distribution and model.conditional false."
            )
        result: Tensor = found(self._inside(self.model_units(x)))
        return result

    def extra_state(self) -> dict[str, Tensor]:
        progress = {"steps": self._steps, "last": self._last, "falls": self._falls}
        return progress | {f"distribution/{name}": value for name, value in self.distribution.state().items()}

    def load_extra_state(self, state: Mapping[str, Tensor]) -> None:
        self._steps, self._last, self._falls = (state[name].cpu() for name in ("steps", "last", "falls"))
        beginning = "distribution/"
        self.distribution.load({n.removeprefix(beginning): v for n, v in state.items() if n.startswith(beginning)})

    def _more_facts(self) -> dict[str, str]:
        codes = {"code": f"code of {self.latent}"} if self.lacks(HasCodes) is None else {}
        return {"distribution": self.settings.distribution, **codes}


def _class_of(settings: ClassicalSettings) -> type[Distribution]:
    """The class of a distribution."""
    module, _, name = DISTRIBUTIONS[settings.distribution].path.partition(":")
    found: type[Distribution] = getattr(import_module(f"saddlepoint.models.classical.{module}"), name)
    return found
