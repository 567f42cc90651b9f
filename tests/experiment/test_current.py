"""The quality in a progress line is current and possible, and fits the line."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from saddlepoint.experiment.current import Current
from saddlepoint.progress import fit_width
from saddlepoint.records import Record

MEASURED = {
    "quality/energy_distance": -1e-4,
    "quality/energy_distance_error": 7.8e-34,
    "quality/precision": 1.39,
    "quality/recall": 0.52,
    "vae/held_out_bound": -102.25,
    "vae/held_out_bound_error": 0.5,
}


def rendered(current: Current, record: Record) -> str:
    return fit_width(current.parts(record))


def test_measurements_of_this_step_are_shown_without_errors() -> None:
    current, record = Current(), Record(100, 1.0, {**MEASURED, "vae/loss": 3.0})
    current.update(record)
    assert rendered(current, record) == ("distance 0  held-out bound -102.2  precision 100 %, recall 52 %  loss 3")


def test_earlier_measurements_are_shown_with_their_step() -> None:
    current = Current()
    current.update(Record(100, 1.0, MEASURED))
    later = Record(150, 1.5, {"d/loss": 1.25, "g/loss": math.nan})
    current.update(later)
    assert "(step 100)" in rendered(current, later)
    assert "loss d 1.25 g nan" in rendered(current, later)


def test_a_measurement_replaces_the_earlier_one_whole() -> None:
    current = Current()
    current.update(Record(100, 1.0, MEASURED))
    current.update(Record(200, 2.0, {"quality/energy_distance": 0.5}))
    assert rendered(current, Record(200, 2.0, {})) == "distance 0.5"


@given(value=st.floats(allow_nan=False, allow_infinity=False))
def test_no_share_is_above_all(value: float) -> None:
    current, record = Current(), Record(1, 0.1, {"quality/precision": value})
    current.update(record)
    assert float(rendered(current, record).removeprefix("precision ").removesuffix(" %")) <= 100


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_non_finite_number_is_shown_unchanged(value: float) -> None:
    current, record = Current(), Record(1, 0.1, {"quality/precision": value, "quality/energy_distance": value})
    current.update(record)
    assert rendered(current, record).count(str(value)) == 2


@given(st.lists(st.tuples(st.integers(0, 2), st.text("abc ", min_size=1, max_size=12)), min_size=1), st.integers(1, 80))
def test_a_line_holds_whole_parts_and_the_important_ones_longest(parts: list[tuple[int, str]], width: int) -> None:
    line = fit_width(parts, width)
    assert len(line) <= width or line in [words for _, words in parts]
    assert len(fit_width(parts, width + 1)) >= len(line) or len(line) > width
    assert fit_width(parts) == "  ".join(words for _, words in parts)
    if len(line) <= width:
        kept = fit_width([part for part in parts if part[0] == 0])
        assert len(kept) > width or all(words in line for level, words in parts if level == 0)
