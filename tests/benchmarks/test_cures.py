"""Remedies are measured as documented: by injected failure, against healthy seeds, on runs with an applied remedy."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest

from tests.benchmarks import program

BENCHMARK = Path(__file__).parents[2] / "benchmarks" / "cures.py"
WRITTEN = (BENCHMARK.with_name("RESULTS.md"), BENCHMARK.parents[1] / "docs" / "cures.md")


def test_the_effect_of_a_remedy_depends_on_the_injected_failure() -> None:
    from failures.kinds import HEALTHY, INJECTED, KINDS
    from failures.remedy_runs import GROUPS, group_of

    assert all(group_of(kind) is None for kind in HEALTHY)
    assert {group_of(kind) for kind in INJECTED} == {*GROUPS, None}
    for name, group in {
        "stalled-digits": "settings",
        "dead-ring": "settings",
        "few-mnist": "data",
        "flipped-kl-moons": "code",
        "memory-digits": "code",
        "past-ring": "disturbance",
        "leak-digits": None,
    }.items():
        assert group_of(KINDS[name]) == group, name
    settings = [kind for kind in INJECTED if group_of(kind) == "settings"]
    assert {kind.on.half for kind in settings} == {"calibration", "reporting"}


@pytest.mark.slow
def test_the_control_keeps_what_is_no_failure_and_nothing_else() -> None:
    from failures.kinds import INJECTED, KINDS
    from failures.remedy_runs import control
    from failures.runs import recipe_of

    for name, base in {
        "stalled-digits": "vae-digits",
        "dead-ring": "ring-small",
        "overflow-moons": "vae-moons",
    }.items():
        assert control(KINDS[name]) == KINDS[base]
    kind = control(KINDS["g-diverges-ring"])
    assert kind.settings == {
        "model.generator.activation": "leaky_relu", "training.ema": 0.0, "training.optimiser.schedule": "constant",
    }  # fmt: skip
    assert control(KINDS["d-slow-ring"]) == control(KINDS["d-fast-ring"]) != kind
    for injected in INJECTED:
        clean = recipe_of(control(injected), 0)
        rates = (clean.training.optimiser.learning_rate, clean.training.players)
        base = injected.on.settings()
        assert rates == (base.training.optimiser.learning_rate, base.training.players)


def ending(**probe: Any) -> dict[str, Any]:
    return {"looks": [{"step": 0, "finite": True, **probe}]}


def test_quality_is_held_against_the_seeds_of_the_healthy_recipe() -> None:
    from failures.recovery import Usual, final_quality

    seeds = [ending(advantage=0.1, distance=0.1 + 0.01 * at, mass=[0.5, 0.5], real_mass=[0.5, 0.5]) for at in range(11)]
    usual = Usual.of(seeds)
    assert usual.median == {"distance": pytest.approx(0.15), "modes lost": 0.0}
    assert usual.most["distance"] == pytest.approx(0.19)
    fine = {"distance": 0.164, "modes lost": 0.0}
    assert usual.within(fine)
    assert not usual.within(fine | {"distance": 0.166})
    assert usual.usual(fine | {"distance": 0.189})
    assert not usual.usual(fine | {"distance": 0.191})
    assert not usual.usual(fine | {"modes lost": 0.5})
    assert not usual.usual(final_quality({"looks": []}))


def test_a_bound_below_nothing_is_within_ten_percent_on_the_right_side() -> None:
    from failures.recovery import Usual, final_quality

    usual = Usual.of([ending(kl=1.0, bound=-20.0)] * 3)
    assert usual.within(final_quality(ending(kl=1.0, bound=-21.9)))
    assert not usual.within(final_quality(ending(kl=1.0, bound=-22.1)))
    usual = Usual.of([ending(kl=1.0, bound=20.0)] * 3)
    assert usual.within(final_quality(ending(kl=1.0, bound=18.1)))
    assert not usual.within(final_quality(ending(kl=1.0, bound=17.9)))


def test_weights_that_broke_at_the_end_are_worth_nothing() -> None:
    from failures.recovery import final_quality

    run = ending(use=[1.0], reconstruction=0.1)
    assert final_quality(run) == {"reconstruction": 0.1}
    run["looks"].append({"step": 1, "finite": False})
    assert final_quality(run) == {"reconstruction": math.inf}


def test_a_good_verdict_needs_both_of_its_parts() -> None:
    from failures.ground_truth import Truth
    from failures.kinds import KINDS
    from failures.recovery import Outcome, Usual
    from saddlepoint.records.result import CLOSE, FAR, PARTLY, Result

    def well(process: Any, result: Result) -> bool:
        usual = Usual({}, {})
        return Outcome(KINDS["dead-ring"], 0, 1.0, Truth({}, "no"), process, result, {}, usual, usual).well

    def of(level: Any) -> Result:
        return Result(level, 0.5, 100, "standardised values", ())

    assert well("no failure found", of(CLOSE))
    assert well("no failure found", of(PARTLY))
    assert not well("no failure found", of(FAR))
    assert not well("no failure found", Result.not_measured("weights are not finite"))
    assert not well("at risk", of(CLOSE))
    assert not well("failed", of(CLOSE))


def test_a_run_stored_without_a_result_is_trained_again(tmp_path: Path) -> None:
    from failures.runs import finished

    (tmp_path / "truth.json").write_text("{}", "utf-8")
    assert not finished(tmp_path)
    (tmp_path / "truth.json").write_text('{"outcome": {}}', "utf-8")
    assert finished(tmp_path)


@pytest.mark.slow
def test_quick_runs_from_training_to_tables_and_trains_nothing_twice(tmp_path: Path) -> None:
    before = [path.read_bytes() if path.exists() else None for path in WRITTEN]
    done = program.run("cures", "--quick", "--keep", str(tmp_path))
    assert done.returncode == 0, done.stderr
    assert "2 runs that failed by the ground truth, of 2 kinds" in done.stdout
    assert all(f"| {code} " in done.stdout for code in ("NUM301", "NUM304", "healthy recipe"))
    kept = json.loads((tmp_path / "cured" / "stalled-digits" / "0" / "cured.json").read_text("utf-8"))
    assert kept["cures"], "a run whose weights hardly move needs a remedy"
    steps = [probe["step"] for probe in kept["looks"]]
    assert steps == sorted(set(steps)), "probes that the run discarded must not be used"
    assert steps[-1] == kept["steps"]
    assert [path.read_bytes() if path.exists() else None for path in WRITTEN] == before, "--quick writes no results"
    again = program.run("cures", "--quick", "--keep", str(tmp_path))
    assert again.stdout == done.stdout
    assert again.stderr == ""


@pytest.mark.slow
def test_a_kind_that_remedies_cannot_help_is_named() -> None:
    done = program.run("cures", "--only", "toy-ring")
    assert done.returncode == 2
    assert "toy-ring" in done.stderr
