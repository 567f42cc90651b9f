"""An intervention returns to a healthy step, applies the remedy, and leaves a run like any other."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from saddlepoint import experiment
from saddlepoint.diagnosis import Diagnosis, Series, rule
from saddlepoint.diagnosis.facts import Facts
from saddlepoint.experiment import assemble, auto_remedy, first_checks, rollback
from saddlepoint.recipe import Recipe
from saddlepoint.records import Finding, RunFolder, Severity
from tests.experiment.runs import STEPS, RecordingListener, recipe

RATE = "training.players.discriminator.learning_rate"
REMEDY = {RATE: 1e-4}
Inject = Callable[..., None]
pytestmark = pytest.mark.usefixtures("as_set")


@pytest.fixture(autouse=True)
def without_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pictures are not tested here, and take most of a small run's time."""
    monkeypatch.setattr(assemble.Pictures, "sample_grid", lambda *_, **__: None)


@pytest.fixture(autouse=True)
def allow_restart_without_learning(monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs as small as these learn nothing; except in one test, that is no reason to start again."""
    monkeypatch.setattr(rollback, "HALF_WAY", -math.inf)


@pytest.fixture
def inject_failure(monkeypatch: pytest.MonkeyPatch) -> Inject:
    """Makes the diagnosis find a failure from a step on, until a setting has the remedy's value.

    `following` is the step from which another failure follows.
    """

    def inject(
        remedy: dict[str, Any],
        at: int,
        *,
        healed: bool = True,
        severity: Severity = "failure",
        until: float = math.inf,
        following: int | None = None,
    ) -> None:
        name, value = next(iter(remedy.items()))

        @rule("GAN101", closes=1)
        def found(d_loss: Series, run: Facts) -> Finding | None:
            if not at <= d_loss.steps[-1] < until or (healed and run.settings[name] == value):
                return None
            return Finding("GAN101", severity, d_loss.steps[-1], "It fails.", remedy=remedy)

        @rule("GAN104")
        def follows(d_loss: Series, run: Facts) -> Finding | None:
            healthy = run.settings[name] != value or run.settings["model.penalties.r1.weight"] == 1.0
            if following is None or d_loss.steps[-1] < following or healthy:
                return None
            return Finding(
                "GAN104", "failure", d_loss.steps[-1], "It fails otherwise.", remedy={"model.penalties.r1.weight": 1.0}
            )

        def watching(recipe: Recipe, precision: str | None = None, classes: int | None = None) -> Diagnosis:
            facts = Facts(steps=recipe.training.steps, settings={e.name: v for e, v in recipe.settings()})
            return Diagnosis("gan", [found, follows], facts)

        monkeypatch.setattr(assemble, "start_diagnosis", watching)

    return inject


def weights(folder: Path) -> dict[str, torch.Tensor]:
    model = experiment.load(folder)
    return {
        f"{name}/{key}": value for name, player in model.players.items() for key, value in player.state_dict().items()
    }


def equal_weights(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(value, other[name]) for name, value in one.items())


def steps(folder: Path) -> list[int]:
    return [record.step for record in RunFolder(folder).read_records()]


@pytest.mark.slow
def test_the_run_returns_to_the_last_healthy_checkpoint(tmp_path: Path, inject_failure: Inject) -> None:
    inject_failure(REMEDY, at=25)
    recording = RecordingListener()
    run = experiment.train(recipe("gan", cure="auto"), run=tmp_path / "run", listener=recording)
    (tried,) = run.cures
    assert (tried.code, tried.found, tried.returned_to) == ("GAN101", 25, 20)
    assert tried.changes == {RATE: (None, 1e-4)}
    assert str(tried) in recording.notes
    assert run.recipe.training.players["discriminator"].learning_rate == 1e-4
    assert steps(tmp_path / "run") == [0, 5, 10, 15, 20, 25, 30, STEPS]
    assert run.summary["state"] == "finished"
    assert "with 1 remedy applied (GAN101)" in run.verdict
    assert not [finding for finding in run.findings if finding.severity == "failure"]


@pytest.mark.slow
def test_a_run_that_has_not_learnt_yet_starts_again(
    tmp_path: Path, inject_failure: Inject, monkeypatch: pytest.MonkeyPatch
) -> None:
    inject_failure(REMEDY, at=25)
    monkeypatch.setattr(rollback, "HALF_WAY", 1.1)
    run = experiment.train(recipe("gan", cure="auto"), run=tmp_path / "run")
    assert [tried.returned_to for tried in run.cures] == [0]


@pytest.mark.slow
def test_a_remedy_that_did_not_help_is_reverted(tmp_path: Path, inject_failure: Inject) -> None:
    inject_failure(REMEDY, at=25, healed=False)
    run = experiment.train(recipe("gan", cure="auto", cures=3), run=tmp_path / "run")
    first, *others = run.cures
    assert first.changes == {RATE: (None, 1e-4)}
    assert others[0].changes[RATE][0] == 1e-4
    own = recipe("gan", cure="auto", cures=3)
    assert run.recipe == own.override(others[-1].settings())  # nothing is left of earlier remedies


@pytest.mark.slow
def test_no_recipe_is_attempted_twice(tmp_path: Path, inject_failure: Inject) -> None:
    inject_failure({"model.objective": "non-saturating"}, at=25, healed=False)  # a later remedy is the same
    own = recipe("gan", cure="auto", cures=3).override({"model.objective": "minimax"})
    run = experiment.train(own, run=tmp_path / "run")
    folder = RunFolder(tmp_path / "run")
    tried = [Recipe.load(RunFolder(folder.attempt(n)).recipe) for n in (1, 2, 3)] + [run.recipe]
    assert len(run.cures) == 3
    assert all(one != other for one, other in itertools.combinations(tried, 2))
    assert all(cure.changes for cure in run.cures)


@pytest.mark.slow
def test_the_failed_part_is_archived(tmp_path: Path, inject_failure: Inject) -> None:
    inject_failure(REMEDY, at=25)
    experiment.train(recipe("gan", cure="auto"), run=tmp_path / "run")
    aside = RunFolder(RunFolder(tmp_path / "run").attempt(1))
    assert Recipe.load(aside.recipe) == recipe("gan", cure="auto")
    assert [record.step for record in aside.read_records()][-1] == 25
    assert [finding.code for finding in aside.read_findings()] == ["GAN101"]


@pytest.mark.slow
def test_nothing_changes_up_to_the_step_that_the_run_returns_to(tmp_path: Path, inject_failure: Inject) -> None:
    inject_failure(REMEDY, at=25)
    experiment.train(recipe("gan", cure="auto"), run=tmp_path / "cured")
    experiment.train(recipe("gan"), run=tmp_path / "off")

    def comparable_state(folder: Path) -> list[dict[str, float]]:
        records = list(RunFolder(folder).read_records())
        return [
            {name: value for name, value in record.values.items() if not name.startswith("time/")}
            for record in records
            if record.step <= 20
        ]

    assert comparable_state(tmp_path / "cured") == comparable_state(tmp_path / "off")
    assert not equal_weights(weights(tmp_path / "cured"), weights(tmp_path / "off"))


@pytest.mark.slow
def test_started_again_it_equals_a_run_of_the_changed_recipe(tmp_path: Path, inject_failure: Inject) -> None:
    inject_failure(REMEDY, at=5)
    run = experiment.train(recipe("gan", cure="auto"), run=tmp_path / "cured")
    assert [tried.returned_to for tried in run.cures] == [0]
    experiment.train(recipe("gan").override(REMEDY), run=tmp_path / "fresh")
    assert equal_weights(weights(tmp_path / "cured"), weights(tmp_path / "fresh"))
    assert steps(tmp_path / "cured") == steps(tmp_path / "fresh")


@pytest.mark.slow
def test_interventions_are_limited_and_the_failure_then_stays_active(tmp_path: Path, inject_failure: Inject) -> None:
    inject_failure(REMEDY, at=25, healed=False)
    run = experiment.train(recipe("gan", cure="auto", cures=2), run=tmp_path / "run")
    assert [tried.number for tried in run.cures] == [1, 2]
    assert [tried.returned_to for tried in run.cures] == [20, 0]  # the second time it starts again
    assert len({tried.rung for tried in run.cures}) == 2
    assert run.summary["state"] == "failed"
    assert steps(tmp_path / "run")[-1] == STEPS


@pytest.mark.slow
@pytest.mark.parametrize(("soon", "returned_to"), [(0.5, 0), (0.1, 20)])
def test_the_run_starts_again_for_a_failure_soon_after_an_intervention(
    soon: float, returned_to: int, tmp_path: Path, inject_failure: Inject, monkeypatch: pytest.MonkeyPatch
) -> None:
    inject_failure({"model.labels.smoothing": 0.1}, at=15, following=25)
    monkeypatch.setattr(auto_remedy, "SOON", soon)
    first, second = experiment.train(recipe("gan", cure="auto"), run=tmp_path / "run").cures
    assert (first.code, first.returned_to) == ("GAN101", 10)
    assert (second.code, second.returned_to) == ("GAN104", returned_to)


@pytest.mark.parametrize(
    ("until", "code", "cured"), [(math.inf, "GAN101", True), (15, "GAN101", False), (math.inf, "GAN105", False)]
)
def test_a_persistent_warning_of_certain_codes_is_treated(
    until: float, code: str, cured: bool, tmp_path: Path, inject_failure: Inject, monkeypatch: pytest.MonkeyPatch
) -> None:
    inject_failure(REMEDY, at=10, severity="warning", until=until)
    monkeypatch.setattr(auto_remedy, "PERSISTENT_WARNINGS", {code})
    run = experiment.train(recipe("gan", cure="auto"), run=tmp_path / "run")
    assert [(tried.found, tried.changes) for tried in run.cures] == ([(10, {RATE: (None, 1e-4)})] if cured else [])
    if cured:
        assert len(RunFolder(RunFolder(tmp_path / "run").attempt(1)).records.read_text().splitlines()) == 5  # up to 20


@pytest.mark.parametrize("how", ["off", "suggest"])
def test_without_auto_nothing_is_changed(how: str, tmp_path: Path, inject_failure: Inject) -> None:
    inject_failure(REMEDY, at=25)
    run = experiment.train(recipe("gan", cure=how), run=tmp_path / "run")
    assert run.cures == []
    assert run.summary["state"] == "failed"
    suggestion, *_ = run.suggestions
    assert suggestion.changes == {RATE: (None, 1e-4)}
    assert suggestion.flags == f"--{RATE} 0.0001"
    assert suggestion.recipe == run.recipe.override(REMEDY)


@pytest.mark.slow
def test_a_player_of_other_shapes_starts_again_and_the_other_continues(
    tmp_path: Path, inject_failure: Inject, monkeypatch: pytest.MonkeyPatch
) -> None:
    inject_failure({"model.discriminator.packing": 2}, at=25)
    monkeypatch.setattr(
        "saddlepoint.diagnosis.usual_rates.USUAL_OF_SGD", (0.0, 1.0)
    )  # a rate that moves nothing is meant
    recording = RecordingListener()
    own = recipe("gan", cure="auto", checkpoint_every=10, optimiser={"name": "sgd", "learning_rate": 1e-12})
    run = experiment.train(own, run=tmp_path / "run", listener=recording)
    assert run.recipe.model.discriminator.packing == 2  # type: ignore[union-attr]
    assert any("discriminator has other layers" in note for note in recording.notes)
    before = experiment.prepare(own, RunFolder(tmp_path / "other")).model.players["g"].state_dict()
    after = run.model.players["g"].state_dict()
    for name, value in before.items():
        torch.testing.assert_close(after[name], value, atol=1e-6, rtol=0)


@pytest.mark.slow
@pytest.mark.parametrize("at", [5, 25])
@pytest.mark.parametrize("moment", ["finish_rollback", "replaced"])
def test_an_intervention_that_was_killed_is_completed_on_resuming(
    at: int, moment: str, tmp_path: Path, inject_failure: Inject, monkeypatch: pytest.MonkeyPatch
) -> None:
    inject_failure(REMEDY, at=at)
    experiment.train(recipe("gan", cure="auto"), run=tmp_path / "whole")

    def killed(*_: Any, **__: Any) -> None:
        raise SystemExit

    with monkeypatch.context() as patch:
        patch.setattr(rollback, moment, killed)
        with pytest.raises(SystemExit):
            experiment.train(recipe("gan", cure="auto"), run=tmp_path / "killed")
    experiment.resume(tmp_path / "killed")
    assert equal_weights(weights(tmp_path / "killed"), weights(tmp_path / "whole"))
    assert steps(tmp_path / "killed") == steps(tmp_path / "whole")
    assert [replace(tried, number=0) for tried in experiment.Run(tmp_path / "killed").cures] == [
        replace(tried, number=0) for tried in experiment.Run(tmp_path / "whole").cures
    ]


@pytest.mark.slow
def test_resuming_after_an_intervention_is_bit_equal(tmp_path: Path, inject_failure: Inject) -> None:
    inject_failure(REMEDY, at=25)
    experiment.train(recipe("gan", cure="auto"), run=tmp_path / "whole")

    class ExitingListener(RecordingListener):
        def record(self, record: Any) -> None:
            super().record(record)
            if record.step == 30 and len(self.records) > 7:
                raise SystemExit

    with pytest.raises(SystemExit):
        experiment.train(recipe("gan", cure="auto"), run=tmp_path / "left", listener=ExitingListener())
    experiment.resume(tmp_path / "left")
    assert equal_weights(weights(tmp_path / "left"), weights(tmp_path / "whole"))
    assert steps(tmp_path / "left") == steps(tmp_path / "whole")


@pytest.mark.slow
def test_own_networks_start_again_from_their_first_weights(tmp_path: Path, inject_failure: Inject) -> None:
    inject_failure(REMEDY, at=5)

    def networks() -> dict[str, nn.Module]:
        torch.manual_seed(0)
        return {"generator": nn.Linear(2, 64), "discriminator": nn.Linear(64, 1)}

    class Shaped(nn.Module):
        def __init__(self, inner: nn.Module, shape: tuple[int, ...]) -> None:
            super().__init__()
            self.inner, self.shape = inner, shape

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            made: torch.Tensor = self.inner(x.flatten(1))
            return made.view(len(x), *self.shape)

    def shaped() -> dict[str, nn.Module]:
        own = networks()
        return {"generator": Shaped(own["generator"], (1, 8, 8)), "discriminator": Shaped(own["discriminator"], ())}

    cured, fresh = shaped(), shaped()
    experiment.train(recipe("gan", cure="auto"), run=tmp_path / "cured", modules=cured)
    experiment.train(recipe("gan").override(REMEDY), run=tmp_path / "fresh", modules=fresh)
    for role, module in cured.items():
        assert equal_weights(dict(module.state_dict()), dict(fresh[role].state_dict()))


@pytest.mark.slow
def test_a_run_that_is_resumed_for_longer_after_an_intervention_keeps_its_checkpoints(
    tmp_path: Path, inject_failure: Inject
) -> None:
    inject_failure({"training.steps": 30}, at=25)
    run = experiment.train(recipe("gan", cure="auto"), run=tmp_path / "run")
    assert steps(tmp_path / "run")[-1] == 30
    kept = sorted(path.name for path in run.folder.checkpoints.glob("step-*"))
    experiment.resume(tmp_path / "run", steps=45)
    assert experiment.Run(tmp_path / "run").recipe.training.steps == 45
    assert steps(tmp_path / "run") == [0, 5, 10, 15, 20, 25, 30, 35, 40, 45]
    assert "step-00000030" in kept


@pytest.mark.slow
@pytest.mark.parametrize("last", [20, 12, 5])
def test_a_remedy_that_ends_the_run_earlier_returns_to_a_step_before_that(
    last: int, tmp_path: Path, inject_failure: Inject
) -> None:
    inject_failure({"training.steps": last}, at=25)
    run = experiment.train(recipe("gan", cure="auto"), run=tmp_path / "run")
    assert [tried.returned_to for tried in run.cures] == [last // 10 * 10]
    assert steps(tmp_path / "run")[-1] == last
    experiment.train(recipe("gan", steps=last), run=tmp_path / "short")
    assert equal_weights(weights(tmp_path / "run"), weights(tmp_path / "short"))


@pytest.mark.parametrize(("code", "ends"), [("GAN105", 20), ("GAN101", STEPS)])
def test_training_stops_where_a_finding_opens_and_not_where_it_closes(
    code: str, ends: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    @rule("GAN105", closes=1)
    def late(d_loss: Series) -> Finding | None:
        return Finding("GAN105", "info", 20, "It circles.") if d_loss.steps[-1] == 20 else None

    @rule("GAN101", closes=1)
    def early(d_loss: Series) -> Finding | None:
        return Finding("GAN101", "warning", 5, "It wins.") if d_loss.steps[-1] == 5 else None

    monkeypatch.setattr(
        assemble, "start_diagnosis", lambda recipe, precision=None, classes=None: Diagnosis("gan", [late, early])
    )
    if code == "GAN101":  # it opened and closed before this session
        experiment.train(recipe("gan", steps=5, stop_on=[]), run=tmp_path / "run")
        folder = RunFolder(tmp_path / "run")
        own = Recipe.load(folder.recipe).override({"training.stop_on": "GAN101"})
        folder.recipe.write_text(own.to_yaml())
        run = experiment.resume(tmp_path / "run", steps=STEPS)
        assert [finding.state for finding in run.findings if finding.code == code] == ["open", "closed"]
    else:
        run = experiment.train(recipe("gan", stop_on=[code]), run=tmp_path / "run")
    assert run.summary["step"] == ends


def test_a_check_that_fails_does_not_prevent_training(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: Any) -> Any:
        raise AttributeError("no such layer")

    monkeypatch.setattr(first_checks, "find_mistakes", fails)
    recording = RecordingListener()
    with pytest.warns(RuntimeWarning, match="no such layer"):
        run = experiment.train(recipe("gan"), run=tmp_path / "run", listener=recording)
    assert run.summary["step"] == STEPS
    assert any("check of the networks" in note for note in recording.notes)
