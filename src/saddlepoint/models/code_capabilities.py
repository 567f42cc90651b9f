"""Capabilities of models with samples and codes, as runtime protocols; `saddlepoint.models.capabilities` lists all capabilities."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from torch import Tensor

from saddlepoint.errors import SettingError, suggestion

if TYPE_CHECKING:
    import torch

    from saddlepoint.data.event import Event, Scaling


@runtime_checkable
class GenerativeModel(Protocol):
    """A model that can generate examples.

    Attributes:
        event: what one example is.
    """

    event: Event

    def sample(self, n: int, *, labels: Tensor | None = None, generator: torch.Generator | None = None) -> Tensor:
        """Generate examples.

        Args:
            n: how many.
            labels: (n,) classes; None for a model without labels.
            generator: draws the noise; None takes torch's global generator.

        Returns:
            (n, *event.shape) in the data's units and type.
        """


@runtime_checkable
class SamplesClasses(GenerativeModel, Protocol):
    """A model that generates examples of given classes: `sample(n, labels=...)`.

    Without labels it draws classes with the shares of its training data, by `saddlepoint.models.labels.draw_labels`, before
    anything else that it draws.

    Attributes:
        classes: number of classes.
    """

    classes: int | None


@runtime_checkable
class HasCodes(Protocol):
    """A model whose samples are decoded from codes (latent variables)."""

    @property
    def latent(self) -> int:
        """Numbers in a code."""

    def fixed_noise(self, n: int, generator: torch.Generator) -> Tensor:
        """Draw codes from the prior, (n, latent); the same state of the generator gives the same codes."""

    def decode(self, z: Tensor) -> Tensor:
        """(N, latent) -> (N, *event) in the data's units."""


@runtime_checkable
class HasCodeQuantiles(HasCodes, Protocol):
    """A model whose codes have independent dimensions with one known distribution."""

    def latent_quantiles(self, share: Tensor) -> Tensor:
        """Return the quantiles of one dimension at these probabilities, each in (0, 1)."""


@runtime_checkable
class HasSampler(HasCodes, Protocol):
    """A model that gives access to the function that decodes its codes."""

    @property
    def sampler(self) -> Callable[[Tensor], Tensor]:
        """The function from codes (N, latent) to examples in the model's units, in the networks' current mode."""


@runtime_checkable
class Conditional(HasCodes, Protocol):
    """A model whose codes end with the class of the example, so that callers that decode codes need no labels.

    Attributes:
        classes: number of classes.
    """

    classes: int | None

    def with_labels(self, z: Tensor, labels: Tensor) -> Tensor:
        """Return codes z (N, latent) with other classes, labels (N,) int64."""

    def split_codes(self, z: Tensor) -> tuple[Tensor, Tensor | None]:
        """Split codes (N, latent) into the generator's input and the weights of the classes (N, classes)."""


@dataclass(frozen=True)
class NamedCodes:
    """Where categorical and continuous codes are among the numbers of a code.

    Attributes:
        first: position of the first of them.
        categories: number of values of each categorical code; each value has a number that is 1 for it and 0 for the others.
        continuous: number of continuous codes in [-1, 1], which follow the categorical ones.
    """

    first: int
    categories: tuple[int, ...] = ()
    continuous: int = 0

    @property
    def stop(self) -> int:
        """The position after the last of them."""
        return self.first + sum(self.categories) + self.continuous

    @property
    def names(self) -> tuple[str, ...]:
        """Their names, counted from 1: "category-1", ..., "number-1", ..."""
        categories = (f"category-{which + 1}" for which in range(len(self.categories)))
        return (*categories, *(f"number-{which + 1}" for which in range(self.continuous)))

    def with_values(self, z: Tensor, values: Mapping[str, float]) -> Tensor:
        """Return codes z (N, latent) in which the named codes have these values.

        Args:
            z: (N, latent).
            values: by name. A categorical code takes a whole number from 0; a continuous one was trained on [-1, 1].

        Raises:
            SettingError: there is no such code or value.
        """
        for name, value in values.items():
            if name not in self.names:
                raise SettingError(
                    f"There is no code {name}.{suggestion(name, self.names)} This model has {', '.join(self.names)}."
                )
            kind, _, number = name.rpartition("-")
            which = int(number) - 1
            if not math.isfinite(value):
                raise SettingError(f"{name} is {value}; give a finite number.")
            if kind == "number":
                z = self.with_number(z, which, z.new_full((len(z),), value))
            elif value == int(value) and 0 <= value < self.categories[which]:
                z = self.with_category(z, which, int(value))
            else:
                raise SettingError(
                    f"{name} is {value:g}; give a whole number from 0 to {self.categories[which] - 1}, one of its values."
                )
        return z

    def with_category(self, z: Tensor, which: int, value: int) -> Tensor:
        """Return codes z (N, latent) in which categorical code number `which` has this value."""
        first = self.first + sum(self.categories[:which])
        changed = z.clone()
        changed[:, first : first + self.categories[which]] = 0
        changed[:, first + value] = 1
        return changed

    def with_number(self, z: Tensor, which: int, values: Tensor) -> Tensor:
        """Return codes z (N, latent) in which continuous code number `which` has these values (N,)."""
        changed = z.clone()
        changed[:, self.first + sum(self.categories) + which] = values
        return changed


@runtime_checkable
class HasNamedCodes(HasCodes, Protocol):
    """A model some of whose codes have a meaning of their own, such as the codes of an InfoGAN."""

    @property
    def named_codes(self) -> NamedCodes | None:
        """Where they are; None for a model without them."""


@runtime_checkable
class Encodes(Protocol):
    """A model that maps examples to codes and back."""

    def encode(self, x: Tensor) -> Tensor:
        """(N, *event) in the data's units -> (N, latent) codes (for a VAE, the posterior's mean)."""

    def decode(self, z: Tensor) -> Tensor:
        """(N, latent) -> (N, *event) in the data's units."""


@runtime_checkable
class HasLatentPosterior(Encodes, Protocol):
    """A model with a Gaussian posterior q(z | x) over its codes.

    Attributes:
        encoder_player: the name of the player that computes it; the names of its series begin with it.
    """

    encoder_player: str

    def heads(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """(N, *event) in the data's units -> mean and log-variance of q(z | x), (N, latent) each."""

    def infer(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """As `heads`, for x in the model's units, in the networks' current mode and with gradients if they are enabled."""


@runtime_checkable
class HasLearntPrior(HasCodes, Protocol):
    """A model whose codes have a learnt prior, so that measures of codes against a standard normal prior do not apply."""

    def prior_log_prob(self, z: Tensor) -> Tensor:
        """Codes (N, latent) -> (N,) nats, the log density of the prior."""


@runtime_checkable
class HasUnits(Protocol):
    """A model whose networks work on scaled examples.

    Attributes:
        scaling: from the data's units to the model's, and back.
    """

    scaling: Scaling

    def model_units(self, x: Tensor) -> Tensor:
        """(N, *event) in the data's units -> in the model's units, with the model's device and type."""


@runtime_checkable
class DecodesNormal(HasUnits, Protocol):
    """A model that maps standard normal codes to examples; with noise added to its output it is a latent-variable model."""

    @property
    def latent(self) -> int:
        """Numbers in a code."""

    def normal_decoder(self) -> Callable[[Tensor], Tensor]:
        """Return a frozen copy of the decoder: standard normal (B, latent) -> (B, *event) in the model's units."""


@runtime_checkable
class HasLikelihood(DecodesNormal, Protocol):
    """A latent-variable model: z ~ N(0, I), x ~ p(x | z)."""

    @property
    def likelihood_std(self) -> float | None:
        """Standard deviation of a Gaussian p(x | z) in the model's units.

        None for a Bernoulli p(x | z); `normal_decoder` then returns logits.
        """

    @property
    def binarises(self) -> bool:
        """Whether training draws a black-and-white image from every greyscale image."""


@runtime_checkable
class Variational(HasLatentPosterior, HasLikelihood, Protocol):
    """A variational autoencoder with one network for both heads and the decoder, so that its loss can be checked.

    Attributes:
        player: the network, with `heads`, `mean`, `log_variance` and `decoder`; called with (x, epsilon) in the model's units.
    """

    player: Any

    @property
    def beta(self) -> float:
        """Weight of the KL term."""

    @property
    def free_bits(self) -> float:
        """Nats of KL of each latent unit that are not penalised."""
