"""How a run went, in a sentence."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from saddlepoint.diagnosis import PROCESSES, Process
from saddlepoint.diagnosis.verdict import NO_FAILURE_FOUND
from saddlepoint.experiment.best_step import step_to_take
from saddlepoint.experiment.summary import result_in_words, verdict, verdict_fields
from saddlepoint.recipe import Recipe
from saddlepoint.records import RESULT_LEVELS, Aspect, Finding, Result, ResultLevel, RunFolder
from saddlepoint.report.words import better_step
from tests.experiment.runs import recipe, start_session

RECIPE = Recipe.from_mapping({"name": "toy", "training": {"steps": 2000}})
RECALL = Aspect("recall", 0.134, 0.91, 0.15)
FAILURE = Finding("NUM301", "failure", 7, "d/loss became nan.")
WARNING = Finding("GAN103", "warning", 7, "Modes are missing.")


def result(level: ResultLevel | None, against: str = "held-out examples") -> Result:
    return Result(level, 0.5, 400, "random convolutions", (RECALL,), against)


def test_process_and_result_are_two_sentences() -> None:
    said = verdict(RECIPE, "finished", 2000, 61.2, [], result("partly like the data"))
    assert said == (
        "toy: 2,000 steps in 1 min 1 s. No rule found a problem. Samples are partly like the data (worst of 1 "
        "measurements: recall 0.13, goal 0.91 as for real examples)."
    )


@pytest.mark.parametrize("level", RESULT_LEVELS)
def test_every_level_names_the_worst_measurement(level: ResultLevel) -> None:
    said = result_in_words(result(level))
    assert level in said
    assert "recall 0.13" in said
    assert ("at this sample size, 400 samples" in said) == (level == "not told apart")


def test_samples_and_real_examples_are_counted_separately() -> None:
    found = replace(result("not told apart"), real=80)
    assert "at this sample size, 400 samples and 80 real examples" in result_in_words(found)
    assert Result.from_json(json.loads(json.dumps(found.to_json()))).real == 80
    earlier = {name: value for name, value in found.to_json().items() if name != "real"}
    assert Result.from_json(earlier).real is None


@pytest.mark.parametrize("level", RESULT_LEVELS)
@pytest.mark.parametrize("behind", [0.0, 1.0])
def test_a_run_past_its_best_step_is_not_told_to_train_longer(level: ResultLevel, behind: float) -> None:
    best = {"step": 700, "series": "quality/energy_distance", "value": 0.1, "behind": behind, "behind_error": 0.1}
    fields = verdict_fields(NO_FAILURE_FOUND, [], result(level), {}, best_step=better_step(best, 2000))
    low = level in RESULT_LEVELS[:2]
    assert ("Train longer" in fields["advice"]) == (low and behind == 0)
    assert ("checkpoint of step 700" in fields["advice"]) == (low and behind == 1)
    assert better_step({**best, "step": 2000}, 2000) is None
    assert better_step(None, 2000) is None


FINISHED = {"step": 700, "series": "quality/energy_distance", "value": 0.1, "behind": 1.0, "behind_error": 0.1}


@pytest.mark.parametrize(
    ("name", "last", "first", "step"),
    [
        ("my recipe", 2000, 1.0, 700),
        ("my recipe", 2000, 0.15, None),  # the best step is hardly better than the untrained model
        ("gan-digits", 6000, 1.0, 700),
        ("gan-digits", 900, 1.0, None),  # of 6,000 steps
    ],
)
def test_a_run_that_has_hardly_trained_is_not_told_to_take_its_best_step(
    name: str, last: int, first: float, step: int | None
) -> None:
    mine = Recipe.from_mapping({"name": name, "training": {"steps": last}})
    assert step_to_take(FINISHED, last, {"first": first, "last": 1.1, "floor": 0.0}, mine) == step


def test_an_interrupted_run_is_told_to_resume_first() -> None:
    def advice(process: Process, findings: list[Finding]) -> str:
        fields = verdict_fields(process, findings, result("far from the data"), {}, under_way="stopped at step 9 of 90")
        return fields["advice"]

    assert advice(NO_FAILURE_FOUND, []) == "Resume the run to train its remaining steps."
    assert advice("at risk", [replace(WARNING, advice="Pack.")]).endswith("remaining steps. Pack.")
    assert advice("failing", [replace(FAILURE, advice="Slow down.")]) == "Slow down."


def test_missing_measurements_are_reported_with_their_reason() -> None:
    assert "not measured: 2 real examples" in result_in_words(Result.not_measured("2 real examples to compare"))
    said = result_in_words(result("close to the data", against="training examples"))
    assert "compared with training examples" in said


@pytest.mark.parametrize(
    ("seconds", "words"), [(0.04, "under 0.1 s"), (9.4, "9.4 s"), (42, "42 s"), (3661, "1 h 1 min")]
)
def test_durations(seconds: float, words: str) -> None:
    assert f"in {words}." in verdict(RECIPE, "finished", 1, seconds, [], None)


def test_the_cause_is_named_and_the_others_are_counted() -> None:
    assert verdict(RECIPE, "finished", 9, 1, [WARNING], None).endswith("s. GAN103: Modes are missing.")
    other = Finding("NUM303", "warning", 8, "Units are dead.")
    said = verdict(RECIPE, "finished", 9, 1, [WARNING, other], None)
    assert said.endswith("s. NUM303: Units are dead. 1 other finding is active (GAN103).")
    over = Finding("GAN103", "warning", 9, "No longer so.", state="closed")
    said = verdict(RECIPE, "finished", 9, 1, [WARNING, over], None)
    assert "s. No failure and no warning is active (GAN103 is over)." in said
    note = Finding("VAE201", "info", 9, "A unit is unused.")
    said = verdict(RECIPE, "finished", 9, 1, [WARNING, over, note], None)
    assert "(GAN103 is over; worth knowing: VAE201)" in said
    data = Finding("DATA402", "warning", 0, "Too few.")
    assert "s. DATA402: Too few." in verdict(RECIPE, "finished", 9, 1, [data], None)
    said = verdict(RECIPE, "failed", 9, 1, [WARNING, FAILURE], None)
    assert said.endswith("s. NUM301: d/loss became nan. 1 other finding is active (GAN103).")


@pytest.mark.parametrize(
    ("findings", "words"),
    [
        ([], "No rule found a problem since."),
        ([WARNING], "GAN103: Modes are missing."),
        ([FAILURE], "NUM301: d/loss became nan."),
        ([Finding("DATA402", "warning", 0, "Few.")], "DATA402: Few."),
    ],
)
def test_remedies_that_were_applied_are_named(findings: list[Finding], words: str) -> None:
    said = verdict(RECIPE, "finished", 9, 1, findings, None, cures=["GAN101", "GAN101"])
    assert said == f"toy: 9 steps in 1.0 s, with 2 remedies applied (GAN101). {words}"
    assert "with 1 remedy applied (GAN103)" in verdict(RECIPE, "finished", 9, 1, findings, None, cures=["GAN103"])


def test_an_interruption_reports_the_checkpoint() -> None:
    assert "of 2,000, interrupted; a checkpoint was written." in verdict(RECIPE, "interrupted", 9, 1, [], None, saved=9)
    assert "the newest checkpoint is of step 5." in verdict(RECIPE, "interrupted", 9, 1, [], None, saved=5)
    assert "no checkpoint" in verdict(RECIPE, "interrupted", 9, 1, [], None, saved=None)


@pytest.mark.slow
@pytest.mark.result
def test_the_summary_has_the_facts(tmp_path: Path) -> None:
    session = start_session(recipe("gan", steps=10), tmp_path / "run")
    session.run()
    summary = RunFolder(tmp_path / "run").read_summary()
    assert summary["state"] in ("finished", "failed")
    assert summary["step"] == 10
    assert summary["process"] in PROCESSES
    assert summary["headline"].lower().startswith(summary["process"])
    assert list(summary)[:3] == ["headline", "advice", "verdict"]
    assert summary["result"]["level"] is not None
    assert Result.from_json(summary["result"]).to_json() == summary["result"]
    assert summary["players"] == session.model.parameter_counts()
    assert summary["data"]["examples"] == len(session.dataset)
    assert re.fullmatch(r"\d+\.\d+.*", summary["versions"]["torch"])
    assert summary["model"] == {
        "family": "gan",
        "latent": 2,
        "objective": "non-saturating",
        "networks": {"generator": "mlp", "discriminator": "mlp"},
    }
