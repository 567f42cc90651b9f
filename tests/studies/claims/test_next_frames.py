"""C17: the trial trains and keeps its results, and the verdict follows from sharpness and from the predictions without training."""

from __future__ import annotations

import pytest
import torch

from saddlepoint.studies.claims import claim
from saddlepoint.studies.claims.frame_games import BASELINES, PLACE, PSNR, SCORES, SHARPNESS, FrameOutcome, score
from saddlepoint.studies.claims.next_frames import ADVERSARIAL, SQUARED, decide, setups


def outcome(sharpness: float, psnr: float, place: float = 0.5, seeds: int = 6) -> FrameOutcome:
    scores = torch.full((seeds, len(SCORES), 3), 0.5, dtype=torch.float64)
    scores[:, SCORES.index(SHARPNESS)] = sharpness
    scores[:, SCORES.index(PSNR)] = psnr
    scores[:, SCORES.index(PLACE)] = place
    scores += 0.01 * torch.randn(seeds, 1, 1, generator=torch.Generator().manual_seed(round(100 * sharpness)))
    baselines = torch.full((len(BASELINES), len(SCORES)), 12.0, dtype=torch.float64)
    frames = torch.rand(2, 1, 3, 8, 8)
    return FrameOutcome(setups(True)[SQUARED], scores, baselines, frames, frames, frames)


@pytest.mark.parametrize(
    ("adversarial", "said"),
    [
        ((0.9, 14.0, 0.9), "holds"),
        ((0.9, 14.0, 0.4), "holds in part"),  # steeper, and not where the true edges are: a pattern
        ((0.9, 11.0, 0.9), "holds in part"),  # sharp, and worse than a prediction without training: noise
        ((0.3, 14.0), "does not hold"),
        ((0.5, 14.0), "not decided"),
    ],
)
def test_the_verdict_follows_from_sharpness_and_the_baseline(adversarial: tuple[float, ...], said: str) -> None:
    squared = outcome(0.5, 15.0)
    own = outcome(*adversarial)
    if said == "not decided":
        noise = torch.tensor([0.1, -0.1] * 3, dtype=torch.float64)[:, None, None]
        own = FrameOutcome(own.setup, squared.scores + noise, own.floors, own.given, own.truth, own.predicted)
    outcomes = {SQUARED: squared, ADVERSARIAL: own}
    assert decide(outcomes) == said
    few = {SQUARED: outcome(0.5, 15.0, seeds=4), ADVERSARIAL: outcome(*adversarial, seeds=4)}
    assert decide(few) == "not decided"


def test_both_losses_have_the_same_training_data_and_network() -> None:
    squared, adversarial = (setups(False)[loss] for loss in (SQUARED, ADVERSARIAL))
    assert (squared.training, squared.data) == (adversarial.training, adversarial.data)
    assert squared.model.predictor == adversarial.model.predictor
    assert squared.model.objective != adversarial.model.objective


def test_a_quick_trial_trains_is_restored_and_measured() -> None:
    outcomes = {}
    for loss, setup in setups(True).items():
        own = setup.train(2, threads=1, report=lambda share: None)
        assert own.seeds == 2
        tensors, facts = own.parts()
        outcomes[loss] = setup.restore(tensors, facts)
        assert torch.equal(outcomes[loss].of(PSNR), own.of(PSNR))
    measured = claim("C17").measure(outcomes, True)
    assert measured.verdict == "not decided"
    assert "2 seeds" in measured.because
    assert {picture.name for picture in measured.pictures} == {
        "frames-squared",
        "frames-adversarial",
        "sharpness",
        "psnr",
    }


def test_the_truth_is_as_sharp_as_itself() -> None:
    truth = torch.rand(4, 1, 3, 8, 9, generator=torch.Generator().manual_seed(0))
    assert score(truth, truth)[SCORES.index(SHARPNESS)].mean().item() == pytest.approx(1)
