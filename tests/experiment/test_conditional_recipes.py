"""The shipped recipes of conditional models train for a few steps, sample and resume."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

import saddlepoint as sp
from saddlepoint.models.capabilities import Conditional, HasNamedCodes, has

BRIEF = {"steps": 6, "tick": 3, "checkpoint_every": 3, "device": "cpu"}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "capability"), [("gan-digits-conditional", Conditional), ("info-digits", HasNamedCodes)]
)
def test_a_recipe_trains_samples_and_is_loaded(name: str, capability: type, tmp_path: Path) -> None:
    run = sp.train(name, training=BRIEF, run=tmp_path / "run", pictures=False)
    assert has(run.model, capability)
    loaded = sp.load(tmp_path / "run")
    one, two = (model.sample(4, generator=torch.Generator().manual_seed(0)) for model in (run.model, loaded))
    assert torch.equal(one, two)
    if capability is Conditional:
        assert loaded.sample(2, labels=torch.tensor([3, 7])).shape == (2, 1, 8, 8)
    else:
        assert loaded.named_codes.categories == (10,)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "series"),
    [
        ("gan-digits-conditional", {"g/label_use", "g/class_diversity", "g/least_diverse_class"}),
        ("info-digits", {"d/code_accuracy", "d/code_use", "d/code_fit", "g/sample_gradient"}),
    ],
)
def test_a_recipe_records_the_series_that_the_rules_read(name: str, series: set[str], tmp_path: Path) -> None:
    run = sp.train(name, training=BRIEF, run=tmp_path / "run", pictures=False)
    assert series <= {name for record in run.records for name in record.values}
