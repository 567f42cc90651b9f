"""C19: training sets are nested and have every class, classifiers learn, and the verdict follows from the differences."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from saddlepoint.evaluation.statistics.intervals import Interval
from saddlepoint.studies.claims import claim
from saddlepoint.studies.claims.classifier_curves import (
    DATASETS,
    MODELS,
    ClassifierCurves,
    CurvesOutcome,
    load,
    predict,
    split,
)
from saddlepoint.studies.claims.sample_sizes import A_CLASS, PAIR, decide, setups


@pytest.mark.parametrize("name", DATASETS)
def test_training_sets_have_all_classes_and_leave_the_test_set_alone(name: str) -> None:
    _, y = load(name)
    train, test = split(y, 3)
    assert sorted([*train, *test]) == list(range(len(y)))
    classes = len(np.unique(y))
    for size in setups(False)[name]._sizes(y)[:-1]:
        assert set(np.bincount(y[train[:size]], minlength=classes)) == {size // classes}
    assert not np.array_equal(split(y, 4)[1], test)


@pytest.mark.slow
@pytest.mark.parametrize("name", MODELS)
def test_a_classifier_separates_what_can_be_separated(name: str) -> None:
    x, y = load("iris")
    train, test = split(y, 0)
    found = predict(name, x[train], y[train], x[test], 0)
    assert (found == y[test]).mean() > 0.85
    few = predict(name, x[train[:6]], y[train[:6]], x[test], 0)
    assert few.shape == test.shape


@pytest.mark.slow
def test_a_flow_with_two_examples_of_each_class_is_better_than_chance() -> None:
    pytest.importorskip("zuko")
    x, y = load("wine")
    found = []
    for seed in range(3):
        train, test = split(y, seed)
        few = train[:6]
        found.append(float((predict("flow", x[few], y[few], x[test], seed) == y[test]).mean()))
    assert min(found) > 0.5  # chance is 1/3


def interval(low: float, high: float) -> Interval:
    return Interval((low + high) / 2, low, high, 0.99)


def test_the_verdict_follows_from_the_smallest_and_the_largest_size() -> None:
    better, same, worse = interval(0.1, 0.2), interval(-0.1, 0.1), interval(-0.2, -0.1)
    assert decide({"a": better, "b": better}, {"a": worse, "b": same}, 20) == "holds"
    assert decide({"a": better, "b": same}, {"a": same, "b": worse}, 20) == "holds in part"
    assert decide({"a": better, "b": same}, {"a": better, "b": worse}, 20) == "does not hold"
    assert decide({"a": worse}, {"a": worse}, 20) == "does not hold"
    assert decide({"a": same}, {"a": worse}, 20) == "not decided"
    assert decide({"a": better}, {"a": worse}, 9) == "not decided"


def test_a_wide_interval_does_not_show_that_naive_bayes_is_not_better() -> None:
    better = {"a": interval(0.1, 0.2)}
    assert decide(better, {"a": interval(-0.05, 0.15)}, 20) == "not decided"
    assert decide(better, {"a": interval(-0.002, 0.004)}, 20) == "holds"  # equal within the margin
    assert decide(better, {"a": interval(-0.15, 0.1)}, 20) == "holds"


def test_the_result_names_sizes_and_data() -> None:
    outcomes = {}
    for name, trial in setups(True).items():
        generator = torch.Generator().manual_seed(0)
        accuracy = 0.8 + 0.01 * torch.rand(len(MODELS), 2, 12, generator=generator, dtype=torch.float64)
        accuracy[MODELS.index(PAIR[0]), 0] += 0.1
        outcomes[name] = CurvesOutcome(trial, torch.tensor([6, 100]), accuracy)
    measured = claim("C19").measure(outcomes, True)
    assert measured.verdict == "holds"
    assert "with 6 examples" in measured.because
    assert len(measured.pictures) == 1
    assert isinstance(trial, ClassifierCurves)
    assert A_CLASS[0] == 2
