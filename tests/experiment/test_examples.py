"""A Dataset given in Python is kept whole: whoever resumes or repeats the run sees the same data."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from saddlepoint import data, experiment
from saddlepoint.data.dataset import Dataset
from saddlepoint.data.settings import DataSettings
from saddlepoint.errors import DataError
from saddlepoint.experiment import Listener, examples
from tests.experiment.runs import recipe


@pytest.mark.parametrize("source", ["digits", "ring"])
def test_stored_values_are_restored_unchanged(source: str, tmp_path: Path) -> None:
    given = data.load(DataSettings(source=source, limit=100))
    path = tmp_path / examples.DATA_FILE
    examples.write(path, examples.arrays_of(given))
    back = examples.load(DataSettings(source=str(path)))
    assert (back.name, back.event, back.fingerprint) == (given.name, given.event, given.fingerprint)
    assert given.held_out is not None
    for one, other in ((back, given), (back.held_out, given.held_out)):
        assert isinstance(one, Dataset)
        assert torch.equal(one.x, other.x)
        assert other.y is None if one.y is None else torch.equal(one.y, torch.as_tensor(other.y))


@pytest.mark.parametrize("source", ["gaussian", "ring", "grid", "moons", "checkerboard"])
def test_an_exact_density_is_restored(source: str, tmp_path: Path) -> None:
    given = data.load(DataSettings(source=source, points=50))
    examples.write(tmp_path / examples.DATA_FILE, examples.arrays_of(given))
    back = examples.load(DataSettings(source=str(tmp_path / examples.DATA_FILE)))
    assert given.truth is not None
    assert back.truth is not None
    assert torch.equal(back.truth.log_prob(given.x), given.truth.log_prob(given.x))
    assert (back.truth.modes is None) == (given.truth.modes is None)
    assert (back.truth.mode_std, back.notes) == (given.truth.mode_std, given.notes)


def test_a_density_that_cannot_be_stored_is_reported(tmp_path: Path) -> None:
    ring = data.load(DataSettings(source="ring", points=50))
    assert ring.truth is not None
    # A user's own distribution: whatever is none of our kinds.
    own = SimpleNamespace(modes=None, mode_std=None, log_prob=ring.truth.log_prob, sample=ring.truth.sample)
    given = replace(ring, truth=own)
    examples.write(tmp_path / examples.DATA_FILE, examples.arrays_of(given))
    back = examples.load(DataSettings(source=str(tmp_path / examples.DATA_FILE)))
    assert back.truth is None
    assert "exact density" in back.notes[-1]


@pytest.mark.slow
def test_a_run_on_a_dataset_can_be_resumed_and_repeated(tmp_path: Path) -> None:
    given = data.load(DataSettings(source="digits", limit=100))
    run = experiment.train(recipe("vae", steps=10), data=given, run=tmp_path / "run")
    assert run.summary["data"]["fingerprint"] == given.fingerprint
    resumed = experiment.resume(tmp_path / "run", steps=12, listener=Listener())
    again = experiment.train(tmp_path / "run", run=tmp_path / "again")
    assert resumed.summary["data"] == again.summary["data"]
    assert again.summary["data"]["fingerprint"] == given.fingerprint
    assert again.summary["step"] == 12
    assert resumed.pictures["samples"] == tmp_path / "run" / "samples" / "step-00000012.png"
    assert all(path.is_file() for path in resumed.pictures.values())


def test_a_resumed_run_keeps_its_data_layout_and_units(tmp_path: Path) -> None:
    x = np.random.default_rng(0).normal(size=(40, 24, 2))
    examples.write(tmp_path / examples.DATA_FILE, examples.arrays_of(x))
    settings = DataSettings(source=str(tmp_path / examples.DATA_FILE))
    now = examples.load(settings)
    assert now.event.kind == "series"
    assert examples.load_as(settings, now.event).event == now.event
    # As an earlier version read and described the same numbers.
    then = data.from_array(x, kind="image").event
    back = examples.load_as(settings, then)
    assert (back.event, back.fingerprint) == (then, data.from_array(x, kind="image").fingerprint)
    assert back.held_out is not None
    assert back.held_out.event == then
    # Of other data the caller gets those that are there.
    assert examples.load_as(settings, replace(then, shape=(1, 5, 5))).event == now.event


def test_a_fault_of_a_given_array_names_no_file(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"^data: NaN in 5 of 5"):
        experiment.train(recipe("vae"), data=np.full((5, 2), np.nan), run=tmp_path / "run")


def test_classes_that_a_filter_emptied_are_no_classes(tmp_path: Path) -> None:
    digits = data.load(DataSettings(source="digits"))
    assert digits.y is not None
    chosen = torch.nonzero((digits.y == 3) | (digits.y == 7)).flatten()
    filtered = digits.subset(chosen)
    examples.write(tmp_path / examples.DATA_FILE, examples.arrays_of(filtered))
    back = examples.load(DataSettings(source=str(tmp_path / examples.DATA_FILE)))
    assert back.event.class_names == ("3", "7")
    assert back.y is not None
    assert back.y.tolist() == [(3, 7).index(int(label)) for label in digits.y[chosen]]
    assert min(back.event.shares) > 0.4


def test_a_run_of_an_earlier_version_keeps_its_classes(tmp_path: Path) -> None:
    np.savez(tmp_path / "x.npz", x=np.arange(60.0).reshape(20, 3), y=np.array([1, 4] * 10))
    settings = DataSettings(source=str(tmp_path / "x.npz"))
    now = data.load(settings)
    event = replace(now.event, class_names=("0", "1", "2", "3", "4"), class_shares=(0.0, 0.5, 0.0, 0.0, 0.5))
    then = examples.load_as(settings, event)
    assert now.y is not None
    assert then.y is not None
    assert then.event == event
    assert then.y.tolist() == [(1, 4)[label] for label in now.y]
    assert then.fingerprint != now.fingerprint
