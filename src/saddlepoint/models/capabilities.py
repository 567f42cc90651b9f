"""What a trained model can do, as runtime protocols: evaluation and applications rely on these, never on a family.

A capability is structural: a model has it where it has the methods. Some instances lack what their class has (a
discriminator that compares the examples of its batch has no score of one example). Such a model explains itself by a
method `lacks(capability)`, which returns the reason or None. Therefore ask with the three functions here instead of
`isinstance`:

    has(model, HasDensity)       whether it can
    lacks(model, HasDensity)     why it cannot, as a sentence; None where it can
    require(model, HasDensity)   the model itself, typed; DataError with that sentence where it cannot
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeVar, runtime_checkable

from torch import Tensor

from saddlepoint.errors import DataError

if TYPE_CHECKING:
    import torch
    from typing_extensions import TypeIs

    from saddlepoint.data.dataset import Event, Scaling
    from saddlepoint.objectives.adversarial.game import Composition

Capability = TypeVar("Capability")


def lacks(model: object, capability: type) -> str | None:
    """Why `model` lacks `capability`, as a sentence; None where it has it."""
    if not isinstance(model, capability):
        return MISSING.get(capability, f"the model is not one that {capability.__name__}.")
    explain = getattr(model, "lacks", None)
    return explain(capability) if callable(explain) else None


def has(model: object, capability: type[Capability]) -> TypeIs[Capability]:
    """Whether `model` has `capability`."""
    return lacks(model, capability) is None


def require(model: object, capability: type[Capability]) -> Capability:
    """`model`, typed as one that has `capability`.

    Raises:
        DataError: it lacks the capability; the message is the reason.
    """
    reason = lacks(model, capability)
    if reason is not None:
        raise DataError(reason)
    return model  # type: ignore[return-value]


@runtime_checkable
class GenerativeModel(Protocol):
    """Anything that knows what an example is and can generate more of them."""

    event: Event

    def sample(self, n: int, *, labels: Tensor | None = None, generator: torch.Generator | None = None) -> Tensor:
        """(n, *event.shape) new examples, in the data's own units and type."""


@runtime_checkable
class HasCodes(Protocol):
    """A model whose samples are decoded from codes (latent variables)."""

    @property
    def latent(self) -> int:
        """Numbers in a code."""

    def fixed_noise(self, n: int, generator: torch.Generator) -> Tensor:
        """(n, latent) codes from the prior: the same for the same state of the generator."""

    def decode(self, z: Tensor) -> Tensor:
        """(N, latent) -> (N, *event) in the data's units."""


@runtime_checkable
class HasCodeQuantiles(HasCodes, Protocol):
    """A model whose codes have independent dimensions with one known distribution."""

    def latent_quantiles(self, share: Tensor) -> Tensor:
        """The quantiles of one dimension at these shares, each in (0, 1)."""


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

    encoder_player: the player that computes it, which prefixes the series about it.
    """

    encoder_player: str

    def heads(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """(N, *event) in the data's units -> mean and log-variance of q(z | x), (N, latent) each."""

    def infer(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """The same for x in the model's units, in the networks' present mode and with gradients where they are on."""


@runtime_checkable
class HasUnits(Protocol):
    """A model whose networks work on scaled examples.

    scaling: from the data's units to the model's, and back.
    """

    scaling: Scaling

    def model_units(self, x: Tensor) -> Tensor:
        """(N, *event) in the data's units -> in the model's, on its device and of its type."""


@runtime_checkable
class DecodesNormal(HasUnits, Protocol):
    """A model that maps standard normal codes to examples: a latent-variable model once noise is added to its output."""

    @property
    def latent(self) -> int:
        """Numbers in a code."""

    def normal_decoder(self) -> Callable[[Tensor], Tensor]:
        """A frozen copy of the decoder: standard normal (B, latent) -> (B, *event) in the model's units."""


@runtime_checkable
class HasLikelihood(DecodesNormal, Protocol):
    """A latent-variable model: z ~ N(0, I), x ~ p(x | z)."""

    @property
    def likelihood_std(self) -> float | None:
        """Standard deviation of a Gaussian p(x | z) in the model's units; None for a Bernoulli one, whose `normal_decoder`
        returns logits."""

    @property
    def binarises(self) -> bool:
        """Whether training draws a black-and-white example from every grey one."""


@runtime_checkable
class Variational(HasLatentPosterior, HasLikelihood, Protocol):
    """A variational autoencoder whose one network holds both heads and the decoder, so that its loss can be checked.

    player: the network, with `heads`, `mean`, `log_variance` and `decoder`; called with (x, epsilon) in the model's units.
    """

    player: Any

    @property
    def beta(self) -> float:
        """Weight of the KL term."""

    @property
    def free_bits(self) -> float:
        """Nats of KL that a unit may use at no cost."""


@runtime_checkable
class HasDensity(Protocol):
    """A model that can say how likely an example is."""

    log_prob_kind: Literal["exact", "lower bound"]

    def log_prob(self, x: Tensor) -> Tensor:
        """(N, *event) in the data's units -> (N,) nats."""


@runtime_checkable
class DescribesDensity(HasDensity, Protocol):
    """A model that says what its `log_prob` is of."""

    @property
    def log_prob_of(self) -> Literal["density", "values", "black and white"]:
        """One of "density": a log density in the data's own units; "values": the log probability of discrete values, such as
        bytes; "black and white": the log probability of black-and-white examples."""

    @property
    def log_prob_note(self) -> str:
        """A sentence to show beside the number, on what it may be compared with."""


@runtime_checkable
class HasPosterior(Protocol):
    """A model that classifies examples."""

    def posterior(self, x: Tensor) -> Tensor:
        """(N, *event) in the data's units -> (N, classes) probabilities."""


@runtime_checkable
class Judges(Protocol):
    """A model with a critic: a player that scores how real examples look.

    critic_player: its name among the players.
    """

    critic_player: str

    @property
    def packing(self) -> int:
        """Examples that the critic scores together."""

    def logits(self, x: Tensor) -> Tensor:
        """(N, *event) in the data's units -> (N,) logits, in evaluation mode and without gradients."""

    def judge(self, x: Tensor) -> Tensor:
        """The same for x in the model's units, in the networks' present mode and with gradients where they are on."""


@runtime_checkable
class ScoresExamples(Judges, Protocol):
    """A model whose critic scores every example by itself."""

    @property
    def judges_in_pairs(self) -> bool:
        """Whether the critic has only learnt to compare a real with a generated example, so that its logits are known up to
        a constant."""

    @property
    def gives_probabilities(self) -> bool:
        """Whether `scores` are probabilities, and not the critic's outputs themselves."""

    def scores(self, x: Tensor) -> Tensor:
        """(N, *event) in the data's units -> (N,) the critic's probability that x is real, or its output."""


@runtime_checkable
class Pushes(Protocol):
    """A model whose generator's loss has a gradient at every single example."""

    def pushes(self, x: Tensor) -> Tensor:
        """(N, *event) in the data's units -> (N, *event): minus the loss's gradient, in nats per unit of the data."""


@runtime_checkable
class Adversarial(HasCodes, Judges, Protocol):
    """A game of a generator against a critic.

    generator_player: the generator's name among the players.
    """

    generator_player: str
    players: dict[str, Any]


@runtime_checkable
class Composed(Adversarial, Protocol):
    """An adversarial game that is composed of registered parts.

    parts: loss, penalties, views and constraints.
    """

    parts: Composition


@runtime_checkable
class Completes(Protocol):
    """A model that can fill in the missing part of an example."""

    def complete(self, x: Tensor, known: Tensor, *, generator: torch.Generator | None = None) -> Tensor:
        """x (N, *event) in the data's units, and where it is known, (N, *event) bool -> samples (N, *event) that keep the
        known part."""


@runtime_checkable
class Reports(Protocol):
    """A model that has series of its own, measured beside training: mappings of series to (N,) or () tensors."""

    def held_out_series(self, x: Tensor, generator: torch.Generator) -> Mapping[str, Tensor]:
        """Of held-out examples x (N, *event) in the data's units."""

    def training_series(self, x: Tensor, generator: torch.Generator) -> Mapping[str, Tensor]:
        """Of training examples x (N, *event) in the data's units, to be compared with the held-out series."""


@runtime_checkable
class Fits(Protocol):
    """A model with a part that is fitted to the trained weights rather than trained (a distribution of codes)."""

    def fit(self, x: Tensor, generator: torch.Generator) -> None:
        """Fit it, given training examples x (N, *event) in the data's units. Without it the model cannot sample."""


MISSING: Mapping[type, str] = {
    GenerativeModel: "the model cannot generate samples.",
    HasCodes: "the model has no codes that samples are decoded from.",
    HasCodeQuantiles: "the model has no codes with a known distribution of each dimension.",
    Encodes: "the model has no codes (encode and decode).",
    HasUnits: "the model does not say in which units its networks work.",
    HasLatentPosterior: "the model has no posterior over codes, as a VAE has.",
    DecodesNormal: "the model has no decoder of standard normal codes, as a VAE or a GAN has.",
    HasLikelihood: "the model has no likelihood of examples given codes, as a VAE has.",
    Variational: "the model is not a variational autoencoder.",
    HasDensity: "the model cannot say how likely an example is (log_prob).",
    DescribesDensity: "the model does not say whether its log_prob is a density or a probability.",
    HasPosterior: "the model cannot classify examples (posterior).",
    Judges: "the model has no critic, as a GAN has.",
    ScoresExamples: "the model has no critic that scores single examples.",
    Pushes: "the model's loss has no gradient at single examples.",
    Adversarial: "the model is not a game of a generator against a critic, as a GAN is.",
    Composed: "the model is not a game that is composed of a loss, penalties, views and constraints, as a GAN is.",
    Completes: "the model cannot fill in missing parts of an example (complete).",
    Reports: "the model has no series of its own.",
    Fits: "the model has no part that is fitted after training.",
}
