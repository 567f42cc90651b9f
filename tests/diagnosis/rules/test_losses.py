"""What rules say about losses without cross-entropy: each speaks only where a score has the meaning that it needs."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import pytest

from saddlepoint.diagnosis import Diagnosis, Facts
from saddlepoint.diagnosis.rules import RULES
from saddlepoint.diagnosis.traits import OBJECTIVES, describe_losses, traits_of
from saddlepoint.objectives.adversarial.settings import LOSSES
from saddlepoint.records import Record

TICKS = 40
# Series that stay as they are in a run whose samples are bad.
BAD = {"quality/energy_distance": 0.5, "d/update_ratio": 1e-3, "g/update_ratio": 1e-3}


def codes(objective: str, series: Mapping[str, Any], settings: Mapping[str, Any] | None = None) -> set[str]:
    """The codes that are active at the end of a run with these series: constants, or functions of the tick from 0 to 39."""
    diagnosis = Diagnosis(("gan", objective), RULES, Facts(steps=100 * TICKS, settings=settings or {}))
    for tick in range(TICKS):
        values = {name: float(value(tick) if callable(value) else value) for name, value in {**BAD, **series}.items()}
        diagnosis.watch(Record(100 * tick, 0.0, values))
    return set(diagnosis.found)


@pytest.mark.parametrize("objective", LOSSES)
def test_a_loss_of_0_is_only_judged_where_0_has_a_meaning(objective: str) -> None:
    traits = OBJECTIVES[objective]
    meant = bool(traits & {"margin", "squared_error"}) or {"cross_entropy", "unpaired"} <= traits
    assert ("GAN101" in codes(objective, {"d/loss": 0.0, "g/loss": 1.0})) == meant


FROZEN_D = {"d/update_ratio": 0.0, "d/advantage": 0.0, "d/real_logit": 0.0, "d/fake_logit": 0.0, "d/loss": 2.0}
FROZEN_G = {"g/update_ratio": 0.0, "d/advantage": 0.9, "d/real_logit": 3.0, "d/fake_logit": -3.0, "d/loss": 0.0}


@pytest.mark.parametrize("objective", LOSSES)
@pytest.mark.parametrize("frozen", [FROZEN_D, FROZEN_G, {**FROZEN_D, "g/update_ratio": 0.0}])
def test_a_player_that_never_moves_is_named_as_that_whatever_the_loss(
    objective: str, frozen: Mapping[str, float]
) -> None:
    samples = {"g/coverage": 0.1, "g/diversity": 0.2, "g/loss": 1.0}
    assert codes(objective, {**samples, **frozen}) == {"NUM304"}


@pytest.mark.parametrize("objective", ["non-saturating", "hinge", "wasserstein"])
def test_a_player_that_moves_late_has_moved(objective: str) -> None:
    """A learning rate that is 0 during a warm-up is no player that never moves."""
    series = {**FROZEN_D, "d/update_ratio": lambda tick: 0.0 if tick < 20 else 1e-3, "d/advantage": 0.6}
    assert "NUM304" not in codes(objective, series)
    assert "NUM304" not in codes(objective, {"d/update_ratio": lambda tick: 1e-3 if tick < 20 else 0.0})


@pytest.mark.parametrize("objective", LOSSES)
def test_scores_run_away_only_where_the_loss_has_no_lower_bound(objective: str) -> None:
    series = {"d/real_logit": lambda tick: 10.0 * tick, "d/fake_logit": 0.0, "d/loss": -1.0, "g/loss": 1.0}
    assert ("GAN111" in codes(objective, series)) == ("unbounded" in OBJECTIVES[objective])


def test_scores_that_are_far_apart_and_stay_there_do_not_run_away() -> None:
    assert "GAN111" not in codes("wasserstein", {"d/real_logit": 100.0, "d/fake_logit": 0.0})


def test_far_samples_are_no_steep_critic() -> None:
    """A penalised critic measures a distance, which may be large and grow."""
    series = {"d/real_logit": lambda tick: 10.0 * tick, "d/fake_logit": 0.0, "d/gradient_penalty_slope": 1.0}
    assert "GAN111" not in codes("wasserstein", series)


@pytest.mark.parametrize("name", ["gradient_penalty", "dragan"])
@pytest.mark.parametrize(
    ("slope", "sides", "target", "found"),
    [
        (1.0, 2, 1.0, False),
        (4.0, 2, 1.0, True),
        (0.2, 2, 1.0, True),
        (0.2, 1, 1.0, False),
        (4.0, 2, 4.0, False),
        (9.0, 2, 0.0, False),
    ],
)
def test_a_slope_is_compared_with_the_target_of_its_penalty(
    name: str, slope: float, sides: int, target: float, found: bool
) -> None:
    settings = {
        f"model.penalties.{name}.arguments": {"sides": sides, "target": target},
        f"model.penalties.{name}.weight": 10.0,
    }
    assert ("GAN112" in codes("wasserstein", {f"d/{name}_slope": slope}, settings)) == found


@pytest.mark.parametrize(("quality", "found"), [(0.5, True), (lambda tick: 0.5 if tick < 2 else 0.01, False)])
def test_a_flat_clipped_critic_is_a_failure_only_if_samples_are_bad(quality: Any, found: bool) -> None:
    series = {"d/clipped_weights": 0.5, "g/sample_gradient": 1e-7, "quality/energy_distance": quality}
    assert ("GAN113" in codes("wasserstein", series)) == found


@pytest.mark.parametrize(("leak", "cosine", "found"), [(1.0, 0.95, True), (1.0, 0.5, False), (0.1, 0.95, False)])
def test_a_leak_needs_both_the_way_and_the_direction(leak: float, cosine: float, found: bool) -> None:
    assert ("GAN114" in codes("hinge", {"g/leak": leak, "g/leak_cosine": cosine})) == found


@pytest.mark.parametrize("objective", LOSSES)
@pytest.mark.parametrize("value", [1e6, math.inf])
def test_huge_losses_are_exponentials_only_in_some_losses(objective: str, value: float) -> None:
    found = codes(objective, {"d/loss": value, "g/loss": 1.0})
    assert ("GAN115" in found) == ("exponential" in OBJECTIVES[objective])


@pytest.mark.parametrize(("weight", "found"), [(0.0, True), (0.3, False), (1.0, True)])
def test_a_balance_is_stuck_at_the_ends(weight: float, found: bool) -> None:
    assert ("GAN116" in codes("boundary-equilibrium", {"d/balance": weight})) == found


def test_ranks_do_not_show_that_a_balanced_discriminator_is_weak() -> None:
    """At BEGAN's equilibrium, samples have half of the error of real examples, and so the higher score."""
    series = {"d/advantage": -1.0}
    assert "GAN104" in codes("energy-margin", series)
    assert "GAN104" not in codes("boundary-equilibrium", series)


@pytest.mark.parametrize("objective", LOSSES)
def test_every_loss_says_how_to_read_it(objective: str) -> None:
    note = describe_losses(("gan", objective))
    assert note.endswith(".")
    assert "nats" not in note or "cross_entropy" in traits_of((objective,))


def test_terms_that_are_added_to_a_loss_are_named() -> None:
    def note(*series: str, penalised: bool = False) -> str:
        return describe_losses(("gan", "non-saturating"), series, penalised=penalised)

    plain = note("d/loss", "d/real_score")
    assert "1.39" in plain
    assert "added" not in plain
    assert "predicting codes is added to both losses," in note("d/code_fit")
    assert "predicting classes is added to both losses and the penalty" in note("d/class_accuracy", penalised=True)


def test_nothing_is_said_about_an_unknown_loss() -> None:
    assert describe_losses(("gan", "mypkg:Mine"), ["d/code_fit"]) == ""
