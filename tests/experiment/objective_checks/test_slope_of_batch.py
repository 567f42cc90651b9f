"""Penalties of the slope meet BatchNorm: what the finding says is so, and it is said where it applies."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

from saddlepoint.data import load
from saddlepoint.experiment.objective_checks.check import find_mistakes
from saddlepoint.models import build
from saddlepoint.models.gan.parts.named import make_penalty
from saddlepoint.objectives.adversarial.penalties import Penalty, logit_and_squared_slope
from saddlepoint.objectives.adversarial.settings import PENALTIES
from saddlepoint.recipe import Recipe
from saddlepoint.records import Finding


def found(**model: Any) -> list[Finding]:
    recipe = Recipe.from_mapping({"data": {"source": "digits", "limit": 40}, "model": {"family": "gan", **model}})
    dataset = load(recipe.data)
    findings = find_mistakes(build(recipe.model, dataset.event, seed=0), dataset.x[:16])
    return [finding for finding in findings if finding.code == "SET403"]


@pytest.mark.parametrize("normalisation", ["batch", "none"])
@pytest.mark.parametrize("name", PENALTIES)
def test_penalties_of_the_slope_are_named_where_the_discriminator_has_batch_norm(name: str, normalisation: str) -> None:
    network = {"network": "dcgan", "width": 4, "arguments": {"normalisation": normalisation}}
    findings = found(penalties={name: 1.0}, discriminator=network)
    of_slopes = isinstance(make_penalty(name, {}), Penalty)
    assert [finding.severity for finding in findings] == ["info"] * (of_slopes and normalisation == "batch")
    assert all(finding.evidence["penalties"] == [name] for finding in findings)


def test_batch_norm_alone_and_in_the_generator_alone_is_usual() -> None:
    assert not found(discriminator={"network": "dcgan", "width": 4})
    assert not found(penalties={"r1": 1.0}, generator={"network": "dcgan", "width": 4})


def test_behind_batch_norm_steep_scores_have_no_slope() -> None:
    """The gradient of the sum is 0, although half of the scores differ from the others by much."""
    torch.manual_seed(0)
    network = nn.Sequential(nn.BatchNorm1d(3), nn.Linear(3, 1)).double()
    x = torch.randn(32, 3, dtype=torch.float64)
    logits, squared = logit_and_squared_slope(lambda x: 100 * network(x).flatten(), x)
    assert logits.std() > 1
    torch.testing.assert_close(squared, torch.zeros_like(squared), atol=1e-12, rtol=0)
