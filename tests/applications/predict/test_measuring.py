"""Baselines and scores: closed forms, and a sentence where a predictor is not better than a baseline."""

from __future__ import annotations

import pytest
import torch

from saddlepoint.applications.predict.baselines import baseline
from saddlepoint.applications.predict.measuring import measure, score_frames
from saddlepoint.applications.predict.settings import BASELINES, PREDICTOR, SCORES


def videos(seed: int, frames: int = 3) -> torch.Tensor:
    return torch.rand(5, 1, frames, 12, 14, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("name", BASELINES)
def test_a_baseline_of_still_frames_is_a_still_frame(name: str) -> None:
    still = videos(0, 1).expand(-1, -1, 4, -1, -1)
    predicted = baseline(name, still, 3)
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


def test_a_predictor_that_beats_all_baselines_is_said_to() -> None:
    given, truth = videos(0), videos(1)
    found = measure(given, truth, truth * 0.99)
    assert found.unbeaten == ()
    assert found.headline.startswith("Squared error")
    assert [row.name for row in found.rows] == [PREDICTOR, *BASELINES]
    assert len(found.of(PREDICTOR).per_frame["psnr"]) == 3


def test_a_predictor_that_predicts_a_baseline_does_not_beat_it() -> None:
    given, truth = videos(0), videos(1)
    found = measure(given, truth, baseline("black", given, 3))
    assert "black" in found.unbeaten
    assert found.headline.startswith("The predictor does not beat ")
    assert any("Train it longer" in sentence for sentence in found.sentences)
    assert len(found.headline.split()) <= 12


def test_the_headline_compares_with_the_best_baseline() -> None:
    truth = videos(1)
    given = truth * 0.9  # the last frame is near some true ones, and black frames are far from all
    found = measure(given, truth, truth * 0.99)
    best = min(found.of(name).scores["squared_error"].value for name in BASELINES)
    assert found.headline.endswith(f"the best baseline has {best:.3g}")


def test_scores_in_which_a_baseline_is_better_are_named() -> None:
    still = videos(0, 1).expand(-1, -1, 3, -1, -1)
    found = measure(still, still, still + 0.01)
    assert set(found.worse["ssim"]) == {"last frame", "mean of inputs"}
    assert any(
        one.startswith("By SSIM, predictions without training are better: the last frame") for one in found.sentences
    )


def test_copies_of_a_sequence_in_its_video_make_no_interval_narrower() -> None:
    given, truth, predicted = videos(0), videos(1), videos(2)
    alone = measure(given, truth, predicted)
    repeated = measure(*(x.repeat(4, 1, 1, 1, 1) for x in (given, truth, predicted)), torch.arange(5).repeat(4))
    assert (alone.videos, repeated.videos, repeated.sequences) == (5, 5, 20)
    for name, interval in alone.rows[0].scores.items():
        other = repeated.rows[0].scores[name]
        assert (other.low, other.high) == pytest.approx((interval.low, interval.high), rel=1e-5)


def test_parts_of_a_single_video_are_said_to_cover_no_others() -> None:
    found = measure(videos(0), videos(1), videos(2), torch.zeros(5, dtype=torch.int64))
    assert any("parts of one video" in sentence for sentence in found.sentences)


def test_a_ratio_to_the_true_sharpness_varies_less_than_the_sharpness_itself() -> None:
    contrast = torch.linspace(0.2, 1, 5).view(5, 1, 1, 1, 1)
    truth = videos(1) * contrast
    sharp = measure(videos(0), truth, truth * 0.5).of(PREDICTOR).scores["sharpness"]
    assert sharp.value == pytest.approx(0.5)
    assert sharp.high - sharp.low < 1e-6  # each sequence has half the steepness of its own true frames
