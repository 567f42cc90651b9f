"""A distance of frames by features instead of pixels, in the manner of LPIPS, by a network of our own.

The features of a frame, scaled to length 1, are compared by their squared distance, which is between 0 and 4. They come from untrained
convolutions (`features.random_convolutions`): they react to edges and texture, and need neither a download nor training. LPIPS compares the
layers of a network that was trained on photographs, with weights that were fitted to people's judgements; its numbers are not comparable.

References:
    The Unreasonable Effectiveness of Deep Features as a Perceptual Metric (Richard Zhang, Phillip Isola, Alexei A. Efros, Eli Shechtman, Oliver
        Wang, 2018), https://arxiv.org/abs/1801.03924
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import normalize

from saddlepoint.data.dataset import Dataset
from saddlepoint.data.event import Event
from saddlepoint.evaluation.features import build_features

SEED = 0  # of the filters, the same for all measurements, so that their distances are comparable


def perceptual_distance(predicted: Tensor, truth: Tensor) -> Tensor:
    """Squared distance of the unit features of each frame.

    Args:
        predicted: (N, C, T, H, W) in [0, 1].
        truth: (N, C, T, H, W).

    Returns:
        (N, T) float64.
    """
    n, channels, length, *sides = truth.shape
    event = Event((channels, *sides), "image", "float32", 0.0, 1.0)
    rows = [x.movedim(2, 1).reshape(-1, channels, *sides).float() for x in (predicted, truth)]
    features = build_features("random", Dataset("frames", rows[1][:1], event), SEED)
    own, true = (normalize(features(x).double(), dim=1) for x in rows)
    return torch.square(own - true).sum(1).view(n, length)
