"""Settings of a variational autoencoder (torch-free)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from pydantic import Field, field_validator

from saddlepoint.data.settings import ScalingName
from saddlepoint.models.settings import FamilySettings
from saddlepoint.networks.settings import NetworkSettings, Size
from saddlepoint.settings import part_name


class VAESettings(FamilySettings):
    """A variational autoencoder: an autoencoder in which codes have a known prior."""

    title: ClassVar[str] = "Variational autoencoders (VAEs)"
    recommended: ClassVar[tuple[str, ...]] = ("vae-digits",)
    players: ClassVar[tuple[str, ...]] = ("vae",)
    balances_target: ClassVar[bool] = True
    used_with: ClassVar[Mapping[str, tuple[Any, ...]]] = {
        "degrees_of_freedom": ("likelihood", "student-t"),
        "binarise": ("likelihood", "bernoulli"),
        "pseudo_inputs": ("prior", "vampprior"),
        "top_latent": ("layers", 2),
        "top": ("layers", 2),
        "classifier": ("semi_supervised",),
        "classifier_weight": ("semi_supervised",),
        "mmd_weight": ("regulariser", "mmd"),
    }

    family: Literal["vae"] = Field("vae", description="The kind of model.")
    latent: Size = Field(3, description="Size of the code.")
    encoder: NetworkSettings = Field(
        NetworkSettings(hidden=(50, 50), activation="relu"), description="Example -> features that both heads share."
    )
    decoder: NetworkSettings = Field(
        NetworkSettings(hidden=(50, 50), activation="relu"),
        description="Code -> parameters of the example's distribution.",
    )
    objective: str = Field(
        "evidence", description="evidence: the negative evidence lower bound; or module:loss of your own."
    )
    likelihood: Literal[
        "bernoulli", "gaussian", "gaussian-learnt", "student-t", "discretised-logistic", "mixed", "mixed-learnt"
    ] = Field(
        "bernoulli",
        description="Distribution of an example given its code: bernoulli for black and white, discretised-logistic for bytes, mixed and "
        "mixed-learnt for tables with categories, the others for real numbers; all but bernoulli, gaussian and mixed learn their scale.",
    )
    observation_std: float = Field(
        0.1,
        gt=0.0,
        description="gaussian, mixed: the fixed standard deviation; where the learnt scale of the others starts; in the model's units.",
    )
    degrees_of_freedom: float = Field(
        5.0, gt=0.0, le=1e6, description="student-t: fewer mean heavier tails; many are a Gaussian."
    )
    binarise: Literal["none", "stochastic"] = Field(
        "none", description="bernoulli: feed the pixel values themselves, or draw black or white again in every batch."
    )
    bound: Literal["elbo", "iwae"] = Field(
        "elbo", description="What is maximised: the evidence lower bound, or the importance-weighted bound."
    )
    bound_samples: int = Field(1, ge=1, le=10_000, description="Draws of the code for each example in the bound.")
    prior: Literal["normal", "vampprior"] = Field(
        "normal", description="Of codes: standard normal, or the mean of the posteriors of learnt pseudo-inputs."
    )
    pseudo_inputs: int = Field(500, ge=1, le=1_000_000, description="vampprior: how many.")
    layers: int = Field(1, ge=1, le=2, description="Stochastic layers: 2 puts a code of its own above the first.")
    top_latent: Size = Field(3, description="layers 2: size of the code above.")
    top: NetworkSettings = Field(
        NetworkSettings(hidden=(50,), activation="tanh"),
        description="layers 2: the two networks between the codes, up and down.",
    )
    conditional: bool = Field(False, description="Whether encoder and decoder take the labels.")
    semi_supervised: bool = Field(
        False, description="conditional: labels may be missing (-1), and a classifier q(y | x) takes their place."
    )
    classifier: NetworkSettings = Field(
        NetworkSettings(hidden=(50, 50), activation="relu"), description="semi_supervised: example -> its class."
    )
    classifier_weight: float = Field(
        50.0, ge=0.0, description="semi_supervised: weight of the classifier's cross-entropy on labelled examples."
    )
    regulariser: Literal["kl", "mmd"] = Field(
        "kl",
        description="What brings codes to the prior: the KL term alone, or the maximum mean discrepancy of a batch's codes too.",
    )
    mmd_weight: float = Field(100.0, gt=0.0, description="mmd: weight of the discrepancy; set beta to 0 for it alone.")
    beta: float = Field(1.0, ge=0.0, description="Weight of the KL term.")
    warm_up: int = Field(0, ge=0, description="Steps over which the KL term's weight grows from 0 to beta.")
    free_bits: float = Field(0.0, ge=0.0, description="Nats of KL a latent unit may use at no cost.")
    importance_samples: int = Field(64, ge=1, description="Samples a log_prob bound is computed from.")
    scaling: ScalingName = Field(
        "auto", description="Units the network sees; auto: unit for bernoulli, else symmetric or standard."
    )

    @property
    def abilities(self) -> tuple[str, ...]:
        by_class, classes = (("sample by class",), ("classify",)) if self.conditional else ((), ())
        completes = ("complete",) if self.layers == 1 else ()
        return (*by_class, "encode", "compute likelihoods", *classes, *completes)

    @field_validator("objective")
    @classmethod
    def _loss_is_known(cls, name: str) -> str:
        return part_name(name, ("evidence",), "loss")
