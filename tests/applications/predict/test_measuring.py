"""Floors and scores: closed forms, and a sentence where a predictor is not better than a floor."""

from __future__ import annotations

import pytest
import torch

from saddlepoint.applications.predict.floors import floor
from saddlepoint.applications.predict.measuring import measure, score_frames
from saddlepoint.applications.predict.settings import FLOORS, PREDICTOR, SCORES


def videos(seed: int, frames: int = 3) -> torch.Tensor:
    return torch.rand(5, 1, frames, 12, 14, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("name", FLOORS)
def test_a_floor_of_still_frames_is_a_still_frame(name: str) -> None:
    still = videos(0, 1).expand(-1, -1, 4, -1, -1)
    predicted = floor(name, still, 3)
    assert predicted.shape == (5, 1, 3, 12, 14)
    assert torch.allclose(predicted, torch.zeros(()) if name == "black" else still[:, :, :3])


def test_every_score_has_a_number_for_each_frame_and_its_line_in_the_registry() -> None:
    scores = score_frames(videos(0), videos(1))
    assert scores.keys() == SCORES.keys()
    assert all(values.shape == (5, 3) and values.isfinite().all() for values in scores.values())


def test_the_truth_has_the_best_value_of_every_score() -> None:
    best = {"squared_error": 0, "psnr": 100, "ssim": 1, "sharpness": 1, "sharpness_psnr": 100, "perceptual": 0}
    truth = videos(1)
    scores = score_frames(truth, truth)
    assert {name: pytest.approx(values.mean().item(), abs=1e-5) for name, values in scores.items()} == best


def test_the_perceptual_distance_does_not_depend_on_the_other_frames() -> None:
    a, b = videos(0), videos(1)
    whole = score_frames(a, b)["perceptual"]
    assert torch.allclose(score_frames(a[2:], b[2:])["perceptual"], whole[2:], atol=1e-6)


def test_a_predictor_that_beats_all_floors_is_said_to() -> None:
    given, truth = videos(0), videos(1)
    found = measure(given, truth, truth * 0.99)
    assert found.unbeaten == ()
    assert found.headline.startswith("Squared error")
    assert [row.name for row in found.rows] == [PREDICTOR, *FLOORS]
    assert len(found.of(PREDICTOR).per_frame["psnr"]) == 3


def test_a_predictor_that_predicts_a_floor_does_not_beat_it() -> None:
    given, truth = videos(0), videos(1)
    found = measure(given, truth, floor("black", given, 3))
    assert "black" in found.unbeaten
    assert found.headline.startswith("The predictor does not beat ")
    assert any("Train it longer" in sentence for sentence in found.sentences)
    assert len(found.headline.split()) <= 12
