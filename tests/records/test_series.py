"""Records turned sideways hold the same numbers."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from saddlepoint.records import Record, series_of

values = st.dictionaries(st.sampled_from(["d/loss", "g/loss", "quality/x"]), st.floats(allow_nan=False), max_size=3)


@given(st.lists(values, max_size=8))
def test_transposed_back_they_are_the_records(ticks: list[dict[str, float]]) -> None:
    records = [Record(10 * number, 0.0, tick) for number, tick in enumerate(ticks)]
    back: dict[int, dict[str, float]] = {record.step: {} for record in records}
    for name, (steps, numbers) in series_of(records).items():
        assert steps == sorted(steps)
        for step, number in zip(steps, numbers, strict=True):
            back[step][name] = number
    assert back == {record.step: dict(record.values) for record in records}
