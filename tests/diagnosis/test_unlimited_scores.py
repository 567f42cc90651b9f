"""A loss without a lower bound needs a penalty or a constraint; this is found before the first step."""

from __future__ import annotations

from typing import Any

import pytest

from saddlepoint.diagnosis import Facts
from saddlepoint.diagnosis.traits import OBJECTIVES
from saddlepoint.diagnosis.unlimited_scores import unlimited_scores
from saddlepoint.recipe import Recipe

LIMITS: list[dict[str, Any]] = [{"penalties": {"r1": 1}}, {"constraints": {"discriminator": "clip"}}]


def facts(objective: str, **model: Any) -> Facts:
    recipe = Recipe.from_mapping({"model": {"family": "gan", "objective": objective, **model}})
    settings = {entry.name: value for entry, value in recipe.settings()}
    return Facts(frozenset({"gan", objective}), settings=settings)


@pytest.mark.parametrize("objective", sorted(OBJECTIVES))
def test_only_unbounded_losses_without_a_limit_are_named(objective: str) -> None:
    found = unlimited_scores(facts(objective, penalties={"gradient_penalty": 0}))
    assert (found is not None) == ("unbounded" in OBJECTIVES[objective])
    if found is not None:
        assert (found.code, found.severity, found.step) == ("SET402", "warning", 0)
        assert found.remedy == {"model.penalties.gradient_penalty.weight": 10.0}
        assert found.advice
    assert [unlimited_scores(facts(objective, **limit)) for limit in LIMITS] == [None, None]
