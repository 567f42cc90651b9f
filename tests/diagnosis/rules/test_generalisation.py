"""The rules of overfitting have one shape: they follow the gap, in units that do not matter."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch

from saddlepoint.data import from_array
from saddlepoint.data.settings import DataSettings
from saddlepoint.diagnosis import Diagnosis, Facts, Rule
from saddlepoint.diagnosis.rules import RULES, generalisation
from saddlepoint.diagnosis.rules.generalisation import NATS, NATS_OF_NORMAL, SHARE, overfitting_rule
from saddlepoint.models import build
from saddlepoint.models.autoregressive.settings import AutoregressiveNetworkSettings, AutoregressiveSettings
from saddlepoint.models.classical.settings import ClassicalSettings
from saddlepoint.models.flow.settings import FlowSettings
from saddlepoint.models.vae.settings import VAESettings
from saddlepoint.networks.settings import NetworkSettings
from saddlepoint.objectives.phase import Batch
from saddlepoint.records import Finding, Record

OVERFIT = tuple(rule for rule in RULES if rule.judge.__module__ == generalisation.__name__)
SHARES = [rule for rule in OVERFIT if "unexplained" in rule.needs[0]]
OF_LOSS = [rule for rule in OVERFIT if not rule.optional and rule not in SHARES]
IN_NATS = [rule for rule in OVERFIT if rule.optional]
NUMBERS = 64.0
SCALE = SHARE * NATS_OF_NORMAL * NUMBERS


def verdict(
    rule: Rule, train: list[float], held_out: list[float], error: float = 0.1, numbers: float | None = None
) -> Finding | None:
    """What the rule finds in the end."""
    names = [name.replace("_", "/", 1) for name in (*rule.needs[:3], *rule.optional)]
    diagnosis = Diagnosis(tuple(rule.traits), [rule], Facts(steps=100 * len(train)))
    for at, (own, other) in enumerate(zip(train, held_out, strict=True)):
        values = [own, other, error, *([] if numbers is None else [numbers])]
        diagnosis.watch(Record(100 * at, 0.0, dict(zip(names, values, strict=False))))
    return diagnosis.found.get(rule.code)


def test_every_family_that_reports_both_sides_has_a_rule() -> None:
    assert {trait for rule in OVERFIT for trait in rule.traits} == {
        "vae", "vq-vae", "autoencoder", "autoregressive", "flow", "diffusion", "classical"
    }  # fmt: skip
    assert OF_LOSS
    assert IN_NATS


# A gap that grows, one that neither grows nor falls back, and none.
@pytest.mark.parametrize(
    ("gap", "fall", "severity"),
    [
        (0.5, 0.2, ""),
        (1.1, 2.0, ""),
        (2.0, 0.5, "warning"),
        (2.0, 0.0, ""),
        (3.5, 0.0, "warning"),
        (4.0, 1.5, "failure"),
    ],
)
@pytest.mark.parametrize("shift", [0.0, -NUMBERS * math.log(1000.0), 1e4])
@pytest.mark.parametrize("rule", IN_NATS, ids=lambda rule: rule.code)
def test_a_log_density_is_judged_alike_in_all_units(
    rule: Rule, shift: float, gap: float, fall: float, severity: str
) -> None:
    best = shift - 40.0
    held_out = [best - 9.0, best, best - fall * SCALE, best - fall * SCALE, best - fall * SCALE]
    train = [held - 0.2 for held in held_out[:2]] + [held + gap * SCALE for held in held_out[2:]]
    found = verdict(rule, train, held_out, numbers=NUMBERS)
    assert (found.severity if found else "") == severity
    if found is not None:
        assert found.evidence.get("best_step") == (100 if fall else None)


@pytest.mark.parametrize("factor", [1e-3, 1.0, 50.0])
@pytest.mark.parametrize(
    ("gap", "rise", "found"), [(0.03, 0.03, False), (0.1, 0.04, True), (0.1, 0.0, False), (0.3, 0.0, True)]
)
@pytest.mark.parametrize("rule", OF_LOSS, ids=lambda rule: rule.code)
def test_a_loss_is_judged_by_ratios(rule: Rule, factor: float, gap: float, rise: float, found: bool) -> None:
    held_out = [factor * value for value in (1.0, 0.5, 0.5 * (1 + rise), 0.5 * (1 + rise), 0.5 * (1 + rise))]
    train = [*held_out[:2], *(value - gap * 0.5 * factor for value in held_out[2:])]
    assert (verdict(rule, train, held_out, error=0.01 * factor) is not None) == found


@pytest.mark.parametrize(
    ("train", "held_out", "found"),
    [
        ([0.1, 0.01, 0.005, 0.004, 0.003], [0.11, 0.03, 0.02, 0.018, 0.017], False),  # next to nothing is missed
        ([0.1, 0.01, 0.01, 0.01, 0.01], [0.11, 0.15, 0.15, 0.15, 0.15], True),
    ],
)
@pytest.mark.parametrize("rule", SHARES, ids=lambda rule: rule.code)
def test_shares_are_judged_by_their_difference(
    rule: Rule, train: list[float], held_out: list[float], found: bool
) -> None:
    assert (verdict(rule, [1.0, *train], [1.0, *held_out], error=0.01) is not None) == found


@pytest.mark.parametrize("rule", [*OF_LOSS, *SHARES], ids=lambda rule: rule.code)
def test_a_long_step_that_makes_training_examples_worse_too_is_no_overfitting(rule: Rule) -> None:
    held_out = [1.0, 0.5, 0.5, 0.57, 0.57, 0.57]
    for train, found in (([1.0, 0.48, 0.48, 0.5, 0.5, 0.5], False), ([1.0, 0.52, 0.52, 0.5, 0.5, 0.5], True)):
        assert (verdict(rule, train, held_out, error=0.01) is not None) == found


@pytest.mark.parametrize("rule", IN_NATS, ids=lambda rule: rule.code)
def test_log_probabilities_without_units_are_judged_by_their_size(rule: Rule) -> None:
    for size in (20.0, 200.0):
        for share, found in ((0.05, False), (0.3, True)):
            held_out = [-1.1 * size, *[-size] * 4]
            assert (verdict(rule, [-size + share * size] * 5, held_out) is not None) == found
    few = [-1.0, -1.0, -1.0, -1.0, -1.0]
    assert verdict(rule, [-1.0 + NATS] * 5, few, error=0.01) is None


def points() -> np.ndarray:
    return np.random.default_rng(3).normal(size=(60, 3)) @ np.array([[1.0, 0.5, 0.0], [0.0, 1.0, 0.3], [0.0, 0.0, 0.2]])


PERCEPTRON = NetworkSettings(network="mlp", hidden=(8,))
FAMILIES: dict[str, Any] = {
    "flow": FlowSettings(transforms=2, hidden=(8,)),
    "ar": AutoregressiveSettings(network=AutoregressiveNetworkSettings(network="made", hidden=(8,)), components=2),
    "vae": VAESettings(latent=2, likelihood="gaussian", encoder=PERCEPTRON, decoder=PERCEPTRON),
    "em": ClassicalSettings(distribution="mixture", components=6, reg_covar=1e-4),
}


@pytest.mark.parametrize("player", FAMILIES)
def test_models_of_data_in_other_units_are_judged_alike(player: str) -> None:
    if player == "flow":
        pytest.importorskip("zuko")
    reported = []
    for factor in (1.0, 1000.0):
        dataset = from_array(factor * points(), settings=DataSettings(held_out=0.5))
        assert dataset.held_out is not None
        model = build(FAMILIES[player], dataset.event, seed=0)
        if player == "em":  # fitted, so that the gap is that of a model
            phase = model.phases[0]
            for _ in range(5):
                noise = model.noise(phase, len(dataset), 0, torch.Generator().manual_seed(0))
                phase.loss(model.players, Batch(model.model_units(dataset.x), None), noise)
        series = {
            **model.held_out_series(dataset.held_out.x, torch.Generator().manual_seed(0)),
            **model.training_series(dataset.x, torch.Generator().manual_seed(0)),
        }
        reported.append({name: float(value.double().mean()) for name, value in series.items()})
    rule = next(rule for rule in IN_NATS if rule.needs[0].startswith(f"{player}_"))
    train, held_out, error = (name.replace("_", "/", 1) for name in rule.needs[:3])
    one, other = reported
    assert one[f"{player}/density_numbers"] == other[f"{player}/density_numbers"] == 3.0
    assert other[train] - other[held_out] == pytest.approx(one[train] - one[held_out], abs=2e-3)
    assert other[error] == pytest.approx(one[error], rel=1e-3, abs=1e-4)
    shift = one[held_out] - other[held_out]
    assert shift == pytest.approx(0.0 if player == "vae" else 3 * math.log(1000.0), abs=2e-3)
    found = [
        verdict(rule, [values[train]] * 5, [values[held_out]] * 5, values[error], values[f"{player}/density_numbers"])
        for values in reported
    ]
    assert (found[0] is None) == (found[1] is None)
    assert (found[0] is not None) == (player == "em"), "six components for thirty examples"


@pytest.mark.parametrize("rule", IN_NATS, ids=lambda rule: rule.code)
def test_a_value_that_rises_quickly_has_not_fallen(rule: Rule) -> None:
    held_out = [-200.0 + 20 * at for at in range(8)]  # the median of two measurements is 10 nats behind the last
    train = [value + 2 * SCALE for value in held_out]
    assert verdict(rule, train, held_out, numbers=NUMBERS) is None


def test_a_rule_of_another_family_is_one_row() -> None:
    row = generalisation.Overfitting("TOY904", "toy", "toy", "t", "score", "the score", ("more_data",), ())
    rule = overfitting_rule(row)
    found = verdict(rule, [0.0] * 5, [-9.0] * 5, numbers=2.0)
    assert found is not None
    assert found.title == "Overfitting: the score is 0.0 nats for training and -9.0 nats for held-out examples."
    assert found.advice == "The model memorises its training examples. Use more data."
