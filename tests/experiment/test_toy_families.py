"""Families without networks, without codes, or with three players, from recipe to report; they are registered by one line."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

import saddlepoint as sp
from saddlepoint import models
from saddlepoint.data.dataset import Dataset
from saddlepoint.errors import SettingError
from saddlepoint.evaluation import settings
from saddlepoint.evaluation.metrics import two_sample
from saddlepoint.experiment import capacity, prepare
from saddlepoint.lanes import Replica, Replicas
from saddlepoint.models.settings import FAMILIES
from saddlepoint.recipe import Recipe
from saddlepoint.records import RunFolder
from saddlepoint.report import write_report
from saddlepoint.training.threads import threads_for
from tests.experiment.runs import STEPS, Interrupting, comparable_state, start_session
from tests.models.toys import TOYS

every_toy = pytest.mark.parametrize("family", TOYS)


@pytest.fixture(scope="module", autouse=True)
def registered_toys() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for name, family in TOYS.items():
            patch.setitem(FAMILIES, name, family)
        # Records and measurements as often as the settings say, and few trees, for runs that take no minute.
        patch.setattr(settings, "PROBES", 1)
        patch.setattr(settings, "MEASUREMENTS", 1)
        patch.setattr(two_sample, "TREES", 5)
        yield


def recipe(family: str, **model: Any) -> Recipe:
    training = {"steps": STEPS, "batch_size": 16, "tick": 5, "observe_every": 2, "checkpoint_every": 10}
    training |= {"sample_every": 10, "samples": 9, "device": "cpu", "ema": 0.9}
    return Recipe.from_mapping(
        {
            "name": family,
            "model": {"family": family, **model},
            "data": {"source": "ring", "points": 300},
            "training": training,
            "evaluation": {"every": 10, "samples": 50, "watch_every": 10},
        }
    )


@pytest.fixture(scope="module")
def uninterrupted(registered_toys: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of uninterrupted runs, by family."""
    folder = tmp_path_factory.mktemp("toys")
    for family in TOYS:
        start_session(recipe(family), folder / family).run()
    return folder


@pytest.mark.slow
@every_toy
def test_a_run_has_records_checkpoints_samples_and_a_report(uninterrupted: Path, family: str) -> None:
    folder = RunFolder(uninterrupted / family)
    records = list(folder.read_records())
    assert [record.step for record in records] == [*range(0, STEPS, 5), STEPS]
    for player in TOYS[family].settings.players:
        assert all(f"{player}/loss" in record.values for record in records[1:])
    assert "quality/energy_distance" in records[-1].values
    assert folder.read_summary()["state"] == "finished"
    assert folder.sample_grid(STEPS).is_file()
    write_report(folder)
    assert family in folder.report.read_text()
    assert not [finding for finding in folder.read_findings() if finding.severity == "failure"]


@pytest.mark.slow
@pytest.mark.result
def test_samples_are_compared_with_the_data_whatever_the_family(tmp_path: Path) -> None:
    start_session(recipe(next(iter(TOYS))), tmp_path / "run").run()
    assert RunFolder(tmp_path / "run").read_summary()["result"]["level"] is not None


@pytest.mark.slow
@every_toy
def test_resumed_equals_uninterrupted(uninterrupted: Path, family: str, tmp_path: Path) -> None:
    path = tmp_path / family
    session = start_session(recipe(family), path)
    batches = sum(phase.uses_data * phase.repeats for phase in session.model.phases)
    session.batches = Interrupting(session, 16 * batches)  # type: ignore[assignment]
    assert session.run()["state"] == "interrupted"
    second = prepare(recipe(family), RunFolder(path))
    second.load()
    second.run()
    assert comparable_state(path) == comparable_state(uninterrupted / family)


@every_toy
def test_a_saved_model_samples_as_the_trained_one(uninterrupted: Path, family: str) -> None:
    model = sp.load(uninterrupted / family)
    again = sp.load(uninterrupted / family)
    first, second = (m.sample(5, generator=torch.Generator().manual_seed(3)) for m in (model, again))
    assert torch.equal(first, second)
    assert first.shape == (5, 2)
    fresh = models.build(recipe(family).model, model.event)
    assert not torch.equal(first, fresh.sample(5, generator=torch.Generator().manual_seed(3)))


@pytest.mark.slow
@every_toy
def test_diagnosis_and_evaluation_take_the_run(uninterrupted: Path, family: str) -> None:
    assert sp.diagnose(uninterrupted / family).objectives == (family,)
    scorecard = sp.evaluate(uninterrupted / family, samples=60, seeds=1)
    assert {"energy", "recall"} <= {score.metric for score in scorecard.scores}
    densities = {score.metric for score in scorecard.scores} & {"likelihood"}
    assert bool(densities) == (family != "three-players")


def test_a_phase_without_gradient_has_no_optimiser(uninterrupted: Path) -> None:
    values = list(RunFolder(uninterrupted / "gaussian").read_records())[-1].values
    assert {"em/loss", "em/trace", "em/held_out_log_prob"} <= values.keys()
    assert not {"em/grad_norm", "em/learning_rate", "em/update_ratio"} & values.keys()


@pytest.mark.slow
def test_a_phase_without_gradient_updates_the_model_with_every_batch(tmp_path: Path) -> None:
    # Without a memory of earlier batches, the fitted mean is exactly that of the last one.
    session = start_session(recipe("gaussian", forgetting=1.0), tmp_path / "run")
    session.run()
    last = session.batches[STEPS - 1][0]
    torch.testing.assert_close(session.model.mean, last.mean(0))


def test_all_of_three_players_are_measured(uninterrupted: Path) -> None:
    values = list(RunFolder(uninterrupted / "three-players").read_records())[-1].values
    measured = {name.split("/")[0] for name in values if name.endswith("/dead_units")}
    assert measured == {"critic", "maker", "e"}
    assert {"critic/advantage", "maker/diversity", "maker/sample_gradient", "maker/copied"} <= values.keys()


def test_a_model_without_parameters_has_a_device_a_type_and_a_size() -> None:
    model = models.build(recipe("gaussian").model, ring().event)
    assert model.to("cpu").device == torch.device("cpu")
    assert model.dtype == torch.float32
    assert model.parameter_counts() == {}
    assert threads_for(model, 1_000) == 1
    needs = capacity.needed_memory(recipe("gaussian"), ring().event, 300)
    assert needs is not None
    assert needs.parameters == needs.optimiser == 0


def test_moments_that_are_not_finite_are_noticed(tmp_path: Path) -> None:
    session = start_session(recipe("gaussian"), tmp_path / "run")
    assert session.measurement.has_finite_weights()
    session.model.mean = session.model.mean * torch.nan
    assert not session.measurement.has_finite_weights()


def test_replicas_refuse_a_phase_without_gradient() -> None:
    toy = recipe("gaussian")
    with pytest.raises(SettingError, match="learns without gradients"):
        Replicas(Replica.over_seeds(toy.model, toy.training, ring(), 2), device="cpu", compiled=False)


@pytest.mark.parametrize("labels", [torch.tensor([0, 2, 1]), torch.tensor([2, 2, 2], dtype=torch.int32)])
def test_labels_are_taken_where_a_model_has_classes(labels: torch.Tensor) -> None:
    model = models.build(recipe("autoregressive").model, ring().event)
    assert model.sample(3, labels=labels).shape == (3, 2)


@pytest.mark.parametrize(
    ("labels", "said"),
    [
        (torch.tensor([0, 1]), r"of shape \(3,\)"),
        (torch.tensor([0.0, 1.0, 2.0]), "one whole number for each sample"),
        ([0, 1, 2], "one whole number for each sample"),
        (torch.tensor([0, 1, 3]), "from 0 to 2"),
        (torch.tensor([-1, 0, 1]), "from 0 to 2"),
    ],
)
def test_wrong_labels_are_explained(labels: Any, said: str) -> None:
    model = models.build(recipe("autoregressive").model, ring().event)
    with pytest.raises(SettingError, match=said):
        model.sample(3, labels=labels)


def test_settings_of_a_registered_family_are_settings_as_any_others() -> None:
    toy = recipe("gaussian").override({"model.forgetting": "0.5"})
    assert Recipe.parse(toy.to_yaml()) == Recipe.parse(toy.to_yaml(whole=False)) == toy
    with pytest.raises(SettingError, match=r'Did you mean "model\.forgetting"'):
        toy.override({"model.forgeting": 1})
    with pytest.raises(SettingError, match=r"model\.forgetting is a setting of the family gaussian"):
        Recipe().override({"model.forgetting": 1})
    with pytest.raises(SettingError, match=r"model\.forgetting cannot be 2"):
        Recipe.from_mapping({"model": {"family": "gaussian", "forgetting": 2}})


def ring() -> Dataset:
    return sp.data.load(recipe("gaussian").data)
