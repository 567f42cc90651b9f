"""The families of models, and the `model` section of a recipe, whose settings depend on `family` (torch-free).

To add a family: one folder with the modules `settings` and `model`, and one line in `FAMILIES`.
"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Annotated, Any, ClassVar

from pydantic import BeforeValidator, SerializeAsAny
from pydantic_core import PydanticCustomError

from saddlepoint.settings import Settings

# What a model may be able to do besides generating examples: in the words of the list of recipes, the capability of
# `saddlepoint.models.capabilities` by name.
ABILITIES: Mapping[str, str] = {
    "sample by class": "SamplesClasses",
    "encode": "Encodes",
    "compute likelihoods": "HasDensity",
    "classify": "HasPosterior",
    "complete": "Completes",
    "predict frames": "PredictsFrames",
}


IMPROVEMENT = "Train longer or with a larger network."


class FamilySettings(Settings):
    """Base class of every family's settings. A subclass declares `family` as a literal with the family's name as default.

    Attributes:
        players: the names under which the series of the family's players are recorded.
        roles: the names of players that can have optimiser settings of their own, in `training.players`, in the order of
            `players`; empty for a family of one player, for which `training.optimiser` is enough.
        title: the family in words, as the heading of its recipes.
        recommended: the recipes to begin with, which are listed first.
        gradients: whether the family is trained by gradients, so that it uses the settings of optimisers.
        balances_target: whether batches have all classes of a table's target in equal shares, unless the user says otherwise: networks that
            are given the label learn little of a rare class in their few steps.
        own_loop: whether the training loop was the user's own, so that we can neither build, load, resume nor repeat it.
        improvement: what to do if training went well and samples are still far from the data, as a sentence.
    """

    title: ClassVar[str] = ""
    recommended: ClassVar[tuple[str, ...]] = ()
    gradients: ClassVar[bool] = True
    balances_target: ClassVar[bool] = False
    own_loop: ClassVar[bool] = False
    improvement: ClassVar[str] = IMPROVEMENT
    players: ClassVar[tuple[str, ...]] = ()
    roles: ClassVar[tuple[str, ...]] = ()

    family: str

    @property
    def active_roles(self) -> tuple[str, ...]:
        """The roles of the players of a model with these settings: those of `roles` that it has."""
        return self.roles

    @property
    def objective_names(self) -> frozenset[str]:
        """The names that rules use for the objective: the family, and the objective if the family has several."""
        return frozenset({self.family, str(getattr(self, "objective", self.family))})

    @property
    def is_open_ended(self) -> bool:
        """Whether nobody said how long training lasts, so that `training.steps` is the number of steps done."""
        return False

    @property
    def takes_text(self) -> bool:
        """Whether a model with these settings can learn symbols, which have no order and no distances."""
        return False

    @property
    def abilities(self) -> tuple[str, ...]:
        """What a model with these settings can do besides generating examples: names in `ABILITIES`, in their order."""
        return ()

    @property
    def label_changes(self) -> Mapping[str, Any]:
        """The changes of settings, by dotted name, by which a model takes the labels of its data; empty if it takes them or cannot."""
        return {"conditional": True} if getattr(self, "conditional", None) is False else {}

    def batch_size(self, asked: int, examples: int) -> int:
        """Return the number of examples in a batch.

        Args:
            asked: `training.batch_size`.
            examples: number of training examples. A family that may be fitted to all of them at once takes a larger batch as
                the whole training set; others refuse it.
        """
        return asked


@dataclass(frozen=True)
class Family:
    """One entry of the registry.

    Attributes:
        package: import path of the family's package, with the modules `settings` (torch-free) and `model`.
        name: of the class in `model`, which is called with settings, event and the user's own networks by role. The class in
            `settings` is NAMESettings.
    """

    package: str
    name: str

    @property
    def settings(self) -> type[FamilySettings]:
        """The class of its settings."""
        found: type[FamilySettings] = getattr(import_module(f"{self.package}.settings"), f"{self.name}Settings")
        return found


FAMILIES: dict[str, Family] = {
    "autoencoder": Family("saddlepoint.models.autoencoder", "Autoencoder"),
    "vae": Family("saddlepoint.models.vae", "VAE"),
    "vq-vae": Family("saddlepoint.models.vq_vae", "VQVAE"),
    "autoregressive": Family("saddlepoint.models.autoregressive", "Autoregressive"),
    "gan": Family("saddlepoint.models.gan", "GAN"),
    "flow": Family("saddlepoint.models.flow", "Flow"),
    "classical": Family("saddlepoint.models.classical", "Classical"),
    "diffusion": Family("saddlepoint.models.diffusion", "Diffusion"),
    "predictor": Family("saddlepoint.models.predictor", "Predictor"),
    "dynamics": Family("saddlepoint.models.dynamics", "Dynamics"),
}
# Written by `sp.watch` into the recipe of a run whose training loop is the user's own: nothing here can build or train it.
WATCHED = "watched"
# The families in recipes of runs; a family that is added to FAMILIES is one of them.
RECORDED: Mapping[str, Family] = ChainMap(FAMILIES, {WATCHED: Family("saddlepoint.models.watched", "Watched")})
DEFAULT = "gan"  # where a recipe names no family


def settings_class(family: Any) -> type[FamilySettings]:
    """Return the settings class of a family by name; for an unknown name, that of the default family."""
    known = isinstance(family, str) and family in RECORDED
    return RECORDED[family if known else DEFAULT].settings


def _of_family(content: Any) -> Any:
    """Validate the content of a `model` section by the settings class of its family."""
    if isinstance(content, FamilySettings):
        return content
    if not isinstance(content, Mapping):
        raise PydanticCustomError("model_type", "a model is a mapping of its settings")
    family = content.get("family")
    if not isinstance(family, str) or family not in RECORDED:
        raise PydanticCustomError("union_tag_invalid", "there is no such family")
    return RECORDED[family].settings.model_validate(content)


ModelSettings = Annotated[FamilySettings, BeforeValidator(_of_family), SerializeAsAny()]
