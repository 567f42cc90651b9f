"""Settings of the classical models, and the registry of their distributions (torch-free)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from pydantic import Field, field_validator

from saddlepoint.data.settings import ScalingName
from saddlepoint.models.settings import ABILITIES, FamilySettings
from saddlepoint.networks.settings import Size
from saddlepoint.settings import part_name


@dataclass(frozen=True)
class Entry:
    """One entry of the registry.

    Attributes:
        path: `module:class` below `saddlepoint.models.classical`.
        settings: names of the settings that this distribution uses, beside those that all of them use.
        by_class: whether it is a model of the classes, so that it always needs labels.
        encodes: whether it has codes, if there is one distribution for all classes.
        completes: whether it can fill in missing parts.
        text: whether it can learn the symbols of a text.
        iterative: whether it is fitted by EM, instead of in closed form from all examples at once.
        summary: what it is, in a few words.
    """

    path: str
    settings: tuple[str, ...]
    summary: str
    by_class: bool = False
    encodes: bool = False
    completes: bool = False
    text: bool = False
    iterative: bool = False


DISTRIBUTIONS: dict[str, Entry] = {
    "gaussian": Entry("gaussian:Gaussian", ("covariance", "reg_covar"), "one Gaussian", completes=True),
    "mixture": Entry(
        "mixture:Mixture",
        ("covariance", "components", "reg_covar"),
        "a mixture of Gaussians, fitted by EM",
        completes=True,
        iterative=True,
    ),
    "kernel-density": Entry(
        "kernel_density:KernelDensity", ("bandwidth",), "a Gaussian at every training example", completes=True
    ),
    "naive-bayes": Entry(
        "naive_bayes:NaiveBayes",
        ("features", "smoothing", "reg_covar"),
        "independent numbers given the class",
        by_class=True,
        completes=True,
        text=True,
    ),
    "pca": Entry(
        "pca:PCA", ("latent", "reg_covar"), "probabilistic principal components", encodes=True, completes=True
    ),
    "hmm": Entry(
        "hmm:HMM",
        ("states", "reg_covar"),
        "a hidden Markov model of series or text, fitted by EM",
        completes=True,
        text=True,
        iterative=True,
    ),
    "markov": Entry("markov:Markov", ("order", "smoothing"), "a Markov chain of discrete values", text=True),
    "trees": Entry(
        "trees:Trees",
        ("trees", "predictors", "leaf", "leaf_smoothing", "background"),
        "decision trees of each column given those before it",
    ),
}
ELSEWHERE: Mapping[str, str] = {
    **dict.fromkeys(("gmm", "gaussian-mixture", "mixture-of-gaussians", "em"), "mixture"),
    **dict.fromkeys(("kde", "parzen", "kernel-density-estimate"), "kernel-density"),
    **dict.fromkeys(("normal", "multivariate-normal"), "gaussian"),
    **dict.fromkeys(("nb", "gaussian-naive-bayes", "naive"), "naive-bayes"),
    **dict.fromkeys(("ppca", "probabilistic-pca", "principal-components"), "pca"),
    **dict.fromkeys(("hidden-markov-model", "hidden-markov"), "hmm"),
    **dict.fromkeys(("markov-chain", "n-gram", "ngram"), "markov"),
    **dict.fromkeys(("tree", "cart", "synthpop", "decision-trees", "sequential-trees"), "trees"),
}
SHARED = ("family", "distribution", "conditional", "scaling")


class ClassicalSettings(FamilySettings):
    """A model that needs no gradients: it is fitted in closed form or by expectation maximisation.

    With `training.batch_size` at least the number of training examples, a batch is the whole training set: then a step of a mixture
    or a hidden Markov model is one iteration of EM. Models in closed form always get the whole training set, whatever
    `training.batch_size`: they learn in the first step, and are only measured afterwards.
    """

    title: ClassVar[str] = "Classical models"
    recommended: ClassVar[tuple[str, ...]] = ("mixture-digits", "gaussian-digits")
    gradients: ClassVar[bool] = False
    improvement: ClassVar[str] = "Take a distribution that can describe more, such as a mixture with more components."
    players: ClassVar[tuple[str, ...]] = ("em",)
    used_with: ClassVar[Mapping[str, tuple[Any, ...]]] = {
        "covariance": ("distribution", "gaussian", "mixture"),
        "components": ("distribution", "mixture"),
        "bandwidth": ("distribution", "kernel-density"),
        "features": ("distribution", "naive-bayes"),
        "latent": ("distribution", "pca"),
        "states": ("distribution", "hmm"),
        "order": ("distribution", "markov"),
        "trees": ("distribution", "trees"),
        "leaf": ("distribution", "trees"),
        "leaf_smoothing": ("distribution", "trees"),
        "background": ("distribution", "trees"),
    }

    family: Literal["classical"] = Field("classical", description="The kind of model.")
    distribution: str = Field(
        "gaussian",
        description="gaussian, mixture, kernel-density, naive-bayes, pca, hmm, markov or trees. Mixtures and hidden Markov models do one iteration of EM a step, on its batch: let training.batch_size be at least the number of training examples.",
    )
    conditional: bool = Field(
        False, description="Fit one model to each class of labelled data; naive-bayes always does."
    )
    covariance: Literal["full", "diagonal", "spherical"] = Field(
        "full", description="gaussian and mixture: form of the covariances."
    )
    components: int = Field(10, ge=1, le=100_000, description="mixture: number of Gaussians.")
    bandwidth: float | Literal["scott"] = Field(
        "scott",
        description="kernel-density: standard deviation of the kernel, in the model's units; scott takes Scott's rule.",
    )
    features: Literal["gaussian", "bernoulli", "multinomial"] = Field(
        "gaussian",
        description="naive-bayes: distribution of the numbers of an example: gaussian; bernoulli, of values that are set to black or white at the middle of their range; or multinomial, of counts or of the symbols of a text.",
    )
    latent: Size = Field(10, description="pca: number of principal components.")
    states: int = Field(5, ge=1, le=10_000, description="hmm: number of hidden states.")
    order: int = Field(2, ge=0, le=20, description="markov: values before a value that its probability depends on.")
    smoothing: float = Field(
        1.0,
        gt=0.0,
        description="naive-bayes (bernoulli and multinomial) and markov: added to every count, so that nothing has probability 0.",
    )
    trees: int = Field(5, ge=1, le=1_000, description="trees: number of decision trees of each column.")
    predictors: int = Field(
        30,
        ge=1,
        description="trees: columns at most that the trees of a column see, those before it that are most correlated with it.",
    )
    leaf: int = Field(5, ge=1, description="trees: fewest training rows of a leaf.")
    leaf_smoothing: float = Field(
        0.5,
        ge=0.0,
        description="trees: width of the kernels in a leaf, as a multiple of Scott's rule; near 0, values are exact training values.",
    )
    background: float = Field(
        0.05,
        gt=0.0,
        description="trees: rows that the column's own normal distribution counts as in each leaf, so that nothing has probability 0.",
    )
    reg_covar: float = Field(
        1e-3,
        ge=0.0,
        description="Added to the variances of gaussian, mixture and hmm, and least noise variance of pca, in the squared units of the model; naive-bayes: relative to the largest variance.",
    )
    scaling: ScalingName = Field(
        "auto",
        description="Units of the model; auto: unit for data with a known range, else standard; none for discrete distributions.",
    )

    @field_validator("distribution")
    @classmethod
    def _is_known(cls, name: str) -> str:
        return part_name(name, DISTRIBUTIONS, "distribution", own=False, elsewhere=ELSEWHERE)

    @field_validator("bandwidth", mode="before")
    @classmethod
    def _is_positive(cls, bandwidth: Any) -> float | str:
        # Before the type is checked, since a failed union is reported once for each of its types.
        try:
            number = math.nan if isinstance(bandwidth, bool) else float(bandwidth)
        except (TypeError, ValueError, OverflowError):
            number = math.nan
        if bandwidth != "scott" and not 0 < number < math.inf:
            raise ValueError("it must be a number greater than 0, or scott")
        return "scott" if bandwidth == "scott" else number

    @property
    def by_class(self) -> bool:
        """Whether a model with these settings needs labels."""
        return self.conditional or DISTRIBUTIONS[self.distribution].by_class

    @property
    def takes_text(self) -> bool:
        return DISTRIBUTIONS[self.distribution].text

    @property
    def abilities(self) -> tuple[str, ...]:
        entry = DISTRIBUTIONS[self.distribution]
        can = {
            "sample by class": self.by_class,
            "encode": entry.encodes and not self.by_class,
            "compute likelihoods": True,
            "classify": self.by_class,
            "complete": entry.completes,
        }
        return tuple(name for name in ABILITIES if can.get(name))

    @property
    def label_changes(self) -> Mapping[str, Any]:
        return {} if self.by_class else super().label_changes

    def batch_size(self, asked: int, examples: int) -> int:
        return min(asked, examples) if DISTRIBUTIONS[self.distribution].iterative else examples

    def unused(self) -> tuple[str, ...]:
        """The settings that differ from their defaults although this distribution does not use them."""
        used = {*SHARED, *DISTRIBUTIONS[self.distribution].settings}
        fields = type(self).model_fields
        return tuple(name for name in fields if name not in used and getattr(self, name) != fields[name].default)
