"""All sample sets of the benchmark: samples of stopped trainings, corrupted real examples and real examples themselves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from verdicts.corruptions import STRENGTHS, corrupt, kinds_of
from verdicts.problems import load_problem
from verdicts.trainings import STOPS, TRAININGS, samples_path

Half = Literal["calibration", "reporting"]
TRAINING_SEEDS, CORRUPTION_SEEDS, REAL_SEEDS = 4, 2, 6


@dataclass(frozen=True)
class Case:
    """One sample set.

    Attributes:
        problem: Name of the problem.
        kind: "stopped" for a training, else a key of `corruptions.STRENGTHS`.
        origin: Name of the training; empty for corruptions.
        strength: Share of the training's steps, or strength of the corruption.
        seed: Of the training or the corruption; even ones belong to the calibration half.
    """

    problem: str
    kind: str
    origin: str
    strength: float
    seed: int

    @property
    def half(self) -> Half:
        return "calibration" if self.seed % 2 == 0 else "reporting"

    @property
    def key(self) -> str:
        return f"{self.problem}/{self.origin or self.kind}/{self.strength:g}/{self.seed}"

    def samples(self, keep: Path) -> Tensor:
        """(N, *event) all samples, in the data's units."""
        if self.kind != "stopped":
            return corrupt(load_problem(self.problem), self.kind, self.strength, self.seed)
        training = TRAININGS[self.origin]
        stop = training.stops()[STOPS.index(self.strength)]
        return torch.from_numpy(np.load(samples_path(keep, self.origin, self.seed, stop)))


def all_cases(problems: Sequence[str], seeds: int | None = None) -> list[Case]:
    """Every case of these problems, of at most `seeds` seeds each."""
    most = seeds or 10**9
    cases = []
    for name in problems:
        for kind in kinds_of(load_problem(name)):
            count = min(REAL_SEEDS if kind == "real" else CORRUPTION_SEEDS, most)
            cases += [Case(name, kind, "", s, seed) for s in STRENGTHS[kind] for seed in range(count)]
        own = [training for training in TRAININGS.values() if training.problem == name]
        cases += [
            Case(name, "stopped", training.name, share, seed)
            for training in own
            for seed in range(min(TRAINING_SEEDS, most))
            for share in STOPS
        ]
    return cases
