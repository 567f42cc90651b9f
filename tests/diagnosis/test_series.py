"""Series and history: what was recorded, in order."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from saddlepoint.diagnosis import History
from saddlepoint.records import Record

values = st.floats(allow_nan=False)
records = st.lists(st.dictionaries(st.sampled_from(["d/loss", "g/loss", "d/real_score"]), values), max_size=20)


@given(records)
def test_a_history_holds_every_number_once_in_order(ticks: list[dict[str, float]]) -> None:
    history = History(Record(10 * i, 0.0, tick) for i, tick in enumerate(ticks))
    for name, series in history.series.items():
        assert series.name == name
        assert list(zip(series.steps, series.values, strict=True)) == [
            (10 * i, tick[name]) for i, tick in enumerate(ticks) if name in tick
        ]
        assert series.last == series.values[-1]
    assert {*history.series} == {name for tick in ticks for name in tick}


def test_a_rule_asks_by_the_names_of_series() -> None:
    history = History([Record(1, 0.0, {"d/real_score": 1.0, "vae/kl": 2.0})])
    assert {name: series.name for name, series in history.by_parameter().items()} == {
        "d_real_score": "d/real_score",
        "vae_kl": "vae/kl",
    }
