"""How close predicted frames are to the true ones: squared error, PSNR, SSIM and sharpness, one number for each frame.

Frames are in [0, 1]. Two formulas of PSNR are in use: the mean over frames of each frame's own PSNR, and the PSNR of the mean squared error of
all frames, which is lower where errors differ between frames (Jensen's inequality). `psnr` is of one frame, so that its mean is the first;
`psnr_of_mean` is the second.

References:
    Image Quality Assessment: From Error Visibility to Structural Similarity (Zhou Wang, Alan C. Bovik, Hamid R. Sheikh, Eero P. Simoncelli,
        2004), https://doi.org/10.1109/TIP.2003.819861
    Deep multi-scale video prediction beyond mean square error (Michael Mathieu, Camille Couprie, Yann LeCun, 2016), equation 9,
        https://arxiv.org/abs/1511.05440
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import conv2d

from saddlepoint.errors import DataError

HIGHEST = 100.0  # dB, of frames that are equal, whose PSNR is infinite
WINDOW, SPREAD = 11, 1.5  # side and standard deviation of SSIM's Gaussian window, in pixels
K1, K2 = 0.01, 0.03  # of SSIM's constants (K1 L)^2 and (K2 L)^2, with L = 1


def squared_error(predicted: Tensor, truth: Tensor) -> Tensor:
    """Sum over a frame's pixels and channels of the squared error.

    Args:
        predicted: (N, C, T, H, W) in [0, 1].
        truth: (N, C, T, H, W).

    Returns:
        (N, T) float64.
    """
    _check(predicted, truth)
    return (predicted.double() - truth.double()).square().sum((1, 3, 4))


def psnr(predicted: Tensor, truth: Tensor) -> Tensor:
    """PSNR of each frame, 10 log10(1 / mean squared error) dB, at most `HIGHEST`.

    Args:
        predicted: (N, C, T, H, W) in [0, 1].
        truth: (N, C, T, H, W).

    Returns:
        (N, T) float64.
    """
    return psnr_of_mean(squared_error(predicted, truth) / _pixels(truth))


def psnr_of_mean(mean_squared_error: Tensor) -> Tensor:
    """PSNR of mean squared errors of frames in [0, 1], in dB, of any shape."""
    return (-10 * mean_squared_error.log10()).clamp_max(HIGHEST)


def ssim(predicted: Tensor, truth: Tensor) -> Tensor:
    """Structural similarity of each frame, at most 1, and 1 for equal frames alone.

    Means, variances and covariance are weighted by a Gaussian window of 11x11 pixels with standard deviation 1.5, as in the paper; the mean is
    over all windows that lie within the frame, and over channels. Frames with a shorter side have the largest odd window that fits.

    Args:
        predicted: (N, C, T, H, W) in [0, 1].
        truth: (N, C, T, H, W).

    Returns:
        (N, T) float64.
    """
    _check(predicted, truth)
    n, channels, frames = truth.shape[:3]
    a, b = (x.double().movedim(2, 1).reshape(-1, 1, *x.shape[3:]) for x in (predicted, truth))
    side = min(WINDOW, *(side - 1 + side % 2 for side in truth.shape[3:]))
    at = torch.arange(side, dtype=torch.float64) - (side - 1) / 2
    line = (-(at**2) / (2 * SPREAD**2)).exp()
    line = line / line.sum()

    def windowed(x: Tensor) -> Tensor:
        return conv2d(conv2d(x, line.view(1, 1, -1, 1)), line.view(1, 1, 1, -1))

    mean_a, mean_b = windowed(a), windowed(b)
    variance_a = windowed(a * a) - mean_a**2
    variance_b = windowed(b * b) - mean_b**2
    covariance = windowed(a * b) - mean_a * mean_b
    similarity = (2 * mean_a * mean_b + K1**2) * (2 * covariance + K2**2)
    similarity = similarity / ((mean_a**2 + mean_b**2 + K1**2) * (variance_a + variance_b + K2**2))
    return similarity.mean((1, 2, 3)).view(n, frames, channels).mean(2)


def sharpness(frames: Tensor) -> Tensor:
    """Mean steepness of each frame: the absolute differences of neighbouring pixels along both axes, added.

    Args:
        frames: (N, C, T, H, W) in [0, 1].

    Returns:
        (N, T) float64; 0 for frames without edges.
    """
    x = frames.double()
    return x.diff(dim=3).abs().mean((1, 3, 4)) + x.diff(dim=4).abs().mean((1, 3, 4))


def sharpness_psnr(predicted: Tensor, truth: Tensor) -> Tensor:
    """How alike the steepness of frames is at each pixel, 10 log10(1 / mean absolute difference) dB, at most `HIGHEST`.

    The steepness of a pixel is the sum over both axes of its absolute difference to the pixel before it. A frame that is as sharp as the true one
    in other places has a low value.

    Args:
        predicted: (N, C, T, H, W) in [0, 1].
        truth: (N, C, T, H, W).

    Returns:
        (N, T) float64.
    """
    _check(predicted, truth)
    return psnr_of_mean((_steepness(predicted) - _steepness(truth)).abs().mean((1, 3, 4)))


def _steepness(frames: Tensor) -> Tensor:
    x = frames.double()
    return x.diff(dim=3)[..., 1:].abs() + x.diff(dim=4)[..., 1:, :].abs()


def _pixels(frames: Tensor) -> int:
    return frames.shape[1] * frames.shape[3] * frames.shape[4]


def _check(predicted: Tensor, truth: Tensor) -> None:
    """Raise DataError unless both are videos of one shape."""
    if predicted.shape != truth.shape or truth.ndim != 5:
        raise DataError(
            f"predicted frames have shape {tuple(predicted.shape)} and true ones {tuple(truth.shape)}; both must be (N, C, T, H, W)."
        )
