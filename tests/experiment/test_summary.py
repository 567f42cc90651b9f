"""How a run went, in a sentence."""

from __future__ import annotations

import math
import re
from pathlib import Path

import pytest

from saddlepoint.experiment.summary import verdict
from saddlepoint.recipe import Recipe
from saddlepoint.records import Finding, RunFolder
from tests.experiment.runs import recipe, started

RECIPE = Recipe.from_mapping({"name": "toy", "training": {"steps": 2000}})
MEASURED = {"first": 0.9, "last": 0.0284, "floor": -0.001}
FAILURE = Finding("NUM301", "failure", 7, "d/loss became nan.")
WARNING = Finding("GAN103", "warning", 7, "Modes are missing.")


def test_a_good_run() -> None:
    said = verdict(RECIPE, "finished", 2000, 61.2, [], MEASURED)
    assert said == (
        "toy: 2,000 steps in 1 min 1 s; healthy: none of the rules for such a model found anything. Its samples are 96.8% of the way "
        "from where they were before training to real ones (energy distance, 0 where two sets are alike: now 0.0284, "
        "untrained 0.9000, real against real 0.0000)."
    )


def test_samples_as_near_as_real_ones_are_said_to_be_so() -> None:
    said = verdict(RECIPE, "finished", 2000, 61.2, [], {"first": 0.9, "last": 0.001, "floor": 0.002})
    assert "as near to real ones as other real ones are (" in said


def test_a_run_that_made_samples_worse_or_not_a_number_does_not_sound_like_success() -> None:
    said = verdict(RECIPE, "finished", 9, 1, [], {**MEASURED, "last": 0.95})
    assert "has not learnt the data:" in said
    assert "further from real ones than before" in said
    said = verdict(RECIPE, "finished", 9, 1, [], {**MEASURED, "last": 0.6})
    assert "only 33.3% of the way" in said
    assert "has not learnt the data yet:" in said
    said = verdict(RECIPE, "finished", 9, 1, [], {**MEASURED, "last": math.nan})
    assert "not a number" in said
    assert "of the way" not in verdict(RECIPE, "finished", 9, 1, [], {"first": None, "last": 0.1, "floor": None})


def test_samples_that_are_like_no_single_example_do_not_sound_like_success() -> None:
    said = verdict(RECIPE, "finished", 9, 1, [], {**MEASURED, "precision": 0.002})
    assert "at risk" in said
    assert "only 0.2% of them lie among real examples" in said
    said = verdict(RECIPE, "finished", 9, 1, [], {**MEASURED, "precision": 0.9})
    assert "healthy" in said
    assert "90% of them lie among real examples" in said


@pytest.mark.parametrize("findings", [[], [Finding("DATA402", "warning", 0, "Too few.")]])
def test_few_samples_among_real_ones_are_a_reserve_about_health(findings: list[Finding]) -> None:
    said = verdict(RECIPE, "finished", 9, 1, findings, {**MEASURED, "precision": 0.28})
    assert re.search(r"; healthy, [^.;]*a reserve: only 28% of its samples lie among real examples", said)
    assert "96.8% of the way" in said
    assert said.count("28%") == 1
    assert "reserve" not in verdict(RECIPE, "finished", 9, 1, findings, {**MEASURED, "precision": 0.5})
    # Where a warning says that something is wrong, it is told beside how near the samples came.
    said = verdict(RECIPE, "finished", 9, 1, [WARNING], {**MEASURED, "precision": 0.28})
    assert "reserve" not in said
    assert "28% of them lie among real examples" in said


@pytest.mark.parametrize(
    ("seconds", "words"), [(0.04, "under 0.1 s"), (9.4, "9.4 s"), (42, "42 s"), (3661, "1 h 1 min")]
)
def test_durations(seconds: float, words: str) -> None:
    assert f"in {words};" in verdict(RECIPE, "finished", 1, seconds, [], {})


def test_warnings_are_named_and_failures_come_first() -> None:
    assert verdict(RECIPE, "finished", 9, 1, [WARNING], {}).endswith("; at risk. GAN103: Modes are missing.")
    other = Finding("NUM303", "warning", 8, "Units are dead.")
    assert "Modes are missing. (and 1 more)" in verdict(RECIPE, "finished", 9, 1, [WARNING, other], {})
    over = Finding("GAN103", "warning", 9, "No longer so.", state="closed")
    said = verdict(RECIPE, "finished", 9, 1, [WARNING, over], {})
    assert "healthy: no failure and no warning stands (GAN103 is over)." in said
    note = Finding("VAE201", "info", 9, "A unit is unused.")
    said = verdict(RECIPE, "finished", 9, 1, [WARNING, over, note], {})
    assert "(GAN103 is over; worth knowing: VAE201)" in said
    data = Finding("DATA402", "warning", 0, "Too few.")
    assert "healthy, with a WARNING on the data. DATA402" in verdict(RECIPE, "finished", 9, 1, [data], {})
    said = verdict(RECIPE, "failed", 9, 1, [WARNING, FAILURE], MEASURED)
    assert said.endswith("FAILED. NUM301: d/loss became nan.")


@pytest.mark.parametrize(
    ("findings", "words"),
    [
        ([], "healthy after 2 cures (GAN101): none of the rules for such a model found anything since."),
        ([WARNING], "at risk after 2 cures (GAN101). GAN103"),
        ([FAILURE], "FAILED after 2 cures (GAN101). NUM301"),
        ([Finding("DATA402", "warning", 0, "Few.")], "healthy after 2 cures (GAN101), with a WARNING on the data."),
    ],
)
def test_cures_are_told(findings: list[Finding], words: str) -> None:
    assert f"; {words}" in verdict(RECIPE, "finished", 9, 1, findings, {}, cures=["GAN101", "GAN101"])
    assert "after 1 cure (GAN103)" in verdict(RECIPE, "finished", 9, 1, findings, {}, cures=["GAN103"])


def test_an_interruption_says_where_the_checkpoint_is() -> None:
    assert "of 2,000, interrupted; a checkpoint was written." in verdict(RECIPE, "interrupted", 9, 1, [], {}, saved=9)
    assert "the newest checkpoint is of step 5." in verdict(RECIPE, "interrupted", 9, 1, [], {}, saved=5)
    assert "no checkpoint" in verdict(RECIPE, "interrupted", 9, 1, [], {}, saved=None)


@pytest.mark.usefixtures("plain")
def test_the_summary_has_the_facts(tmp_path: Path) -> None:
    session = started(recipe("gan", steps=10), tmp_path / "run")
    session.run()
    summary = RunFolder(tmp_path / "run").read_summary()
    assert summary["state"] in ("finished", "failed")
    assert summary["step"] == 10
    assert summary["players"] == session.model.parameter_counts()
    assert summary["data"]["examples"] == len(session.dataset)
    assert re.fullmatch(r"\d+\.\d+.*", summary["versions"]["torch"])
    assert summary["model"] == {
        "family": "gan",
        "latent": 2,
        "objective": "non-saturating",
        "networks": {"generator": "mlp", "discriminator": "mlp"},
    }
