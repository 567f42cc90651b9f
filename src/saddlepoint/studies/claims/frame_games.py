"""The laboratory of C17: predictors of the next frames of moving digits, trained with one loss from several seeds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from saddlepoint import data, models
from saddlepoint.applications.predict.baselines import baseline
from saddlepoint.applications.predict.measuring import score_frames
from saddlepoint.applications.predict.settings import BASELINES
from saddlepoint.data.batches import Batches
from saddlepoint.data.settings import DataSettings
from saddlepoint.models.capabilities import PredictsFrames, require
from saddlepoint.models.predictor.settings import PredictorSettings
from saddlepoint.studies.claims.trial import SettingsTrial, TensorOutcome
from saddlepoint.training.devices import Devices
from saddlepoint.training.loop import play
from saddlepoint.training.settings import TrainingSettings
from saddlepoint.training.state import TrainingState
from saddlepoint.training.threads import using_threads

SHARPNESS, PSNR, ERROR, SSIM, PLACE = SCORES = ("sharpness", "psnr", "squared_error", "ssim", "sharpness_psnr")
SHOWN = 3  # test sequences of the first seed that the outcome holds
WEIGHT_OF_STEP = 1e4  # in the units of `Setup.weight`
ADVERSARIAL = 2.0  # times as long a step


@dataclass(frozen=True)
class FrameGame(SettingsTrial):
    """A predictor of frames, trained from several seeds; see `saddlepoint.studies.claims.trial.Trial`.

    Attributes:
        model: settings of the predictor.
        training: settings of training.
        data: of the videos.
        most: largest number of seeds.
    """

    model: PredictorSettings
    training: TrainingSettings
    data: DataSettings
    most: int

    @property
    def weight(self) -> float:
        """Training time relative to other trials."""
        longer = ADVERSARIAL if "adversarial" in self.model.weights else 1.0
        return WEIGHT_OF_STEP * longer * self.training.steps * self.most

    def train(self, seeds: int, *, threads: int, report: Callable[[float], None]) -> FrameOutcome:
        """Train from seeds 0, 1, ... and measure held-out sequences; see `Trial.train`."""
        seeds = min(seeds, self.most)
        dataset = data.load(self.data)
        assert dataset.held_out is not None, "moving digits have a held-out part"
        x, known = dataset.held_out.x, self.model.frames_in
        given, truth = (dataset.event.scaling("unit").to_model(part) for part in (x[:, :, :known], x[:, :, known:]))
        scores, shown = [], torch.empty(0)
        with using_threads(threads):
            for seed in range(seeds):
                model = models.build(self.model, dataset.event, seed=seed)
                training = self.training.model_copy(update={"seed": seed})
                state = TrainingState.start(model, training, Devices.choose("cpu", "fp32", model))
                batches = Batches(dataset, training.batch_size, seed, "cpu", model.scaling)
                for record in play(model, batches, training, state):
                    if record is not None:
                        report((seed + record.step / training.steps) / seeds)
                frames = require(model, PredictsFrames).predict(x[:, :, :known])
                predicted = dataset.event.scaling("unit").to_model(frames)
                scores.append(score(predicted, truth))
                shown = predicted[:SHOWN] if seed == 0 else shown
        still = [score(baseline(name, given, truth.shape[2]), truth).mean(1) for name in BASELINES]
        return FrameOutcome(self, torch.stack(scores), torch.stack(still), given[:SHOWN], truth[:SHOWN], shown)

    def restore(self, tensors: Mapping[str, Tensor], facts: Mapping[str, Any]) -> FrameOutcome:
        """Restore the outcome from its `parts()`."""
        return FrameOutcome(self, **tensors)


@dataclass(frozen=True, eq=False)
class FrameOutcome(TensorOutcome):
    """The results of S seeds.

    Attributes:
        setup: the trial.
        scores: (S, K, T) float64, the mean over held-out sequences of each of `SCORES` for each predicted frame.
        floors: (F, K) float64, the same of the predictions without training in `BASELINES`, over all frames.
        given, truth, predicted: (n, C, T, H, W) in [0, 1], held-out sequences and their prediction by the first seed.
    """

    setup: FrameGame
    scores: Tensor
    floors: Tensor
    given: Tensor
    truth: Tensor
    predicted: Tensor

    @property
    def seeds(self) -> int:
        """Number of seeds that were trained."""
        return len(self.scores)

    def of(self, name: str) -> Tensor:
        """(S,) the mean of a score over the predicted frames."""
        return self.scores[:, SCORES.index(name)].mean(1)

    def by_frame(self, name: str) -> Tensor:
        """(T, S) a score of each predicted frame."""
        return self.scores[:, SCORES.index(name)].T

    def best_baseline(self, name: str) -> float:
        """The largest value of a score among predictions without training."""
        return float(self.floors[:, SCORES.index(name)].max())


def score(predicted: Tensor, truth: Tensor) -> Tensor:
    """The mean over sequences of each of `SCORES`, by frame.

    Args:
        predicted: (N, C, T, H, W) in [0, 1].
        truth: (N, C, T, H, W).

    Returns:
        (K, T) float64.
    """
    rows = score_frames(predicted, truth)
    return torch.stack([rows[name].mean(0) for name in SCORES])
