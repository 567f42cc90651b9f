"""Scores of predicted frames: closed forms, identity, symmetry, order."""

from __future__ import annotations

import math

import pytest
import torch
from scipy.ndimage import gaussian_filter

from saddlepoint.errors import DataError
from saddlepoint.evaluation.metrics import frames


def videos(seed: int, shape: tuple[int, ...] = (3, 1, 2, 16, 18)) -> torch.Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@pytest.mark.parametrize("error", [0.1, 0.5])
def test_a_constant_error_has_the_psnr_of_the_formula(error: float) -> None:
    truth = videos(0) / 2
    predicted = truth + error
    assert torch.allclose(frames.psnr(predicted, truth), torch.tensor(-20 * math.log10(error), dtype=torch.float64))
    assert torch.allclose(frames.squared_error(predicted, truth), torch.tensor(error**2 * 16 * 18, dtype=torch.float64))


def test_the_mean_of_psnr_is_at_least_the_psnr_of_the_mean() -> None:
    predicted, truth = videos(0), videos(1)
    pooled = frames.psnr_of_mean(frames.squared_error(predicted, truth).mean() / (16 * 18))
    assert frames.psnr(predicted, truth).mean() > pooled


def test_equal_frames_have_the_best_value_of_every_score() -> None:
    truth = videos(0)
    assert (frames.psnr(truth, truth) == frames.HIGHEST).all()
    assert (frames.sharpness_psnr(truth, truth) == frames.HIGHEST).all()
    assert torch.allclose(frames.ssim(truth, truth), torch.ones(3, 2, dtype=torch.float64))
    assert (frames.ssim(videos(1), truth) < 1).all()


@pytest.mark.parametrize("score", [frames.squared_error, frames.psnr, frames.ssim, frames.sharpness_psnr])
def test_scores_are_symmetric_and_of_each_frame_alone(score) -> None:  # type: ignore[no-untyped-def]
    predicted, truth = videos(0), videos(1)
    whole = score(predicted, truth)
    assert torch.allclose(whole, score(truth, predicted))
    assert torch.allclose(whole[1:, 1:], score(predicted[1:, :, 1:], truth[1:, :, 1:]))


def test_constant_frames_have_the_ssim_of_their_means() -> None:
    a, b = 0.2, 0.7
    expected = (2 * a * b + frames.K1**2) / (a**2 + b**2 + frames.K1**2)
    shape = (1, 3, 1, 12, 12)
    found = frames.ssim(torch.full(shape, a, dtype=torch.float64), torch.full(shape, b, dtype=torch.float64))
    assert torch.allclose(found, torch.tensor(expected, dtype=torch.float64), atol=1e-9)


def test_ssim_equals_its_formula_with_another_implementation_of_the_window() -> None:
    predicted, truth = videos(0, (1, 1, 1, 24, 24))[0, 0, 0].numpy(), videos(1, (1, 1, 1, 24, 24))[0, 0, 0].numpy()

    def windowed(x):  # type: ignore[no-untyped-def]
        # Five pixels each way are an 11x11 window; within the frame the rule for its border has no effect.
        return gaussian_filter(x, frames.SPREAD, radius=5)[5:-5, 5:-5]

    a, b = windowed(predicted), windowed(truth)
    variances = windowed(predicted**2) - a**2 + windowed(truth**2) - b**2
    covariance = windowed(predicted * truth) - a * b
    c1, c2 = frames.K1**2, frames.K2**2
    expected = ((2 * a * b + c1) * (2 * covariance + c2) / ((a**2 + b**2 + c1) * (variances + c2))).mean()
    found = frames.ssim(torch.from_numpy(predicted)[None, None, None], torch.from_numpy(truth)[None, None, None])
    assert found.item() == pytest.approx(expected, abs=1e-9)


def test_blur_lowers_sharpness_and_a_constant_has_none() -> None:
    truth = videos(0)
    blurred = torch.from_numpy(gaussian_filter(truth.numpy(), (0, 0, 0, 1, 1)))
    assert (frames.sharpness(blurred) < frames.sharpness(truth)).all()
    assert (frames.sharpness(torch.full_like(truth, 0.3)) == 0).all()
    assert torch.allclose(frames.sharpness(truth / 2), frames.sharpness(truth) / 2)


def test_small_frames_have_an_ssim() -> None:
    small = videos(0, (1, 1, 1, 6, 4))
    assert frames.ssim(small, small).item() == pytest.approx(1)


def test_frames_of_other_shapes_are_refused() -> None:
    with pytest.raises(DataError, match="must be"):
        frames.psnr(videos(0), videos(0)[:, :, :1])
