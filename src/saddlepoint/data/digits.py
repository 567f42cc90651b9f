"""The built-in default data: 1,797 handwritten digits of 8x8 pixels with 17 grey levels, which come with scikit-learn.

They are the test part of "Optical Recognition of Handwritten Digits", E. Alpaydin and C. Kaynak, 1998, UCI Machine
Learning Repository, https://doi.org/10.24432/C50P49.
"""

from __future__ import annotations

from functools import cache

import torch
from torch import Tensor

from saddlepoint.data.dataset import Dataset
from saddlepoint.data.event import Event
from saddlepoint.data.settings import DataSettings
from saddlepoint.data.split import Part, assemble


def load(settings: DataSettings) -> Dataset:
    """(N, 1, 8, 8) uint8 with values 0 (paper) to 16 (ink), labels 0 to 9."""
    images, labels = _examples()
    event = Event(
        shape=(1, 8, 8), kind="image", dtype="uint8", low=0.0, high=16.0, class_names=tuple(map(str, range(10)))
    )
    return assemble("digits", event, Part(images.clone(), labels.clone()), settings)


@cache  # reading the compressed text takes longer than a small run's first steps
def _examples() -> tuple[Tensor, Tensor]:
    from sklearn.datasets import load_digits

    bunch = load_digits()
    return torch.from_numpy(bunch.images).to(torch.uint8).unsqueeze(1), torch.from_numpy(bunch.target).long()
