"""Series and histories hold the recorded values in order."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from saddlepoint.diagnosis import Diagnosis, Facts, History
from saddlepoint.diagnosis.rules import RULES
from saddlepoint.diagnosis.series import Series
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


def test_series_are_found_by_the_names_of_parameters() -> None:
    history = History([Record(1, 0.0, {"d/real_score": 1.0, "vae/kl": 2.0})])
    assert {name: series.name for name, series in history.by_parameter().items()} == {
        "d_real_score": "d/real_score",
        "vae_kl": "vae/kl",
    }


numbers = st.lists(st.floats() | st.sampled_from([0.0, 1.0, 2.0]), min_size=1, max_size=30)


@given(numbers)
def test_extremes_are_those_of_the_finite_values(found: list[float]) -> None:
    series = Series("d/loss")
    for step, value in enumerate(found):
        series.steps.append(step)
        series.values.append(value)
        finite = [(value, place) for place, value in enumerate(series.values) if math.isfinite(value)]
        assert series.finite == len(finite)
        if finite:
            assert series.lowest == min(finite)
            assert series.highest == max(finite, key=lambda pair: (pair[0], -pair[1]))
        else:
            assert series.lowest[1] == series.highest[1] == -1


@given(numbers, st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), min_size=1, max_size=10))
def test_a_windows_median_is_the_median_of_its_values(found: list[float], ends: list[tuple[int, int]]) -> None:
    series = Series("d/loss", list(range(len(found))), found)
    for start, stop in ends:
        finite = [value for value in found[start:stop] if math.isfinite(value)]
        median = series.median_between(start, stop, "any")
        assert math.isnan(median) if not finite else median == statistics.median(finite)


class Counted(list[float]):
    """A list that counts the values that are read from it."""

    reads = 0

    def __getitem__(self, place: Any) -> Any:
        found = super().__getitem__(place)
        Counted.reads += len(found) if isinstance(place, slice) else 1
        return found

    def __iter__(self) -> Iterator[float]:
        Counted.reads += len(self)
        return super().__iter__()

    def __reversed__(self) -> Iterator[float]:
        Counted.reads += len(self)
        return super().__reversed__()


def reads(count: int, values: Callable[[float], dict[str, float]], objectives: set[str]) -> int:
    """Values read by all rules in a run of so many records; `values` gives a record's by the share of the run done."""
    diagnosis = Diagnosis(objectives, RULES, Facts(steps=count))
    for name in values(0.0):
        series = Series(name, Counted(), Counted())  # type: ignore[arg-type]
        diagnosis.history.series[name] = diagnosis.history._parameters[series.parameter] = series
    Counted.reads = 0
    for step in range(count):
        diagnosis.watch(Record(step, 0.0, values(step / count)))
    return Counted.reads


def failing_game(done: float) -> dict[str, float]:
    """Gradients explode late, few modes for the whole run, past the best, quality without a trend."""
    scores = {f"{player}/{name}": 0.5 for player in "dg" for name in ("loss", "update_ratio", "learning_rate")}
    return scores | {
        "d/grad_norm": 1.0 if done < 0.8 else 1e3,
        "g/grad_norm": 1.0,
        "d/real_score": 0.9,
        "d/fake_score": 0.1,
        "d/advantage": 0.1,
        "g/coverage": 0.3,
        "g/diversity": 0.5,
        "quality/energy_distance": 1.0 if done < 0.1 else 0.05 if done < 0.2 else 0.9,
        "quality/energy_distance_error": 0.01,
    }


def failing_vae(done: float) -> dict[str, float]:
    named = ("kl", "loss", "reconstruction", "kl_high", "head_kl", "code_spread", "active_units", "active_share")
    return {f"vae/{name}": 3.0 for name in named} | {
        "vae/train_bound": 10 * done,
        "vae/held_out_bound": 1.0 - done,
        "vae/held_out_bound_error": 0.1,
        "quality/energy_distance": 1.0 - 0.1 * done,
    }


@pytest.mark.slow
@pytest.mark.parametrize(
    ("values", "objectives"), [(failing_game, {"gan", "non-saturating"}), (failing_vae, {"vae"})], ids=["gan", "vae"]
)
def test_the_cost_of_rules_is_linear_in_the_number_of_records(
    values: Callable[[float], dict[str, float]], objectives: set[str]
) -> None:
    few, more, most = (reads(count, values, objectives) for count in (400, 800, 1_200))
    assert most - more <= 1.1 * (more - few)
