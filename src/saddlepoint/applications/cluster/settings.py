"""The methods, representations and outlier criteria that are compared, the recipes for data without a model, and the defaults."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any, Literal

from saddlepoint.errors import SettingError, suggestion

PATH = "saddlepoint.applications.cluster"
Choice = Literal["bic", "silhouette"]
Part = Literal["all", "training", "held-out"]
CHOICES: dict[str, str] = {
    "bic": "lowest Bayesian information criterion of a Gaussian mixture of the codes",
    "silhouette": "highest mean silhouette of k-means on the codes",
}
PARTS = ("all", "training", "held-out")
MOST_CLUSTERS = 20  # that a criterion chooses from
SEEDS = 5  # of each method that draws random numbers
RESAMPLES = 200  # of the bootstrap over examples
LIMIT = 10_000  # examples that are clustered
OUTLIERS = 12  # that are listed by each criterion
CODES, RAW = "codes", "raw"
NOISE = -1  # the label of an example that a method assigns to no cluster


@dataclass(frozen=True)
class Entry:
    """An entry of a registry.

    Attributes:
        path: the function, "package.module:name".
        title: what it is, in a few words.
    """

    path: str
    title: str

    @property
    def function(self) -> Callable[..., Any]:
        """The function, imported when it is needed."""
        module, _, attribute = self.path.partition(":")
        found: Callable[..., Any] = getattr(import_module(module), attribute)
        return found


@dataclass(frozen=True)
class MethodEntry(Entry):
    """A clustering method.

    Attributes:
        random: whether its result depends on the seed.
        noise: whether it may leave examples out of all clusters.
    """

    random: bool = True
    noise: bool = False


# The first method and the difference of codes to raw values decide the headline; both were fixed before anything was measured.
METHODS: dict[str, MethodEntry] = {
    "k-means": MethodEntry(f"{PATH}.methods.k_means:k_means", "k-means, best of ten starts"),
    "mixture": MethodEntry(f"{PATH}.methods.mixture:mixture", "Gaussian mixture, best of three starts"),
    "hdbscan": MethodEntry(
        f"{PATH}.methods.hdbscan:hdbscan", "HDBSCAN, which chooses its number of clusters", random=False, noise=True
    ),
}
REPRESENTATIONS: dict[str, Entry] = {
    CODES: Entry(f"{PATH}.representations.codes:codes", "codes of the model"),
    RAW: Entry(f"{PATH}.representations.raw:raw", "raw values"),
    "pca": Entry(f"{PATH}.representations.principal:principal", "principal components, as many as codes"),
}
CRITERIA: dict[str, Entry] = {
    "density": Entry(f"{PATH}.criteria.density:density", "least likely under a Gaussian mixture of the codes"),
    "reconstruction": Entry(f"{PATH}.criteria.reconstruction:reconstruction", "worst reconstructed from their codes"),
}


@dataclass(frozen=True)
class Recommendation:
    """A recipe to train on data that have no model.

    Attributes:
        recipe: its name.
        changes: of its settings, by dotted name.
    """

    recipe: str
    changes: Mapping[str, Any] = field(default_factory=dict)


SMALL, MIDDLE = 256, 1_024  # numbers of an image up to which the recipes for small and for middle-sized ones are taken
RECIPES: dict[str, Recommendation] = {
    "small image": Recommendation("vae-digits", {"model.latent": 10}),
    "image": Recommendation(
        "vae-mnist", {"model.latent": 16, "model.encoder.hidden": [256, 128], "model.decoder.hidden": [128, 256]}
    ),
    "large image": Recommendation("vae-mnist-conv", {"model.binarise": "none"}),
    "table": Recommendation("vae-table"),
    "vector": Recommendation("vae-waves"),
    "series": Recommendation("vae-waves"),
    "sound": Recommendation("vae-waves"),
    "volume": Recommendation("vae-solids"),
}


def check_choice(name: str, value: str, known: Iterable[str]) -> None:
    """Raise SettingError where a value is none of those that are known; `name` is that of the option."""
    among = list(known)
    if value not in among:
        raise SettingError(
            f'cluster: {name} is "{value}".{suggestion(str(value), among)} It must be one of {", ".join(among)}.'
        )
