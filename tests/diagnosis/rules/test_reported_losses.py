"""Overfitting by the losses that a loop reports: each is compared with itself, and chance is no finding."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from saddlepoint.diagnosis import Diagnosis, Facts
from saddlepoint.diagnosis.rules.reported_losses import reported_losses_part
from saddlepoint.records import Finding, Record

EPOCHS = np.arange(30)
FALLS = 0.2 + np.exp(-EPOCHS / 8)


def found(train: Sequence[float], held_out: Sequence[float], player: str = "vae") -> Finding | None:
    diagnosis = Diagnosis(("watched", "vae"), [reported_losses_part], Facts(steps=100 * len(train)))
    for epoch, (own, other) in enumerate(zip(train, held_out, strict=True)):
        values = {f"{player}/loss": float(own), f"{player}/held_out_loss": float(other)}
        diagnosis.watch(Record(100 * epoch, 0.0, values))
    return diagnosis.found.get("NUM306")


@pytest.mark.parametrize("factor", [1e-3, 1.0, 784.0])
def test_a_loss_that_rises_again_is_found_in_any_units(factor: float) -> None:
    held_out = factor * (FALLS + 0.02 * np.maximum(EPOCHS - 12, 0))
    finding = found(FALLS, held_out)
    assert finding is not None
    assert finding.evidence["best_step"] == 100 * int(held_out.argmin())


def test_a_loss_that_stands_still_far_above_is_found_where_both_began_alike() -> None:
    held_out = np.maximum(FALLS, 0.7)
    assert found(FALLS, held_out) is not None
    assert found(FALLS, 10 * held_out) is None  # other units: nothing says how far apart they are


def test_losses_that_fall_together_or_rise_together_are_no_overfitting() -> None:
    assert found(FALLS, 1.2 * FALLS) is None
    warm_up = FALLS + 0.05 * np.maximum(EPOCHS - 10, 0)  # as where the weight of the KL term grows
    assert found(warm_up, warm_up + 0.1) is None


@pytest.mark.parametrize("seed", range(5))
def test_noise_is_no_overfitting(seed: int) -> None:
    noise = np.random.default_rng(seed).normal(size=(2, 600))
    slope = np.linspace(1.0, 0.9, 600)
    assert found(slope + 0.02 * noise[0], slope + 0.1 * noise[1]) is None


def test_loops_of_our_own_have_their_own_rules() -> None:
    assert not Diagnosis(("diffusion",), [reported_losses_part]).rules
    assert not Diagnosis(("watched", "gan", "hinge"), [reported_losses_part]).rules
