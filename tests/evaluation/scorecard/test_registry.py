"""A metric is one file and one line: a toy of each kind, declared in a module of its own, is measured, shown and decides."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from types import ModuleType

import pytest
import torch
from torch import Tensor

from saddlepoint.data.dataset import Dataset
from saddlepoint.evaluation.scorecard.answer import answer
from saddlepoint.evaluation.scorecard.assess import assess
from saddlepoint.evaluation.scorecard.ranking import rank
from saddlepoint.evaluation.scorecard.registry import FILES, SECTIONS, all_metrics
from saddlepoint.evaluation.scorecard.scorecard import Scorecard
from saddlepoint.evaluation.settings import AssessmentSettings
from tests.evaluation.scorecard import toys

MODULE = """
from saddlepoint.evaluation.scorecard.metric_types import (
    NOISE_AND_REPEAT, Deciding, Measurement, ModelMetric, SampleMetric, group_means, mean_estimate,
)
from saddlepoint.models.capabilities import HasDensity

def shift(c):
    real, fake = c.features()
    return {"shift": float((real.mean(0) - fake.mean(0)).norm())}

def surprise(subject):
    values = -subject.model.log_prob(subject.examples).double()
    return {"surprise": Measurement(mean_estimate(values), groups=group_means(values))}

METRICS = {
    "shift": SampleMetric(
        title="Shift of the mean", section="distances", better="lower", measure=shift, meaning="How far the mean is off.",
        worst_case=NOISE_AND_REPEAT, bounds=(0.0, None), decides=Deciding("distance", -1),
    ),
    "surprise": ModelMetric(
        title="Surprise", better="lower", measure=surprise, meaning="Minus the log density.", unit="nats",
        needs=(HasDensity,),
    ),
}
"""
QUICK = AssessmentSettings(seeds=1, resamples=5)


class WithDensity(toys.Own):
    """Samples from the truth plus a shift, and knows their density."""

    log_prob_kind = "exact"

    def __init__(self, data: Dataset, shift: float) -> None:
        self.perfect, self.truth, self.shift = toys.perfect(data), data.truth, shift
        super().__init__(data.event, lambda n, generator: self.perfect.draw(n, generator) + shift)

    def log_prob(self, x: Tensor) -> Tensor:
        assert self.truth is not None
        return self.truth.log_prob(x - self.shift)


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    (tmp_path / "toy_metrics.py").write_text(MODULE)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "toy_metrics", raising=False)
    monkeypatch.setitem(FILES, "toy", "toy_metrics")  # the line in the registry
    return importlib.import_module("toy_metrics")


@pytest.mark.slow
def test_a_new_metric_of_each_kind_is_measured_and_stored(module: ModuleType, tmp_path: Path) -> None:
    data = toys.dataset(toys.LINE)
    card = Scorecard.load(assess(WithDensity(data, 0.0), data, QUICK, "raw").save(tmp_path / "scorecard.json"))
    shift, surprise = card["shift"], card["surprise"]
    assert shift.title == "Shift of the mean (raw values)"
    assert shift.low is not None
    assert shift.baseline is not None
    assert shift.worst_case is not None
    assert shift.baseline.value < shift.worst_case.value
    assert surprise.value == pytest.approx(-card["likelihood"].value)
    assert surprise.pairing == "groups"


def test_a_new_metric_is_listed_in_its_section(module: ModuleType) -> None:
    sections = {key: metric.section for key, metric in all_metrics().items()}
    assert sections["shift"] == "distances"
    assert sections["surprise"] == "other"
    assert list(sections.values()) == sorted(sections.values(), key=SECTIONS.index)


@pytest.mark.slow
def test_a_new_metric_reports_missing_requirements(module: ModuleType) -> None:
    data = toys.dataset(toys.LINE)
    card = assess(toys.perfect(data), data, QUICK, "raw")
    assert {one.metric: one.reason for one in card.skipped}["surprise"].endswith("(log_prob).")


@pytest.mark.slow
def test_a_new_metric_that_decides_is_named_by_its_rank(module: ModuleType) -> None:
    data = toys.dataset(toys.LINE)
    cards = {
        name: assess(WithDensity(data, shift), data, QUICK, "raw") for name, shift in (("near", 0.0), ("far", 5.0))
    }
    assert "Shift of the mean" in answer(rank(cards)).sentence


@pytest.mark.slow
def test_a_mistake_in_a_metric_costs_that_score_alone(module: ModuleType) -> None:
    data = toys.dataset(toys.LINE)
    model = WithDensity(data, 0.0)
    model.log_prob = lambda x: torch.zeros(3, 4).mm(torch.zeros(3, 4))  # type: ignore[method-assign]
    card = assess(model, data, QUICK, "raw")
    reasons = {one.metric: one.reason for one in card.skipped}
    assert "RuntimeError" in reasons["surprise"]
    assert card["shift"].value >= 0
