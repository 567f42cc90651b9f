"""Schedules have closed forms."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from saddlepoint.training.schedules import SCHEDULES, learning_rate
from saddlepoint.training.settings import OptimiserSettings

RATE = 0.2


@pytest.mark.parametrize("name", SCHEDULES)
def test_starts_at_the_rate(name):
    assert learning_rate(OptimiserSettings(schedule=name, learning_rate=RATE), 0, 100) == pytest.approx(RATE)


@pytest.mark.parametrize("name", SCHEDULES)
@given(step=st.integers(0, 500), steps=st.integers(1, 400), final=st.floats(0, 1), decay=st.floats(0.01, 1))
def test_never_rises_and_never_leaves_its_bounds(name, step, steps, final, decay):
    own = OptimiserSettings(schedule=name, learning_rate=RATE, final_fraction=final, decay_rate=decay, decay_steps=7)
    now, then = learning_rate(own, step, steps), learning_rate(own, step + 1, steps)
    assert 0 <= then <= now * (1 + 1e-12) <= RATE * (1 + 1e-9)


@given(step=st.integers(0, 5_000))
def test_exponential(step):
    own = OptimiserSettings(schedule="exponential", learning_rate=RATE, decay_rate=0.9, decay_steps=30)
    assert learning_rate(own, step, 100) == pytest.approx(RATE * math.exp(math.log(0.9) * step / 30))
    jumps = own.model_copy(update={"staircase": True})
    assert learning_rate(jumps, step, 100) == learning_rate(own, step - step % 30, 100)


@given(step=st.integers(0, 99))
def test_cosine_and_linear(step):
    cosine = OptimiserSettings(schedule="cosine", learning_rate=RATE, final_fraction=0.1)
    linear = OptimiserSettings(schedule="linear", learning_rate=RATE, final_fraction=0.1)
    share = step / 99
    # cos^2 of half the angle is (1 + cos) / 2.
    assert learning_rate(cosine, step, 100) == pytest.approx(
        RATE * (0.1 + 0.9 * math.cos(math.pi * share / 2) ** 2), abs=1e-12
    )
    assert learning_rate(linear, step, 100) == pytest.approx(RATE * (1 - share) + 0.1 * RATE * share)


@pytest.mark.parametrize("name", ["cosine", "linear"])
@given(final=st.floats(0, 1), steps=st.integers(2, 50), past=st.integers(0, 10))
def test_ends_at_its_final_fraction_and_stays(name, final, steps, past):
    own = OptimiserSettings(schedule=name, learning_rate=RATE, final_fraction=final)
    assert learning_rate(own, steps - 1 + past, steps) == pytest.approx(RATE * final, abs=1e-12)
