"""DIFF701: data of another scale than a diffusion model assumes are found before the first step."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from saddlepoint.data.event import Event
from saddlepoint.experiment.objective_checks.check import find_mistakes
from saddlepoint.models import build
from saddlepoint.models.diffusion.settings import DiffusionSettings

EVENT = Event((3,), "vector", mean=(50.0,), std=(20.0,))


@pytest.mark.parametrize(
    ("settings", "severity"),
    [
        ({}, None),
        ({"data_std": 1.5}, None),
        ({"data_std": 3.0}, "warning"),
        ({"data_std": 0.1}, "failure"),
        ({"scaling": "none"}, "failure"),
        ({"scaling": "none", "data_std": 54.0}, None),
        ({"formulation": "flow-matching", "scaling": "none"}, "failure"),
        ({"formulation": "flow-matching", "data_std": 100.0}, None),  # which it does not use
    ],
    ids=str,
)
def test_the_scale_of_the_data_is_compared_with_the_one_that_is_assumed(
    settings: dict[str, Any], severity: str | None
) -> None:
    denoiser = {"network": "mlp", "hidden": [8]}
    model = build(DiffusionSettings.model_validate({"denoiser": denoiser, **settings}), EVENT)
    x = 50 + 20 * torch.randn(64, 3, generator=torch.Generator().manual_seed(0))
    found = find_mistakes(model, x)
    assert [finding.severity for finding in found] == ([] if severity is None else [severity])
    for finding in found:
        assert (finding.code, finding.step) == ("DIFF701", 0)
        assert finding.evidence["preflight"]
        assert finding.remedy == {"model.scaling": "standard", "model.data_std": 1.0}
