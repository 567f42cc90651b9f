"""Laws of studies: a row is its single run, whoever trained it; going on equals never having stopped; nothing is trained twice."""

from __future__ import annotations

import csv
import importlib.util
import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from saddlepoint.data.batches import Batches
from saddlepoint.data.mixtures import gaussian
from saddlepoint.errors import RunError, SettingError
from saddlepoint.evaluation.metrics.modes import mode_report
from saddlepoint.evaluation.metrics.transport import wasserstein
from saddlepoint.models import build
from saddlepoint.models.gan.parts.settings import ViewSettings
from saddlepoint.recipe.studies import resolve_bases, study_text
from saddlepoint.studies.engine import Event, in_this_process
from saddlepoint.studies.folder import StudyFolder
from saddlepoint.studies.group import train_group
from saddlepoint.studies.plan import Group
from saddlepoint.studies.study import run_study
from saddlepoint.studies.tables import write_table
from saddlepoint.training import Devices, TrainingState, play
from tests.studies.studies import TINY, made_up, plan_of, quick, run_content, tiny

MADE_UP = tiny(measure={"outcomes": ["wasserstein"]})
FILES = ("results.csv", "series.csv", "summary.json", "study.yaml")


def table(path: Path) -> list[dict[str, str]]:
    with path.open() as file:
        return list(csv.DictReader(file))


def close(mine: str, other: float, tolerance: float = 2e-3) -> bool:
    return abs(float(mine) - other) <= tolerance * (1 + abs(other))


@pytest.mark.slow
def test_a_row_is_its_single_run(tmp_path: Path) -> None:
    """Trained in the plain loop and measured by hand."""
    done = run_content(TINY, tmp_path / "study")
    rows, series = table(done.folder.results), table(done.folder.series)
    assert len(rows) == 6
    assert all(row["trained"] == "lanes" for row in rows)
    plan = plan_of(TINY)
    for index, run in enumerate(plan.runs):
        data = gaussian(run.data)
        model = build(run.model, data.event, seed=run.seed)
        state = TrainingState.start(model, run.training, Devices(torch.device("cpu"), "fp32"))
        batches = Batches(data, run.training.batch_size, run.seed, "cpu", model.scaling)
        records = [record for record in play(model, batches, run.training, state) if record is not None]
        samples = model.sample(200, generator=torch.Generator().manual_seed(0))
        truth = data.truth
        assert truth is not None
        assert truth.modes is not None
        points, _ = truth.sample(200, torch.Generator().manual_seed(1))
        row = rows[index]
        assert (row["seed"], row["steps"], row["frozen_at"]) == (str(run.seed), "30", "")
        assert float(row["training.optimiser.learning_rate"]) == run.training.optimiser.learning_rate
        assert close(row["wasserstein"], float(wasserstein(samples, points)) / 0.5, 0.01)
        assert float(row["modes_covered"]) == mode_report(samples, truth.modes, 0.5).covered
        own = [line for line in series if line["seed"] == row["seed"]]
        own = [
            line
            for line in own
            if float(line["training.optimiser.learning_rate"]) == run.training.optimiser.learning_rate
        ]
        assert [line["step"] for line in own] == ["10", "20", "30"]
        for line, record in zip(own, records, strict=True):
            assert close(line["d/loss"], record.values["d/loss"])
            assert close(line["g/loss"], record.values["g/loss"])
        assert own[-1]["wasserstein"] == row["wasserstein"]


@pytest.mark.slow
def test_replicas_and_runs_alone_make_the_same_rows() -> None:
    for group in plan_of(TINY | {"lanes": 6}).groups():
        together = train_group(group)
        alone = train_group(replace(group, together=False))
        assert [run.trained for run in together.runs] == ["lanes"] * 6
        assert [run.trained for run in alone.runs] == ["alone"] * 6
        for mine, other in zip(together.runs, alone.runs, strict=True):
            assert (mine.key, mine.steps, mine.schedule) == (other.key, other.steps, other.schedule)
            assert (mine.frozen_at, mine.converged_at) == (other.frozen_at, other.converged_at)
            assert mine.outcomes == pytest.approx(other.outcomes, rel=1e-2, abs=1e-2)
            assert mine.series.keys() == other.series.keys()
            for name, values in mine.series.items():
                assert values == pytest.approx(other.series[name], rel=1e-2, abs=1e-3)


def interrupting(after: int) -> Any:
    def engine(groups: Sequence[Group]) -> Iterator[Event]:
        for number, event in enumerate(in_this_process(groups)):
            if number == 2 * after:  # each group is two events
                raise KeyboardInterrupt
            yield event

    return engine


@pytest.mark.parametrize("after", [pytest.param(0, marks=pytest.mark.slow), 1])
def test_resumed_equals_uninterrupted(tmp_path: Path, after: int) -> None:
    whole = run_content(TINY, tmp_path / "whole")
    with pytest.raises(KeyboardInterrupt):
        run_content(TINY, tmp_path / "study", interrupting(after))
    assert len(list((tmp_path / "study" / "cells").iterdir())) == after
    done = run_content(TINY, tmp_path / "study")
    assert (done.trained, done.kept) == (6 - 3 * after, 3 * after)
    for name in FILES:
        assert (tmp_path / "study" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes(), name
    assert done.rows == whole.rows


def without_training(groups: Sequence[Group]) -> Iterator[Event]:
    return in_this_process(groups, quick)


def expect_no_groups(groups: Sequence[Group]) -> Iterator[Event]:
    assert not groups
    yield from ()


def test_nothing_is_trained_twice(tmp_path: Path) -> None:
    first = run_content(MADE_UP, tmp_path, without_training)
    again = run_content(MADE_UP, tmp_path, expect_no_groups)
    assert (again.rows, again.trained, again.kept) == (first.rows, 0, 6)


def test_more_seeds_train_the_new_ones_alone(tmp_path: Path) -> None:
    few = run_content(MADE_UP, tmp_path / "study", without_training)
    more = run_content(MADE_UP | {"seeds": {"count": 5}}, tmp_path / "study", without_training)
    assert (more.trained, more.kept) == (4, 6)
    assert [row for row in more.rows if row["seed"] < 3] == few.rows


@pytest.mark.parametrize(
    "changes",
    [
        {"measure": TINY["measure"] | {"samples": 100}},
        {"overrides": {"training.steps": 29}},
        {"overrides": {"data.split_seed": 1}},
        {"overrides": {"model.latent": 2}},
        {"seeds": {"count": 3, "first": 3}},
    ],
)
def test_changes_of_the_result_change_the_key(changes: dict[str, Any]) -> None:
    before, after = ({run.key for run in plan_of(content).runs} for content in (TINY, tiny(**changes)))
    assert not before & after


@pytest.mark.parametrize("name", ["device", "threads", "checkpoint_every", "keep", "sample_every", "samples", "tick"])
def test_changes_without_effect_on_the_result_keep_the_key(name: str) -> None:
    value = "cpu" if name == "device" else 3
    changed = plan_of(tiny(overrides={f"training.{name}": value}))
    assert [run.key for run in changed.runs] == [run.key for run in plan_of(TINY).runs]


def test_a_damaged_group_is_named_and_made_again(tmp_path: Path) -> None:
    first = run_content(MADE_UP, tmp_path, without_training)
    broken, *_ = sorted(first.folder.groups.iterdir())
    broken.write_text(broken.read_text()[:100])
    done = run_content(MADE_UP, tmp_path, without_training)
    assert done.trained == 3
    assert any(broken.name in note and "damaged" in note for note in done.notes)
    assert done.rows == first.rows


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"training.optimiser.clip_norm": 1.0}, "clip_norm"),
        ({"model.generator.batch_norm": True}, "running statistics"),
        ({"model.replay.share": 0.5}, "state of its own"),
    ],
)
def test_variants_that_replicas_refuse_are_trained_alone_and_reported_once(
    tmp_path: Path, changes: dict[str, Any], said: str
) -> None:
    sentences: list[str] = []
    content = tiny(overrides=changes, seeds={"count": 2})
    plan = plan_of(content)
    assert [len(group.runs) for group in plan.groups()] == [1] * 4
    done = run_study(plan, StudyFolder(tmp_path), "", in_this_process, say=sentences.append)
    assert {row["trained"] for row in done.rows} == {"alone"}
    assert sum(said in sentence for sentence in sentences) == 1
    assert sentences[0].startswith("4 of 4 runs")


@pytest.mark.slow
@pytest.mark.parametrize("part", ["views.instance_noise", "penalties.gradient_penalty"])
def test_runs_with_and_without_a_part_are_groups_of_their_own(part: str) -> None:
    first, second = plan_of(tiny(axes={f"model.{part}": [0.0, 0.5]}, lanes=6)).groups()
    for group in (first, second):
        result = train_group(group)
        assert {run.trained for run in result.runs} == {"lanes"}
        assert not result.notes


def test_a_forbidden_pair_at_any_point_is_refused_before_training() -> None:
    axes = {"model.penalties.gradient_penalty": [0, 10], "model.discriminator.packing": [1, 2]}
    with pytest.raises(SettingError, match=r"gradient_penalty.*packing"):
        plan_of(tiny(axes=axes))


@pytest.mark.parametrize("axis", [[1.0, math.nan], {"variants": {"a": {"model": {"penalties": {"r1": math.inf}}}}}])
def test_a_value_that_is_not_finite_is_refused(axis: Any) -> None:
    with pytest.raises(SettingError, match="must be a finite number"):
        plan_of(tiny(axes={"model.penalties.r1": axis}))


@pytest.mark.slow
def test_refusals_during_replica_training_are_reported_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where replicas differ in a number that decides something, undeclared, each of its values makes replicas of its own."""
    monkeypatch.setattr(ViewSettings, "switches", ())
    content = tiny(axes={"model.views.instance_noise": [0.0, 0.5]}, lanes=6)
    (group,) = plan_of(content).groups()
    result = train_group(group)
    assert {run.trained for run in result.runs} == {"lanes"}
    assert [run.key for run in result.runs] == [run.key for run in group.runs]
    assert result.notes
    assert "instance_noise" in result.notes[0]


@pytest.mark.slow
def test_a_run_that_diverges_is_frozen_counted_and_not_averaged(tmp_path: Path) -> None:
    content = tiny(axes={"training.optimiser.learning_rate": [0.01, 1e38]}, lanes=6)
    done = run_content(content, tmp_path)
    fine, wild = done.summary
    assert (fine.frozen, wild.frozen) == (0, 3)
    assert wild.outcomes["wasserstein"] is None
    assert wild.converged is not None
    assert wild.converged.value == 0
    rows = [row for row in done.rows if row["frozen_at"] is not None]
    assert all(math.isnan(row["wasserstein"]) and row["censored_at"] == 30 for row in rows)
    assert json.loads(done.folder.summary.read_text())["points"][1]["diverged"] == 3
    assert done.folder.results.read_text().count("nan") >= 3
    # A single run reports it at the next record, not at the step itself.
    (group,) = plan_of(content).groups()
    alone = train_group(replace(group, together=False))
    assert [run.frozen_at is None for run in alone.runs] == [row["frozen_at"] is None for row in done.rows]


@pytest.mark.slow
def test_points_that_are_the_same_are_trained_once(tmp_path: Path) -> None:
    content = tiny(axes={"twice": {"variants": {"a": {}, "b": {}}}})
    done = run_content(content, tmp_path)
    assert sum(len(group.runs) for group in plan_of(content).groups()) == 3
    assert len(done.rows) == 6
    a, b = ([row | {"twice": ""} for row in done.rows if row["twice"] == name] for name in "ab")
    assert a == b


def test_widths_and_data_make_groups_of_their_own() -> None:
    plan = plan_of(tiny(axes={"width": {"widths": {"model.generator": [2, 4]}}, "data.modes": [1, 2]}, lanes=100))
    groups = plan.groups()
    # Replicas share shapes, not data: two widths, both numbers of modes in each.
    assert [len(group.runs) for group in groups] == [6, 6]
    assert {run.model.generator.hidden for run in plan.runs if run.point in (0, 1)} == {(2,)}  # type: ignore[union-attr]


@pytest.mark.slow
def test_images_are_assessed_by_suitable_features(tmp_path: Path) -> None:
    base = {
        "data": {"source": "digits", "limit": 100},
        "model": {"family": "vae", "latent": 2, "encoder": {"hidden": [8]}, "decoder": {"hidden": [8]}},
        "training": {"steps": 4, "batch_size": 8},
    }
    measure = {"samples": 50, "outcomes": ["quality", "held_out"]}
    content = {"name": "v", "base": base, "seeds": {"count": 2}, "axes": {"model.beta": [1.0, 4.0]}, "measure": measure}
    done = run_content(content, tmp_path)
    assert {"quality", "vae/held_out_bound"} <= set(done.rows[0])
    assert len({row["vae/held_out_bound"] for row in done.rows}) == 4
    assert "converged" not in done.rows[0]
    assert plan_of(content | {"measure": {"samples": 50}}).study.measure.outcomes is None


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"measure": {"outcomes": ["modes_covered"]}, "overrides": {"data.source": "moons"}}, "known modes"),
        ({"measure": {"convergence": {}}, "overrides": {"data.source": "ring"}}, "known modes on a line"),
        ({"overrides": {"training.batch_size": 500}}, "batch_size"),
        (
            {"measure": {"every": 10, "series": ["d/loss", "d/los"]}},
            r'record no d/los\. Did you mean "d/loss"\? They record .*d/loss, .*g/loss.*; \[all\] takes all',
        ),
        ({"measure": {"every": 10, "series": ["d/update_ratio"]}}, "record no d/update_ratio"),
        ({"overrides": {"model.generator.network": "nowhere.at_all:Net"}}, 'no module "nowhere"'),
    ],
)
def test_impossible_measurements_are_reported_before_training(changes: dict[str, Any], said: str) -> None:
    from saddlepoint.errors import SaddlepointError

    with pytest.raises(SaddlepointError, match=said):
        plan_of(tiny(axes={}) | changes)


@pytest.mark.slow
@pytest.mark.parametrize("changes", [{}, {"overrides": {"training.optimiser.clip_norm": 1.0}}], ids=["lanes", "alone"])
def test_every_listed_series_can_be_requested(changes: dict[str, Any], tmp_path: Path) -> None:
    """The table has the series that a step records: those requested by name, or all."""
    with pytest.raises(SettingError) as caught:
        plan_of(tiny(measure={"every": 10, "series": ["none"]}, **changes))
    names = str(caught.value).partition("They record ")[2].partition(";")[0].split(", ")
    one = {"axes": {}, "seeds": {"count": 1}, "overrides": {}} | changes
    asked, everything = (
        run_content(tiny(measure={"every": 10, "series": series}, **one), tmp_path / series[0]).folder.series
        for series in (names, ["all"])
    )
    assert asked.read_bytes() == everything.read_bytes()
    assert set(table(asked)[0]) == {"seed", "step", *names}


@pytest.mark.parametrize(
    ("injected", "said"),
    [(SettingError("injected mistake."), "injected mistake."), (IndexError("injected"), "IndexError: injected.")],
    ids=["foreseen", "unforeseen"],
)
def test_groups_that_fail_leave_the_others_are_named_and_run_again(
    tmp_path: Path, injected: Exception, said: str
) -> None:
    def failing(group: Group, tell: Any) -> Any:
        if group.runs[0].seed == 0:
            raise injected
        return made_up(group)

    def engine(groups: Sequence[Group]) -> Iterator[Event]:
        return in_this_process(groups, failing)

    content = tiny(lanes=1, measure={"outcomes": ["wasserstein"]})
    with pytest.raises(RunError, match="2 of its groups could not be trained: ") as failure:
        run_content(content, tmp_path, engine)
    assert len(table(tmp_path / "results.csv")) == 4
    reasons = {path.stem: path.read_text() for path in (tmp_path / "failed").iterdir()}
    assert len(reasons) == 2
    for key, reason in reasons.items():
        assert f"group {key} (seed 0, learning rate 0.0" in str(failure.value)
        assert said in str(failure.value)
        assert said in reason
        assert ("Traceback" in reason) == isinstance(injected, IndexError)
    assert sum(said in note for note in json.loads((tmp_path / "summary.json").read_text())["notes"]) == 2
    done = run_content(content, tmp_path, without_training)
    assert (done.trained, done.kept) == (2, 4)
    assert not (tmp_path / "failed").exists()


@pytest.mark.parametrize("changes", [{"name": "other"}, {"base": TINY["base"] | {"description": "Other."}}])
def test_another_study_is_not_written_over(tmp_path: Path, changes: dict[str, Any]) -> None:
    run_content(MADE_UP, tmp_path, without_training)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    with pytest.raises(RunError, match=r'holds the study "tiny".* --overwrite'):
        run_content(MADE_UP | changes, tmp_path, without_training)
    assert {path: path.read_bytes() for path in before} == before
    plan = plan_of(MADE_UP | changes)
    text = study_text(resolve_bases(plan.study))
    done = run_study(plan, StudyFolder(tmp_path), text, without_training, overwrite=True)
    assert len(done.rows) == 6
    # The first study's runs are there still, where the other has none of its own by the same key.
    plan = plan_of(MADE_UP)
    text = study_text(resolve_bases(plan.study))
    assert run_study(plan, StudyFolder(tmp_path), text, expect_no_groups, overwrite=True).kept == 6


def test_a_folder_of_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "precious.txt").write_text("mine")
    with pytest.raises(RunError, match="is no study"):
        run_content(TINY, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["precious.txt"]


def test_two_processes_do_not_share_a_folder(tmp_path: Path) -> None:
    with StudyFolder(tmp_path / "s").opened("x"), pytest.raises(RunError, match="another process"):
        run_content(TINY, tmp_path / "s")


def test_a_table_is_read_back(tmp_path: Path) -> None:
    rows = [{"a": 1, "b": math.nan, "c": None}, {"a": 2.5, "b": 0.1, "d": "x,y"}, {"a": None, "b": math.inf, "c": True}]
    written = write_table(tmp_path / "t.csv", rows)
    assert table(tmp_path / "t.csv") == [
        {"a": "1", "b": "nan", "c": "", "d": ""},
        {"a": "2.5", "b": "0.1", "c": "", "d": "x,y"},
        {"a": "", "b": "inf", "c": "true", "d": ""},
    ]
    assert len(written) == 1 + (importlib.util.find_spec("pyarrow") is not None)


@pytest.mark.slow
@pytest.mark.skipif(importlib.util.find_spec("pyarrow") is None, reason="pyarrow is not installed (the extra parquet)")
def test_parquet_holds_what_the_csv_does(tmp_path: Path) -> None:
    import pyarrow.parquet

    done = run_content(TINY, tmp_path)
    stored = pyarrow.parquet.read_table(done.folder.results.with_suffix(".parquet")).to_pylist()
    assert stored == done.rows
