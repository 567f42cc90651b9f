"""What a trained model can do, as runtime protocols: evaluation and applications depend on these, not on a family.

A capability is structural: a model has it if it has the methods. Some instances lack a capability of their class: a
discriminator that compares the examples of its batch cannot score a single example. Such a model has a method
`lacks(capability)`, which returns the reason or None. Therefore use these three functions instead of `isinstance`:

    has(model, HasDensity)       whether the model has the capability
    lacks(model, HasDensity)     the reason why it does not, as a sentence, or None
    require(model, HasDensity)   the model, typed; raises DataError with the reason if it lacks the capability
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Protocol, TypeVar, runtime_checkable

from torch import Tensor

from saddlepoint.errors import DataError
from saddlepoint.models.code_capabilities import (
    Conditional,
    DecodesNormal,
    Encodes,
    GenerativeModel,
    HasCodeQuantiles,
    HasCodes,
    HasLatentPosterior,
    HasLearntPrior,
    HasLikelihood,
    HasNamedCodes,
    HasSampler,
    HasUnits,
    SamplesClasses,
    Variational,
)
from saddlepoint.models.outcome_capability import PredictsOutcomes
from saddlepoint.models.video_capabilities import PredictsFrames

if TYPE_CHECKING:
    import torch
    from typing_extensions import TypeIs

    from saddlepoint.data.event import Event
    from saddlepoint.objectives.adversarial.composition import Composition
    from saddlepoint.objectives.phase import Noise, Phase

__all__ = [
    "MISSING",
    "Adversarial",
    "Augments",
    "Completes",
    "CompletesByClass",
    "CompletesIteratively",
    "Composed",
    "Conditional",
    "DecodesNormal",
    "Denoises",
    "DescribesDensity",
    "Encodes",
    "Fits",
    "GenerativeModel",
    "HasClassDensity",
    "HasCodeQuantiles",
    "HasCodes",
    "HasDensity",
    "HasLatentPosterior",
    "HasLearntPrior",
    "HasLikelihood",
    "HasNamedCodes",
    "HasPosterior",
    "HasSampler",
    "HasUnits",
    "Judges",
    "Playable",
    "PredictsFrames",
    "PredictsInOrder",
    "PredictsOutcomes",
    "Pushes",
    "Reports",
    "SamplesClasses",
    "ScoresExamples",
    "Variational",
    "has",
    "lacks",
    "require",
]

Capability = TypeVar("Capability")


def lacks(model: object, capability: type) -> str | None:
    """Explain why a model lacks a capability.

    Args:
        model: any model.
        capability: one of the protocols below.

    Returns:
        The reason, as a sentence; None if the model has the capability.
    """
    if not isinstance(model, capability):
        return MISSING.get(capability, f"the model is not one that {capability.__name__}.")
    explain = getattr(model, "lacks", None)
    return explain(capability) if callable(explain) else None


def has(model: object, capability: type[Capability]) -> TypeIs[Capability]:
    """Return whether `model` has `capability`."""
    return lacks(model, capability) is None


def require(model: object, capability: type[Capability]) -> Capability:
    """Return the model, typed as one that has the capability.

    Args:
        model: any model.
        capability: one of the protocols below.

    Raises:
        DataError: it lacks the capability; the message is the reason.
    """
    reason = lacks(model, capability)
    if reason is not None:
        raise DataError(reason)
    return model  # type: ignore[return-value]


@runtime_checkable
class HasDensity(Protocol):
    """A model that computes log probabilities of examples.

    Attributes:
        log_prob_kind: whether `log_prob` is exact or a lower bound.
    """

    log_prob_kind: Literal["exact", "lower bound"]

    def log_prob(self, x: Tensor) -> Tensor:
        """(N, *event) in the data's units -> (N,) nats."""


@runtime_checkable
class DescribesDensity(HasDensity, Protocol):
    """A model that describes what its `log_prob` means."""

    @property
    def log_prob_of(self) -> Literal["density", "values", "black and white", "mixed"]:
        """The kind of probability.

        "density" is a log density in the data's units, "values" the log probability of discrete values such as bytes, "black and
        white" the log probability of black-and-white examples, and "mixed" a log density of some columns and a log probability of others.
        """

    @property
    def log_prob_note(self) -> str:
        """A sentence to show with the number: what it may be compared with."""


@runtime_checkable
class HasClassDensity(HasDensity, Protocol):
    """A model that computes the log probability of examples given their classes.

    Attributes:
        event: what one example is, with the shares of the classes.
        classes: number of classes.
    """

    event: Event
    classes: int | None

    def class_log_prob(self, x: Tensor, labels: Tensor) -> Tensor:
        """x (N, *event) in the data's units, labels (N,) int64 -> (N,) nats, of the same kind as `log_prob`."""


@runtime_checkable
class HasPosterior(Protocol):
    """A model that classifies examples."""

    def posterior(self, x: Tensor) -> Tensor:
        """(N, *event) in the data's units -> (N, classes) probabilities."""


@runtime_checkable
class Judges(Protocol):
    """A model with a critic, a player that scores how real examples look; if `Conditional`, given labels (N,) as well.

    Attributes:
        critic_player: the critic's name among the players.
    """

    critic_player: str

    @property
    def packing(self) -> int:
        """Examples that the critic scores together."""

    @property
    def logits(self) -> Callable[..., Tensor]:
        """(N, *event) in the data's units -> (N,) logits, in evaluation mode and without gradients."""

    @property
    def judge(self) -> Callable[..., Tensor]:
        """As `logits`, for x in the model's units, in the networks' current mode and with gradients if they are enabled."""


@runtime_checkable
class ScoresExamples(Judges, Protocol):
    """A model whose critic scores every example by itself."""

    @property
    def judges_in_pairs(self) -> bool:
        """Whether the critic has only learnt to compare real with generated examples.

        Its logits then have a meaning only up to a constant.
        """

    @property
    def gives_probabilities(self) -> bool:
        """Whether `scores` are probabilities; otherwise they are the critic's outputs."""

    def scores(self, x: Tensor) -> Tensor:
        """(N, *event) in the data's units -> (N,) the critic's probability that x is real, or its output."""


@runtime_checkable
class Pushes(Protocol):
    """A model whose generator's loss has a gradient with respect to each single example."""

    def pushes(self, x: Tensor) -> Tensor:
        """(N, *event) in the data's units -> (N, *event): the negative gradient of the loss, in nats per unit of the data."""


@runtime_checkable
class Adversarial(HasSampler, Judges, Protocol):
    """A game of a generator against a critic.

    Attributes:
        generator_player: the generator's name among the players.
        players: the networks by name.
    """

    generator_player: str
    players: dict[str, Any]


@runtime_checkable
class Denoises(HasUnits, Protocol):
    """A model that removes noise whose levels are made for data of one scale."""

    @property
    def assumed_std(self) -> float:
        """The standard deviation that data must have in the model's units."""


@runtime_checkable
class Playable(HasUnits, Protocol):
    """A game of which copies can be trained: its losses, and the noise of their updates, are accessible.

    Attributes:
        family: the name of the model's family.
        players: the networks by name.
        trained_steps: the step of the checkpoint with these weights; None if they are not from a checkpoint.
    """

    family: ClassVar[str]
    players: dict[str, Any]
    trained_steps: int | None

    @property
    def device(self) -> torch.device:
        """The device of the players."""

    @property
    def phases(self) -> tuple[Phase, ...]:
        """The phases of one training step, in order."""

    def noise(self, phase: Phase, n: int, step: int, generator: torch.Generator) -> Noise:
        """Draw the random numbers of one update of n examples."""


@runtime_checkable
class Composed(Adversarial, Protocol):
    """An adversarial game that is composed of registered parts.

    Attributes:
        parts: loss, penalties, views and constraints.
    """

    parts: Composition


@runtime_checkable
class Augments(Adversarial, Protocol):
    """An adversarial game whose critic gets changed examples throughout training."""

    def augmented(self, x: Tensor, generator: torch.Generator) -> Tensor:
        """x (N, *event) in the model's units -> (N, *event): the same examples with the critic's random changes."""


@runtime_checkable
class Completes(Protocol):
    """A model that can fill in the missing part of an example."""

    def complete(self, x: Tensor, known: Tensor, *, generator: torch.Generator | None = None) -> Tensor:
        """x (N, *event) in the data's units, known (N, *event) bool -> samples (N, *event) that equal x where it is known."""


@runtime_checkable
class CompletesByClass(Completes, Protocol):
    """A model of classes that can fill in the missing part of an example of a given class.

    Attributes:
        event: what one example is, with the shares of the classes.
    """

    event: Event

    def complete_by_class(
        self, x: Tensor, known: Tensor, labels: Tensor, *, generator: torch.Generator | None = None
    ) -> Tensor:
        """As `complete`, given the classes: labels (N,) int64."""


@runtime_checkable
class CompletesIteratively(Completes, Protocol):
    """A model that fills in by an iteration, which approaches the distribution given the known part without reaching it."""

    @property
    def completion_passes(self) -> int:
        """Passes of the networks for one completion."""


@runtime_checkable
class PredictsInOrder(Protocol):
    """A model that predicts each number of an example from the numbers before it."""

    def find_leaks(self, x: Tensor, labels: Tensor | None, generator: torch.Generator) -> Tensor:
        """x (N, *event) in the data's units -> (K,) positions whose prediction depends on themselves or on later numbers."""


@runtime_checkable
class Reports(Protocol):
    """A model with series of its own, measured during training: {name of the series: (N,) or () tensor}."""

    def held_out_series(
        self, x: Tensor, generator: torch.Generator, labels: Tensor | None = None
    ) -> Mapping[str, Tensor]:
        """Return the series of held-out examples x (N, *event) in the data's units, with their labels (N,) if there are any."""

    def training_series(
        self, x: Tensor, generator: torch.Generator, labels: Tensor | None = None
    ) -> Mapping[str, Tensor]:
        """Return the series of training examples, to compare with the held-out series."""


@runtime_checkable
class Fits(Protocol):
    """A model with a part that is not trained but fitted to the trained weights, such as a distribution of codes."""

    def fit(self, x: Tensor, generator: torch.Generator) -> None:
        """Fit this part to training examples x (N, *event) in the data's units. Before that, the model cannot sample."""


MISSING: Mapping[type, str] = {
    GenerativeModel: "the model cannot generate samples.",
    HasCodes: "the model has no codes that samples are decoded from.",
    SamplesClasses: "the model takes no labels.",
    Conditional: "the model has no codes that end with the class of the example.",
    HasNamedCodes: "the model has no categorical or continuous codes, as an InfoGAN has.",
    HasCodeQuantiles: "the model has no codes with a known distribution of each dimension.",
    HasSampler: "the model has no function that decodes its codes in its own units.",
    Encodes: "the model has no codes (encode and decode).",
    HasUnits: "the model does not say in which units its networks work.",
    HasLatentPosterior: "the model has no posterior over codes, as a VAE has.",
    HasLearntPrior: "the model has no learnt prior of its codes, as a VAE with a VampPrior has.",
    DecodesNormal: "the model has no decoder of standard normal codes, as a VAE or a GAN has.",
    HasLikelihood: "the model has no likelihood of examples given codes, as a VAE has.",
    Variational: "the model is not a variational autoencoder.",
    HasDensity: "the model cannot say how likely an example is (log_prob).",
    DescribesDensity: "the model does not say whether its log_prob is a density or a probability.",
    PredictsOutcomes: "the model does not predict outcomes of what is given (outcomes).",
    HasClassDensity: "the model cannot say how likely an example of a class is (class_log_prob).",
    HasPosterior: "the model cannot classify examples (posterior).",
    Judges: "the model has no critic, as a GAN has.",
    ScoresExamples: "the model has no critic that scores single examples.",
    Pushes: "the model's loss has no gradient at single examples.",
    Adversarial: "the model is not a game of a generator against a critic, as a GAN is.",
    Playable: "the model is not a game of which copies can be trained (players, phases and noise).",
    Augments: "the model's critic gets unchanged examples.",
    Composed: "the model is not a game that is composed of a loss, penalties, views and constraints, as a GAN is.",
    Completes: "the model cannot fill in missing parts of an example (complete).",
    CompletesByClass: "the model cannot fill in missing parts of an example of a given class.",
    CompletesIteratively: "the model does not fill in missing parts by an iteration.",
    PredictsFrames: "the model does not predict frames of videos (predict).",
    PredictsInOrder: "the model does not predict numbers one after the other.",
    Denoises: "the model removes no noise, as a diffusion model does.",
    Reports: "the model has no series of its own.",
    Fits: "the model has no part that is fitted after training.",
}
