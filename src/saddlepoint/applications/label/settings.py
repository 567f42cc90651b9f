"""The methods of `label` by name, and their defaults (torch-free)."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import Any

from saddlepoint.errors import SettingError, suggestion

AUTO = "auto"
PATH = "saddlepoint.applications.label.methods"
FOLDS, NETWORK_FOLDS, MOST_FOLDS = 5, 3, 100  # of the cross-validation within the labelled examples
LEAST = 2  # labelled examples of a class


@dataclass(frozen=True)
class MethodEntry:
    """A method of the registry.

    Attributes:
        path: its class, "package.module:Name".
        title: what it does, in a few words.
        contest: whether `auto` tries it. Networks are slow and run if they are named.
    """

    path: str
    title: str
    contest: bool = False


METHODS: dict[str, MethodEntry] = {
    "supervised": MethodEntry(
        f"{PATH}.supervised:Supervised",
        "logistic regression, SVC or forest, tuned on the labelled examples alone",
        True,
    ),
    "self-training": MethodEntry(
        f"{PATH}.self_training:SelfTraining", "the same classifier, which learns from its own confident labels", True
    ),
    "spreading": MethodEntry(
        f"{PATH}.spreading:Spreading", "labels spread on a graph of nearest neighbours in raw values", True
    ),
    "naive-bayes": MethodEntry(f"{PATH}.bayes:NaiveBayes", "naive Bayes: independent numbers in each class", True),
    "gaussians": MethodEntry(f"{PATH}.bayes:Gaussians", "Bayes' rule with one Gaussian of each class", True),
    "spreading-codes": MethodEntry(
        f"{PATH}.code_methods:SpreadingCodes", "labels spread on a graph of codes of a VAE of all examples"
    ),
    "m1": MethodEntry(f"{PATH}.code_methods:M1", "a classifier of codes of a VAE of all examples"),
    "m2": MethodEntry(f"{PATH}.labelled_evidence:M2", "a VAE with the class as a latent variable"),
    "m1+m2": MethodEntry(f"{PATH}.labelled_evidence:M1M2", "the same on codes of a VAE of all examples"),
    "feature-matching": MethodEntry(
        f"{PATH}.feature_matching:FeatureMatching",
        "a feature-matching GAN with the classes as the discriminator's heads",
    ),
}


def check_method(name: str) -> None:
    """Raise SettingError for a name that is neither a method nor "auto"."""
    known = [AUTO, *METHODS]
    if name not in known:
        raise SettingError(
            f'label: there is no method "{name}".{suggestion(name, known)} The methods are {", ".join(known)}.'
        )


def make_method(name: str) -> Any:
    """Make a method that is not yet fitted."""
    module, _, attribute = METHODS[name].path.partition(":")
    return getattr(import_module(module), attribute)()


def usual_folds(name: str) -> int:
    """The folds of a method's cross-validation where nobody says how many: fewer for networks, which train for each."""
    return FOLDS if METHODS[name].contest else NETWORK_FOLDS
