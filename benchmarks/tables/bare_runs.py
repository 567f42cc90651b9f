"""Training as in a run, without its folder, records, diagnosis and pictures, for tables of samples."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

SEED_OF_SAMPLES = 10_000  # samples never come from a seed of training


@dataclass(frozen=True)
class Trained:
    """A trained model.

    Attributes:
        model: with the weights of the last step.
        state: of training: `step`, `seconds`, and the moving average of the weights where there is one.
        dataset: the data.
    """

    model: Any
    state: Any
    dataset: Any

    def sample(self, n: int, seed: int, labels: Any = None) -> Any:
        """Return n samples (n, *event) in the data's units, of the averaged weights where there are any.

        Args:
            n: number of samples.
            seed: of training; the samples have a seed of their own that belongs to it.
            labels: (n,) int64 classes of a conditional model; None for others.
        """
        import torch

        given = {} if labels is None else {"labels": labels}
        with self.state.averaged(self.model):
            return self.model.sample(n, generator=torch.Generator().manual_seed(SEED_OF_SAMPLES + seed), **given)


def train_bare(recipe: Any) -> Trained:
    """Train on one thread of the CPU in fp32, so that machines compare.

    Args:
        recipe: a `Recipe`, with the seed in `training.seed`.
    """
    import torch

    from saddlepoint.data import load
    from saddlepoint.data.batches import Batches
    from saddlepoint.models import build
    from saddlepoint.training import Devices, TrainingState, play

    torch.set_num_threads(1)
    dataset = load(recipe.data)
    batch_size = recipe.model.batch_size(recipe.training.batch_size, len(dataset))
    training = recipe.training.model_copy(update={"tick": recipe.training.steps, "batch_size": batch_size})
    model = build(recipe.model, dataset.event, seed=training.seed)
    state = TrainingState.start(model, training, Devices(torch.device("cpu"), "fp32"))
    labels = model.classes is not None
    batches = Batches(dataset, training.batch_size, training.seed, "cpu", model.scaling, labels=labels)
    for _ in play(model, batches, training, state):
        pass
    return Trained(model, state, dataset)
