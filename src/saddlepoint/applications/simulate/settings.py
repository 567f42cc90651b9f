"""The kinds of models, the planners and the policies that record, and the defaults (torch-free).

To add a planner or a policy: one file with its function and one line here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any

_HERE = "saddlepoint.applications.simulate"
STEPS = 10_000  # recorded steps
HELD = 10  # steps for which a policy that holds its actions holds one at most
TRAINING_STEPS = 5_000
ENSEMBLE, CEM, MPPI, RANDOM = "ensemble", "cem", "mppi", "random"
EPISODES = 10
HORIZONS = (1, 5, 10, 25, 50)  # steps after which open-loop predictions are compared
LEVELS = (0.5, 0.8, 0.95)  # of predictive intervals


@dataclass(frozen=True)
class Entry:
    """A registered part.

    Attributes:
        path: import path of its function or class.
        title: what it does, in a few words.
    """

    path: str
    title: str

    def load(self) -> Callable[..., Any]:
        """The function or class."""
        module, _, name = self.path.partition(":")
        found: Callable[..., Any] = getattr(import_module(module), name)
        return found


@dataclass(frozen=True)
class PlannerEntry(Entry):
    """A planner: how returns of candidate plans become weights, by which the next candidates are drawn.

    Attributes:
        refits: whether candidates are drawn several times, each time near the best ones; otherwise once, as many in all.
        narrows: whether the spread of the candidates follows the weights too.
    """

    refits: bool = True
    narrows: bool = False


MODELS: Mapping[str, str] = {
    ENSEMBLE: "five Gaussian networks, whose disagreement shows what the data do not decide",
    "vae": "a conditional VAE",
    "gan": "a conditional GAN",
}
PLANNERS: Mapping[str, PlannerEntry] = {
    "shooting": PlannerEntry(f"{_HERE}.planners.shooting:best_alone", "the best of random plans", refits=False),
    CEM: PlannerEntry(f"{_HERE}.planners.cem:elites", "the cross-entropy method", narrows=True),
    MPPI: PlannerEntry(f"{_HERE}.planners.mppi:exponential", "model predictive path integral control"),
}
POLICIES: Mapping[str, Entry] = {
    RANDOM: Entry(f"{_HERE}.policies.uniform:Uniform", "a random action at every step"),
    "held": Entry(f"{_HERE}.policies.held:Held", f"random actions, each held for 1 to {HELD} steps"),
    "linear": Entry(f"{_HERE}.policies.linear:Linear", "in each episode another random linear function of the state"),
    "mixed": Entry(
        f"{_HERE}.policies.mixed:Mixed", "the others in turn, episode by episode, so that more states are visited"
    ),
}


@dataclass(frozen=True)
class Search:
    """How plans are searched for.

    Attributes:
        horizon: steps of a plan.
        candidates: plans that are compared at once.
        iterations: times that candidates are drawn.
        particles: futures of each candidate that are averaged, spread evenly over the members of an ensemble.
    """

    horizon: int = 25
    candidates: int = 100
    iterations: int = 3
    particles: int = 5
