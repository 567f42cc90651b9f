"""A learnt task: its model, its start states and its spaces, for many states at once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import torch
from torch import Tensor

from saddlepoint.applications.simulate.starts import draw_starts, fit_starts
from saddlepoint.data.npy import Archive
from saddlepoint.data.spaces import Box, Space
from saddlepoint.data.trajectories import Trajectories, is_trajectories, split_episodes
from saddlepoint.data.trajectory_files import read_trajectories
from saddlepoint.errors import DataError, RunError, SettingError
from saddlepoint.experiment.examples import DATA_FILE
from saddlepoint.experiment.loading import load
from saddlepoint.models.base import Model
from saddlepoint.models.capabilities import PredictsOutcomes, require
from saddlepoint.recipe import Recipe
from saddlepoint.records import find_run

BEYOND = 1.0  # widths of the recorded range by which states may leave it, where the space has no bounds


@dataclass(frozen=True, eq=False)
class World:
    """A learnt task.

    Attributes:
        model: predicts the change of a state, the reward and the end.
        trained: the episodes that it was trained on.
        held_out: the others; None if there are none.
        folder: of its run.
    """

    model: PredictsOutcomes
    trained: Trajectories
    held_out: Trajectories | None
    folder: Path

    @property
    def observation(self) -> Box:
        """The space of states."""
        return self.trained.observation

    @property
    def action(self) -> Space:
        """The space of actions."""
        return self.trained.action

    @property
    def members(self) -> int:
        """Networks of the model: the first axis of what `step` takes."""
        return self.model.members

    @cached_property
    def starts(self) -> Model | Tensor:
        """The distribution of start states."""
        return fit_starts(self.trained.states[self.trained.episode_starts])

    @cached_property
    def bounds(self) -> tuple[Tensor, Tensor]:
        """The lowest and the highest state (S,): the space's bounds, elsewhere somewhat beyond the recorded states."""
        low, high = (
            torch.tensor(bound, dtype=torch.float32) for bound in (self.observation.low, self.observation.high)
        )
        states = torch.from_numpy(self.trained.states)
        least, most = states.amin(0), states.amax(0)
        margin = BEYOND * (most - least)
        return torch.where(low.isfinite(), low, least - margin), torch.where(high.isfinite(), high, most + margin)

    def start(self, n: int, seed: int) -> Tensor:
        """(n, S) start states."""
        return draw_starts(self.starts, n, seed).clamp(*self.bounds)

    def step(self, states: Tensor, actions: Tensor, noise: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Predict what follows; member k of the model predicts row k.

        Args:
            states: (members, B, S).
            actions: (members, B, A), choices as one-hot codes.
            noise: (members, B, noise_size) standard normal.

        Returns:
            The next states (members, B, S), rewards (members, B) and probabilities that the task ends (members, B).
        """
        outcome = self.model.outcomes(torch.cat([states, actions], -1), noise)
        after = (states + outcome[..., :-2]).clamp(*self.bounds)
        return after, outcome[..., -2], outcome[..., -1]

    def draw_noise(self, n: int, generator: torch.Generator) -> Tensor:
        """(members, n, noise_size)."""
        return torch.randn(self.members, n, self.model.noise_size, generator=generator)


def load_world(run: str | Path) -> World:
    """Load the learnt task of a run.

    Args:
        run: its folder.

    Raises:
        RunError: the folder is no run, or it was not trained on trajectories.
        DataError: its trajectories cannot be read.
    """
    folder = find_run(run)
    data = folder.path / DATA_FILE
    if not data.is_file() or not is_trajectories(Archive(data).keys):
        raise RunError(
            f"{run} was not trained on trajectories; train a simulator with saddlepoint simulate train FILE.npz."
        )
    trained, held_out = split_episodes(read_trajectories(data), Recipe.load(folder.recipe).data)
    loaded = load(folder.path)
    for player in loaded.players.values():
        player.eval()  # once: a plan asks a small network thousands of times, and to change its mode takes longer than to use it
    model = require(loaded, PredictsOutcomes)
    if model.given != trained.given or model.event.size != trained.given + trained.observation.size + 2:
        raise DataError(f"{run}: its model was trained on other columns than a state and an action of {data}.")
    return World(model, trained, held_out, folder.path)


def check_task(world: World, name: str, observation: Box, action: Space) -> None:
    """Check that a task has the spaces of a learnt one.

    Args:
        world: the learnt task.
        name: of the task, for the error message.
        observation, action: its spaces.

    Raises:
        SettingError: its spaces have other sizes.
    """
    theirs, own = ((one.to_json()["kind"], one.size) for one in (action, world.action))
    if observation.size != world.observation.size or theirs != own:
        raise SettingError(
            f"simulate: {name} has states of {observation} and actions of {action}, and the model was trained on {world.observation} and "
            f"{world.action}; name the recorded task."
        )
