"""What metrics of a model are given: the model, its data, and samples that were already drawn from it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from saddlepoint.data.dataset import Dataset
from saddlepoint.evaluation.settings import LikelihoodEffort
from saddlepoint.models.capabilities import GenerativeModel


@dataclass(frozen=True)
class Subject:
    """A model under measurement.

    Attributes:
        model: what is measured.
        dataset: the data.
        examples: (N, *event) held-out examples in the data's units; training examples where nothing is held out.
        samples: (M, *event) samples of the first sampling seed, in the data's units.
        seed: of subsets and draws.
        likelihood: whether estimates that take minutes are wanted.
        progress: called with the completed share of a long measure, from 0 to 1.
    """

    model: GenerativeModel
    dataset: Dataset
    examples: Tensor
    samples: Tensor
    seed: int
    likelihood: LikelihoodEffort = "bounds"
    progress: Callable[[float], None] = lambda share: None

    def generator(self) -> torch.Generator:
        """A generator on the model's device, in the same state at every call."""
        return torch.Generator(getattr(self.model, "device", torch.device("cpu"))).manual_seed(self.seed)
