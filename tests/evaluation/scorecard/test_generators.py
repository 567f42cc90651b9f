"""Bad generators are bad in the documented way, in any order of the examples."""

from __future__ import annotations

from dataclasses import replace

import torch

from saddlepoint.evaluation.scorecard.generators import noise
from saddlepoint.evaluation.scorecard.rows.reconstruction import errors_of_mean
from tests.evaluation.scorecard import toys


def test_examples_sorted_by_class_have_the_mean_of_all_classes() -> None:
    """More examples than are used, of two classes, one after the other."""
    rows = torch.tensor([[-1.0], [1.0]]).repeat_interleave(15_000, dim=0)
    data = replace(toys.dataset(toys.LINE), x=rows, y=None, held_out=None)
    drawn = noise(data, 4_000, 0)
    assert abs(float(drawn.mean())) < 0.1
    assert abs(float(drawn.std()) - 1) < 0.1
    assert abs(float(errors_of_mean(data, data.x).mean()) - 1) < 0.01
