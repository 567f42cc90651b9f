"""Check before the first step that data have the scale that a denoising model assumes: DIFF701."""

from __future__ import annotations

import math

from torch import Tensor

from saddlepoint.diagnosis.remedies import propose
from saddlepoint.models.capabilities import Denoises
from saddlepoint.records import Finding

OFF, FAR_OFF = 2.0, 5.0  # times, in either direction


def check_scale(model: Denoises, x: Tensor) -> Finding | None:
    """Compare the size of examples with the one that the noise levels and the preconditioner are made for.

    Args:
        model: the model before training.
        x: (B, *event) examples in the model's units.

    References:
        Elucidating the Design Space of Diffusion-Based Generative Models (Tero Karras, Miika Aittala, Timo Aila, Samuli Laine,
            2022), table 1 (sigma_data), https://arxiv.org/abs/2206.00364
    """
    found, assumed = float(x.double().square().mean().sqrt()), model.assumed_std
    if not (math.isfinite(found) and found > 0):
        return None
    ratio = max(found / assumed, assumed / found)
    if ratio < OFF:
        return None
    return Finding(
        "DIFF701",
        "failure" if ratio > FAR_OFF else "warning",
        0,
        f"The data have the root mean square {found:.3g} in the model's units, and the model is made for {assumed:g}.",
        {"data_std": round(found, 4), "assumed_std": assumed},
        "The noise levels miss the scales of the data then: the loss can fall while samples stay noisy or blurred. Standardise the data "
        "(`model.scaling` standard), or say how wide they are (`model.data_std`).",
        propose("standardise"),
    )
