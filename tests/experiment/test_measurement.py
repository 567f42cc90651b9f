"""Measurements represent the data; a failed fit loses a series, not the run."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from saddlepoint.data.arrays import from_array
from saddlepoint.data.dataset import Dataset
from saddlepoint.data.settings import DataSettings
from saddlepoint.evaluation.monitors import quality
from saddlepoint.experiment import Listener, measurement
from saddlepoint.experiment.measurement import Measurement
from saddlepoint.models.capabilities import Fits, has
from saddlepoint.records import RunFolder
from tests.experiment.runs import FAMILIES, RecordingListener, recipe, start_session


@contextlib.contextmanager
def attempt(*_: str) -> Iterator[None]:
    yield


def test_examples_in_some_order_are_sampled_throughout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # A source with its own test part is left in its order: here, each half is of another class.
    session = start_session(recipe("autoencoder"), tmp_path / "run", Listener())
    seen: dict[str, Tensor] = {}
    monkeypatch.setattr(measurement, "MEASURED", 50)
    monkeypatch.setattr(measurement, "FITTED", 50)
    monkeypatch.setattr(session.model, "fit", lambda x, generator: seen.update(fitted=x))
    monkeypatch.setattr(session.model, "held_out_series", lambda x, generator, labels: seen.update(held_out=x) or {})
    monkeypatch.setattr(quality.Quality, "series", lambda self, model: {quality.SERIES: 0.0})
    images = np.repeat([0, 16], 500).astype(np.uint8)[:, None, None, None] * np.ones((1, 1, 8, 8), np.uint8)
    plain = from_array(images, settings=DataSettings(held_out=0.0))
    ordered = Dataset("x", torch.from_numpy(images), plain.event)
    both = Dataset("x", torch.from_numpy(images), plain.event, held_out=ordered)
    Measurement(both, session.model, session.state, session.recipe.evaluation, attempt).measure(0)
    for x in seen.values():
        assert len(x) == 50
        assert 0.2 < (x.float().mean() / 16).item() < 0.8
    assert seen.keys() == {"fitted", "held_out"}


@pytest.mark.usefixtures("as_set")
def test_a_mixture_that_cannot_be_fitted_costs_no_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    recording = RecordingListener()
    session = start_session(recipe("autoencoder"), tmp_path / "run", recording)
    fit = session.model.fit

    def failing(x: Tensor, generator: torch.Generator) -> None:
        if session.state.step in (10, 20):
            raise MemoryError("no room")
        fit(x, generator)

    monkeypatch.setattr(session.model, "fit", failing)
    assert session.run()["state"] == "finished"
    assert sum("distribution of codes could not be fitted" in note for note in recording.notes) == 1
    folder = RunFolder(tmp_path / "run")
    values = {record.step: record.values for record in folder.read_records()}
    for step in (0, 10, 20, 30):
        assert (quality.SERIES in values[step]) == folder.sample_grid(step).exists() == (step not in (10, 20))
        assert "ae/held_out_reconstruction" in values[step]
    assert not any(finding.code == "NUM301" for finding in folder.read_findings())


@pytest.mark.parametrize("family", FAMILIES)
def test_examples_are_gathered_only_for_models_that_fit(
    family: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gathered: list[Any] = []
    original = Measurement._examples

    def counted(self: Measurement) -> Tensor:
        gathered.append(self)
        return original(self)

    monkeypatch.setattr(Measurement, "_examples", counted)
    session = start_session(recipe(family), tmp_path / "run")
    assert session.measurement.fit()
    assert session.measurement.fit()
    assert len(gathered) == has(session.model, Fits)


def test_a_discriminator_is_measured_on_training_examples_as_on_held_out_ones(tmp_path: Path) -> None:
    session = start_session(recipe("gan"), tmp_path / "run")
    assert {"d/train_score", "d/held_out_score"} <= session.measurement.measure(0).keys()


def test_the_best_step_is_better_than_the_untrained_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    session = start_session(recipe("gan"), tmp_path / "run")
    measured = session.measurement
    for step, (value, best) in enumerate([(0.35, None), (0.39, None), (0.30, 2), (0.33, 2), (0.2, 4)]):
        monkeypatch.setattr(measured._quality, "series", lambda model, value=value: {quality.SERIES: value})
        measured.measure(step)
        kept = measured.to_json()
        measured.load(kept)  # a resumed run compares with the same untrained model
        assert (measured.best and measured.best["step"]) == best
