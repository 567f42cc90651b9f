"""Even short runs have enough probes for the rules; a run of its recipe's length has the recipe's intervals."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from saddlepoint.evaluation.settings import MEASUREMENTS, PROBES, EvaluationSettings
from saddlepoint.recipe import Recipe, shipped_names

counts = st.integers(1, 400)


def crossed(steps: int, every: int, between: int) -> int:
    """Count the records, `between` steps apart, that are the first after a multiple of `every`, and the last one."""
    records = [*range(between, steps, between), steps]
    before = [0, *records]
    return sum(
        step // every > previous // every or step == steps for step, previous in zip(records, before, strict=False)
    )


@given(st.integers(1, 3_000), counts, counts, counts)
def test_a_run_has_so_many_probes_and_measurements(steps: int, tick: int, watch_every: int, every: int) -> None:
    settings = EvaluationSettings(watch_every=watch_every, every=every)
    between = settings.record_interval(tick, steps)
    assert tick % between == 0
    assert crossed(steps, settings.probe_interval(steps), between) >= min(steps, PROBES)
    assert crossed(steps, settings.measurement_interval(steps), between) >= min(steps, MEASUREMENTS)


@pytest.mark.parametrize("name", shipped_names())
def test_a_whole_recipe_is_probed_as_it_says(name: str) -> None:
    recipe = Recipe.load(name)
    settings, steps = recipe.evaluation, recipe.training.steps
    assert settings.probe_interval(steps) == settings.watch_every
    assert settings.measurement_interval(steps) == settings.every
    assert settings.record_interval(recipe.training.tick, steps) == recipe.training.tick
