"""What is watched: the checked arguments of `sp.watch`, and the model, data and recipe that they make."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import nn

from saddlepoint import data as data_package
from saddlepoint.data.dataset import Dataset
from saddlepoint.data.event import Event
from saddlepoint.data.settings import DataSettings
from saddlepoint.evaluation.settings import EvaluationSettings
from saddlepoint.experiment.watching.examples import NOT_GIVEN, dataset_of, without_data
from saddlepoint.experiment.watching.players import kind_of, settings_of
from saddlepoint.models.watched.critic import Critic
from saddlepoint.models.watched.functions import Functions, unwrapped
from saddlepoint.models.watched.game import WatchedGame
from saddlepoint.models.watched.model import Watched
from saddlepoint.recipe import Recipe
from saddlepoint.training.settings import TrainingSettings

SHOWN = 16  # samples that say what an example is where no data are given
# Half as often as in our own loop, where forward passes and samples serve training as well: here all of this is added.
OFTEN = {"observe_every": 10, "sample_every": 500}
QUALITY_EVERY = 500
GIVEN = "examples given to sp.watch"


@dataclass(frozen=True)
class Plan:
    """The arguments of `sp.watch`, checked.

    Attributes:
        name: of the run.
        run: the folder; None for the next free one.
        players: the networks by the user's names.
        short: the user's names to short names in series.
        objective, data, held_out, steps: as the user gave them.
        functions: the user's own.
        settings: changes of the recipe by dotted name.
        stop_on: codes, or "failure".
        overwrite: whether an existing run may be replaced.
        pictures: whether the last pictures and the report are made at the end.
        given: names of the arguments that were given.
        writes: whether this process records; False for all but the first process of a distributed training.
    """

    name: str
    run: str | Path | None
    players: Mapping[str, nn.Module]
    short: Mapping[str, str]
    objective: str | None
    data: Any
    held_out: Any
    steps: int | None
    functions: Functions
    settings: Mapping[str, Any]
    stop_on: frozenset[str]
    overwrite: bool
    pictures: bool
    given: frozenset[str]
    writes: bool = True

    @property
    def players_by_short(self) -> dict[str, nn.Module]:
        """The networks by their short names."""
        return {self.short[role]: module for role, module in self.players.items()}

    @property
    def roles(self) -> dict[str, str]:
        """Short names to the user's names."""
        return {short: role for role, short in self.short.items()}

    def build(self, scalars: tuple[str, ...] = ()) -> tuple[Dataset, Watched, WatchedGame, Recipe]:
        """Return the data, the model, the same model as monitors measure it, and the recipe.

        Args:
            scalars: names in the first call of `step`, which may say what is trained.

        Raises:
            SettingError: a setting is wrong.
            DataError: the data are no examples.
            PartError: the user's sampler fails.
        """
        kind = kind_of(self.short.values(), self.objective, scalars)
        settings = settings_of(self.players, self.short, self.objective, kind, open_ended=self.steps is None)
        dataset = dataset_of(self.data, self.held_out)
        is_given = dataset is not None
        functions = _with_prior(self.functions, settings.kind, dataset)
        dataset = dataset or without_data(_event_of_samples(functions))
        training = TrainingSettings(
            **OFTEN,
            steps=self.steps or 1,
            device="auto",
            stop_on=tuple(code for code in self.stop_on if code != "failure"),
        )
        source = DataSettings(source=GIVEN if is_given else NOT_GIVEN, held_out=0.0)
        recipe = Recipe(
            name=self.name,
            data=source,
            model=settings,
            training=training,
            evaluation=EvaluationSettings(every=QUALITY_EVERY),
        )
        if self.settings:
            recipe = recipe.override(self.settings, where="watch")
        networks = {name: unwrapped(module) for name, module in self.players_by_short.items()}
        critic = Critic(networks["d"]) if settings.kind == "gan" and "d" in networks else None
        model = Watched(settings, dataset.event, networks, self.roles, functions, critic)
        return dataset, model, WatchedGame(model), recipe


def _event_of_samples(functions: Functions) -> Event | None:
    """What one example is, by samples of the user's; None without a sampler."""
    if functions.sample is None:
        return None
    return replace(data_package.from_array(functions.draw(SHOWN, 0).cpu()).event, constants=())


def _with_prior(functions: Functions, kind: str, dataset: Dataset | None) -> Functions:
    """The functions with a sampler of a VAE, which decodes standard normal codes, if none was given."""
    if (
        functions.sample is not None
        or kind != "vae"
        or functions.encode is None
        or functions.decode is None
        or dataset is None
    ):
        return functions
    encode, decode = functions.encode, functions.decode
    x = dataset.x[:2]

    def sample(n: int) -> Any:
        device = next((p.device for module in functions.modules for p in module.parameters()), torch.device("cpu"))
        code = encode(x.float().to(device))
        code = code[0] if isinstance(code, tuple | list) else code
        return decode(torch.randn(n, *code.shape[1:], device=code.device))

    return replace(functions, sample=sample)
